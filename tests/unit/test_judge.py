"""The judge: rows set aside, batches refused, and nobody reads what was refused."""

import numpy as np
import pytest

from expectations.contract import JUDGED, contract
from expectations.validate import SUITES, judge
from s3etl import catalogue
from s3etl.catalogue import Expectation, Suite
from s3etl.errors import CatalogueError, Unfit
from s3etl.observations import tidy
from sources import DATASETS, REGISTRIES, TABLES
from tests.unit.conftest import parsed
from warehouse.store import Store

GOOD = [
    ("EUR", "AT11", "2014", 1.0, None),
    ("THS", "AT11", "2014", 2.0, "b"),
    ("EUR", "EU28", "2014", 3.0, None),
    ("THS", "FRZZ", "2014", None, None),
]


def verdict_on(cells, dataset, snapshot, suites=()):
    return judge(tidy(parsed(cells), dataset, snapshot), dataset, suites, snapshot)


def test_a_good_batch_is_accepted_whole(dataset, snapshot):
    judged = verdict_on(GOOD, dataset, snapshot)
    assert judged.verdict.accepted
    assert judged.observations.num_rows == 4
    assert judged.quarantine.num_rows == 0
    assert all(j.passed for j in judged.verdict.judgements)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (("EUR", "AT12", "2014", -1.0, None), "below the declared minimum"),
        (("EUR", "QQ12", "2014", 1.0, None), "geo code"),
        (("EUR", "XA11", "2014", 1.0, None), "geo code"),
        (("EUR", "AT123", "2014", 1.0, None), "geo code"),
        (("EUR", "AT12", "2014-Q1", 1.0, None), "Periods"),
        (("EUR", "AT12", "2014", 1.0, "bk"), "Flags"),
        (("EUR", "AT12", "2014", 43500.0, "c"), "A confidential cell has no value"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason(dataset, snapshot, cell, reason):
    judged = verdict_on([*GOOD, cell], dataset, snapshot)
    assert judged.verdict.accepted
    assert judged.verdict.quarantined == 1
    assert judged.observations.num_rows == 4
    (row,) = judged.quarantine.to_pylist()
    assert (row["geo"], row["value"]) == (cell[1], cell[3])
    assert reason in row["reason"]


def test_a_row_with_two_faults_is_set_aside_once_with_both_reasons(dataset, snapshot):
    judged = verdict_on([*GOOD, ("EUR", "QQ12", "2014", -1.0, None)], dataset, snapshot)
    (row,) = judged.quarantine.to_pylist()
    assert "geo code" in row["reason"]
    assert "minimum" in row["reason"]


def many(bad, good):
    cells = [("EUR", "AT11", str(1000 + i), -1.0, None) for i in range(bad)]
    cells += [("EUR", "AT12", str(1000 + i), 1.0, None) for i in range(good)]
    return [*cells, ("THS", "AT13", "2014", 1.0, None)]


def test_quarantine_is_complete_beyond_the_200_rows_gx_lists(dataset, snapshot):
    judged = verdict_on(many(500, 600), dataset, snapshot)
    assert judged.verdict.quarantined == judged.quarantine.num_rows == 500
    assert np.all(np.array(judged.observations.column("value").to_pylist()) > 0)


def test_above_the_tolerance_the_batch_is_refused_whole(dataset, snapshot):
    judged = verdict_on(many(700, 600), dataset, snapshot)
    assert not judged.verdict.accepted
    assert judged.observations.num_rows == 0
    assert judged.verdict.reason.startswith("tiny (tiny.tsv.gz): batch refused: 700 rows")


def test_rules_that_are_each_within_the_tolerance_can_exceed_it_together(dataset, snapshot):
    strict = dataset.model_copy(update={"quarantine_tolerance": 0.4})
    cells = [("EUR", "AT11", str(2000 + i), -1.0, None) for i in range(4)]
    cells += [("EUR", f"QQ1{i}", "2014", 1.0, None) for i in range(4)]
    cells += [("THS", "AT11", str(2000 + i), 1.0, None) for i in range(4)]
    judged = verdict_on(cells, strict, snapshot)
    assert not judged.verdict.accepted
    assert "8 rows would be set aside" in judged.verdict.reason


def suite(**expectation):
    return Suite(id="s", title="s", datasets=("tiny",), expectations=(Expectation(**expectation),))


def test_a_warning_is_counted_and_changes_nothing(dataset, snapshot):
    warn = suite(
        type="expect_column_values_to_be_between",
        kwargs={"column": "value", "max_value": 2},
        severity="warning",
        why="Larger values are unusual.",
    )
    judged = verdict_on(GOOD, dataset, snapshot, [warn])
    assert judged.verdict.accepted
    assert judged.verdict.warnings == 1
    assert judged.observations.num_rows == 4
    assert judged.verdict.judgements[-1].examples == ("EUR EU28 2014: 3.0",)


def test_a_critical_table_judgement_refuses_the_batch(dataset, snapshot):
    whole = suite(
        type="expect_table_row_count_to_be_between",
        kwargs={"min_value": 100},
        severity="critical",
        why="A part of the file is not the file.",
    )
    judged = verdict_on(GOOD, dataset, snapshot, [whole])
    assert not judged.verdict.accepted
    assert "A part of the file is not the file." in judged.verdict.reason


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("expect_the_impossible", {}),
        ("expect_column_values_to_be_between", {"column": "no_such_column", "max_value": 1}),
        ("expect_column_values_to_be_between", {"colum": "value", "max_value": 1}),
    ],
)
def test_an_expectation_that_cannot_be_evaluated_is_an_error_not_a_pass(
    dataset, snapshot, kind, kwargs
):
    wrong = suite(type=kind, kwargs=kwargs, severity="warning", why="It is wrong on purpose.")
    with pytest.raises(CatalogueError, match=kind) as error:
        verdict_on(GOOD, dataset, snapshot, [wrong])
    assert "\n" not in str(error.value)


