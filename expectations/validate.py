"""One verdict over a batch: the adapter between our expectations and Great Expectations 1.x.

Great Expectations is imported when a batch is judged and not before: the import takes seconds
and 260 MB. Nothing is repaired here; rows are kept, set aside with a reason, or refused.
"""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contract import (
    JUDGED,
    contract,
    contract_of_register,
    contract_of_table,
    key_of,
)
from s3etl.catalogue import Dataset, Expectation, ReferenceTable, Suite
from s3etl.errors import CatalogueError
from s3etl.records import Judgement, Snapshot, Verdict
from s3etl.registers.declaration import Register

SUITES = Path(__file__).parent / "suites"
EXAMPLES = 3


class Judged(NamedTuple):
    """A verdict with the rows it leaves.

    Attributes:
        verdict: The verdict.
        observations: Rows that may be used; none if the batch is refused.
        quarantine: Rows set aside, with the column ``reason``.
    """

    verdict: Verdict
    observations: pa.Table
    quarantine: pa.Table


def judge(
    observations: pa.Table,
    dataset: Dataset | ReferenceTable | Register,
    suites: Sequence[Suite],
    snapshot: Snapshot,
) -> Judged:
    """Judge a batch.

    Rows that break a critical row expectation are set aside. The batch is refused whole if a
    critical table expectation fails or if more rows would be set aside than the dataset's
    quarantine tolerance allows; failures are counted first, so a hopeless batch is refused
    before its rows are listed.

    Args:
        observations: Table of ``s3etl.observations.SCHEMA``, a reference table, or records.
        dataset: Its declaration.
        suites: Judgements that apply beside the contract.
        snapshot: The bytes the table came from.

    Raises:
        CatalogueError: An expectation cannot be evaluated at all.
    """
    if isinstance(dataset, Dataset):
        batch = _Batch(_frame(observations, dataset))
        expectations = [*contract(dataset, snapshot.origin)]
    elif isinstance(dataset, Register):
        batch = _Batch(_records_frame(observations, dataset), private=dataset.provider == "survey")
        expectations = [*contract_of_register(dataset, snapshot.origin)]
    else:
        batch = _Batch(observations.to_pandas())
        expectations = [*contract_of_table(dataset.id, snapshot.origin)]
    expectations += [e for suite in suites for e in suite.expectations]
    allowed = int(dataset.quarantine_tolerance * observations.num_rows)
    judgements: list[Judgement] = []
    reasons: dict[int, list[str]] = defaultdict(list)
    refused = ""
    for expectation in expectations:
        counted = batch.count(expectation)
        rows: list[int] = []
        if not counted.passed and counted.scope == "row" and counted.unexpected <= allowed:
            rows = batch.rows(expectation)
        if expectation.severity == "critical" and not counted.passed:
            if rows:
                for row in rows:
                    reasons[row].append(expectation.why)
            else:
                refused = refused or _why_refused(counted, allowed)
        judgements.append(counted.model_copy(update={"examples": batch.examples(rows, counted)}))
    if not refused and len(reasons) > allowed:
        refused = f"{len(reasons)} rows would be set aside, {allowed} are allowed"
    return _outcome(observations, dataset, snapshot, judgements, reasons, refused)


def _why_refused(judgement: Judgement, allowed: int) -> str:
    if judgement.scope == "table":
        return f"{judgement.why} That does not hold for {judgement.about}"
    return (
        f"{judgement.unexpected} rows break a rule for {judgement.about} and {allowed} may be set "
        f"aside ({judgement.why})"
    )


def _outcome(
    observations: pa.Table,
    dataset: Dataset | ReferenceTable | Register,
    snapshot: Snapshot,
    judgements: Sequence[Judgement],
    reasons: Mapping[int, Sequence[str]],
    refused: str,
) -> Judged:
    if refused and isinstance(dataset, Register) and dataset.provider != "survey":
        bad = observations.filter(pc.not_equal(observations["problem"], "")).slice(0, 1)
        for row in bad.to_pylist():
            refused += f"; {row['sheet']}, row {row['row']}: {row['problem']}"
    set_aside = np.zeros(observations.num_rows, bool)
    rows = sorted(reasons)
    set_aside[rows] = True
    aside = observations.take(pa.array(rows, pa.int64()))
    told = (
        aside.column("problem").to_pylist() if "problem" in aside.column_names else [""] * len(rows)
    )
    quarantine = aside.append_column(
        "reason",
        pa.array(
            [said or " ".join(reasons[row]) for row, said in zip(rows, told, strict=True)],
            pa.string(),
        ),
    )
    verdict = Verdict(
        dataset=dataset.id,
        snapshot=snapshot.sha256,
        accepted=not refused,
        rows=observations.num_rows,
        quarantined=len(rows),
        judgements=tuple(judgements),
        reason=f"{dataset.id} ({snapshot.name}): batch refused: {refused}." if refused else "",
    )
    kept = observations.slice(0, 0) if refused else observations.filter(pa.array(~set_aside))
    return Judged(verdict, kept, quarantine)


def _frame(observations: pa.Table, dataset: Dataset) -> pd.DataFrame:
    """Return the judged columns; the index is the row number."""
    columns = [c for c in JUDGED if c in observations.column_names]
    frame: pd.DataFrame = observations.select(columns).to_pandas()
    for column, bound in (("declared_low", "low"), ("declared_high", "high")):
        values = {u: getattr(r, bound) for u, r in dataset.ranges.items()}
        categories = frame["unit"].cat.categories
        known = np.array([values.get(u) for u in categories] + [None], dtype=float)
        frame[column] = known[frame["unit"].cat.codes]
    confidential = pc.equal(observations.column("conf_status").cast(pa.string()), "C")
    frame["confidential_value"] = frame["value"].where(confidential.to_pandas())
    return frame


def _records_frame(records: pa.Table, register: Register) -> pd.DataFrame:
    """Return the columns of records that can be judged: all but lists.

    Rows that cannot be read are told apart by their number: what their key would have been must
    not take a good record with it, nor is it judged any further.
    """
    plain = [f.name for f in records.schema if not pa.types.is_list(f.type)]
    frame: pd.DataFrame = records.select(plain).to_pandas()
    unreadable = frame["problem"] != ""
    for column in frame.columns.difference(["problem", "sheet", "row"]):
        if column in key_of(register):
            frame[column] = (
                frame[column]
                .astype("object")
                .where(~unreadable, [f"row {i}" for i in range(len(frame))])
            )
        else:
            frame[column] = frame[column].where(~unreadable)
    return frame


class _Batch:
    """A frame inside an ephemeral GX context of its own.

    Args:
        frame: What is judged.
        private: Whether no row may be shown as an example.
    """

    def __init__(self, frame: pd.DataFrame, *, private: bool = False) -> None:
        self.private = private
        os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
        import great_expectations as gx  # noqa: PLC0415  (seconds and 260 MB)
        import great_expectations.expectations as classes  # noqa: PLC0415
        from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

        self.frame = frame
        self.classes = classes
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        asset = context.data_sources.add_pandas("batch").add_dataframe_asset("batch")
        definition = asset.add_batch_definition_whole_dataframe("whole")
        self.batch = definition.get_batch({"dataframe": frame})

    def _validate(self, expectation: Expectation, result_format: str) -> dict[str, Any]:
        name = "".join(part.capitalize() for part in expectation.type.split("_"))
        try:
            wanted = getattr(self.classes, name)(**expectation.kwargs)
        except (AttributeError, TypeError, ValueError) as error:
            problem = " ".join(str(error).split()).rstrip(".")
            raise CatalogueError(f"expectation {expectation.type}: {problem}.") from None
        found = self.batch.validate(wanted, result_format={"result_format": result_format})
        outcome: dict[str, Any] = found.to_json_dict()
        if problem := _exception(outcome.get("exception_info")):
            raise CatalogueError(f"expectation {expectation.type}: {problem}.")
        return outcome

    def count(self, expectation: Expectation) -> Judgement:
        """Evaluate an expectation and count what breaks it, listing no rows."""
        outcome = self._validate(expectation, "BASIC")
        result = outcome["result"]
        passed = bool(outcome["success"])
        by_row = "unexpected_count" in result
        kwargs = expectation.kwargs
        about = kwargs.get("column") or " and ".join(
            str(c)
            for c in (kwargs.get("column_list") or [kwargs.get("column_A"), kwargs.get("column_B")])
            if c
        )
        return Judgement(
            expectation=expectation.type,
            about=about or "the table",
            scope="row" if by_row else "table",
            severity=expectation.severity,
            why=expectation.why,
            passed=passed,
            unexpected=int(result["unexpected_count"]) if by_row else int(not passed),
        )

    def rows(self, expectation: Expectation) -> list[int]:
        """Return every row that breaks an expectation; ``unexpected_list`` would stop at 200."""
        result = self._validate(expectation, "COMPLETE")["result"]
        return [int(row) for row in result["unexpected_index_list"]]

    def examples(self, rows: Sequence[int], judgement: Judgement) -> tuple[str, ...]:
        """Describe a few rows for people."""
        if judgement.passed or self.private:
            return ()
        if "problem" in self.frame:
            shown = self.frame.iloc[list(rows[:EXAMPLES])]
            return tuple(f"{r.sheet}, row {r.row}" for r in shown.itertuples())
        cells = self.frame.iloc[list(rows[:EXAMPLES])].to_dict("records")
        if "series" not in self.frame:
            return tuple(" ".join(str(value) for value in c.values()) for c in cells)
        return tuple(
            f"{c['series']} {c['geo']} {c['period']}: {c['value']}"
            + (f" {c['obs_flag']}" if isinstance(c["obs_flag"], str) else "")
            for c in cells
        )


def _exception(info: Any) -> str:
    """Return the message of an exception GX caught while evaluating, or nothing."""
    if not isinstance(info, Mapping):
        return ""
    if info.get("raised_exception"):
        message = str(info.get("exception_message") or "it could not be evaluated")
        return message.splitlines()[0].rstrip(".")
    return next((found for v in info.values() if (found := _exception(v))), "")