def test_every_declared_judgement_can_be_evaluated(snapshot):
    declared = catalogue.load(DATASETS, TABLES, SUITES, REGISTRIES)
    for dataset in declared.datasets.values():
        codes = [[values[0]] * 2 for values in dataset.dimensions.values()]
        cells = [
            (*c, "AT11", p, 1.0, None)
            for c, p in zip(zip(*codes, strict=True), ("2014", "2015"), strict=True)
        ]
        first = {name: (values[0],) for name, values in dataset.dimensions.items()}
        units = {first[dataset.unit_of][0]: dataset.unit(first[dataset.unit_of][0])}
        tiny = dataset.model_copy(
            update={"dimensions": first, "units": units, "frequency": dataset.frequency}
        )
        table = tidy(parsed(cells, tuple(first)), tiny, snapshot)
        judged = judge(table, tiny, declared.suites_of(dataset.id), snapshot)
        own = sum(len(s.expectations) for s in declared.suites_of(dataset.id))
        assert len(judged.verdict.judgements) == len(contract(tiny, "provider")) + own


def test_contract_judges_the_columns_it_says(dataset):
    named = set()
    for expectation in contract(dataset, "provider"):
        for key in ("column", "column_A", "column_B"):
            named |= {expectation.kwargs.get(key)} - {None}
    assert named < set(JUDGED)


def test_a_refused_batch_is_never_readable(dataset, snapshot, tmp_path):
    store = Store(tmp_path)
    judged = verdict_on(many(700, 600), dataset, snapshot)
    store.put_core("f" * 64, snapshot, *judged)
    assert store.accepted("tiny") is None
    with pytest.raises(Unfit, match="no accepted data"):
        store.observations("tiny")
    with pytest.raises(Unfit, match="batch refused"):
        store.accept("tiny", "f" * 64)
    assert not list(tmp_path.rglob("observations.parquet"))


def test_after_a_refusal_the_earlier_batch_stays_in_use(dataset, snapshot, tmp_path):
    store = Store(tmp_path)
    store.put_core("e" * 64, snapshot, *verdict_on(GOOD, dataset, snapshot))
    store.put_core("f" * 64, snapshot, *verdict_on(many(700, 600), dataset, snapshot))
    assert store.accepted("tiny").identity == "e" * 64
    assert store.observations("tiny").num_rows == 4
    assert store.observations("tiny", ["EUR"]).column("value").to_pylist() == [1.0, 3.0]
