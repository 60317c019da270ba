"""From benchmark tables to the scores of an index: who takes part, and what the rows say."""

import numpy as np
import pyarrow as pa
import pytest

from s3etl.benchmark.declaration import CompositeDeclaration
from s3etl.benchmark.index import INDEX_SCORE, build_index, score_table
from s3etl.benchmark.prepare import Impute
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank
from s3etl.catalogue import METHOD, Indicator, Method
from s3etl.declarations import read_declaration

DECLARED = CompositeDeclaration.model_validate(
    {
        "id": "tiny",
        "title": "Tiny",
        "version": "7",
        "source": "here",
        "aggregates": {
            "ECO": {"parent": "I"},
            "HUM": {"parent": "I"},
            "ENT": {"parent": "I"},
            "I": {},
        },
        "indicators": "framework",
        "least_members": 2,
        "steps": [
            Impute(methods=("previous", "parent"), longest=3),
            Normalise(method="goalposts", percentiles=(0, 100), pool=2, clip=(1, 100)),
            Aggregate(methods=("arithmetic", "geometric")),
            Rank(pillar=0.6, index=0.8, imputed=0.5),
        ],
    }
)
REGIONS = ["AA11", "AA12", "AA13", "BB11", "BB12"]


@pytest.fixture(scope="module")
def method() -> Method:
    return read_declaration(METHOD, Method)


def indicator(name: str, **changes: object) -> Indicator:
    plain = {
        "id": name,
        "title": name,
        "definition": "x",
        "unit": "x",
        "direction": "+",
        "pillar": name[:3],
        "framework": True,
        "not_computed": "in a test",
        "confidence": "verified",
        "status": "verified",
        "source": "here",
    }
    return Indicator.model_validate({**plain, **changes})


INDICATORS = {
    "ECO1": indicator("ECO1"),
    "ECO2": indicator("ECO2", direction="-"),
    "ECO3": indicator("ECO3", status="unverified"),
    "ECO4": indicator("ECO4", direction="ctx"),
    "HUM1": indicator("HUM1"),
    "HUM2": indicator("HUM2"),
    "HUM3": indicator("HUM3"),
    "ENT1": indicator("ENT1"),
}


def table(name: str, years: dict[int, list[float | None]], **cells: str) -> pa.Table:
    """Rows of a benchmark table; ``cells`` says why a region has no rank."""
    rows = [
        {
            "indicator_id": name,
            "geo": geo,
            "geo_level": "NUTS 2",
            "nuts_version": "2024",
            "ref_year": year,
            "value": value,
            "not_rankable_because": cells.get(geo),
            "conv_method": "split" if (name, geo) == ("ECO2", "BB11") else "none",
            "nace_version": None,
            "source_dataset": f"data_{name[:3]}",
            "source_updated": "2026",
            "source_hash": name,
        }
        for year, values in years.items()
        for geo, value in zip(REGIONS, values, strict=True)
    ]
    rows += [
        {**rows[0], "geo": "AA1", "geo_level": "NUTS 1", "ref_year": y, "value": 30.0}
        for y in years
    ]
    rows += [{**rows[0], "geo": "AA", "geo_level": "national", "not_rankable_because": "national"}]
    return pa.Table.from_pylist(rows)


def tables() -> dict[str, pa.Table]:
    up, down = [10.0, 20.0, 30.0, 40.0, 50.0], [50.0, 40.0, 30.0, 20.0, 10.0]
    return {
        "ECO1": table("ECO1", {2020: up, 2021: [*up[:4], None]}),
        "ECO2": table("ECO2", {2020: down, 2021: down}),
        "HUM1": table("HUM1", {2020: up, 2021: up}, AA12="set apart: of another territory"),
        "HUM2": table("HUM2", {2020: up, 2021: up}, AA12="fewer than 5 regions with a value"),
        "HUM3": table("HUM3", {2010: up}),
        "ENT1": table("ENT1", {2020: up, 2021: up}),
    }


def test_scores_of_regions(method: Method) -> None:
    index = build_index(
        DECLARED, tables(), INDICATORS, method.model_copy(update={"minimum_compared": 4})
    )
    assert index.left_out == {"HUM3": "fewer than 4 regions have a figure from 2020 on"}
    assert index.inactive == ("ENT",)
    scores = score_table(index)
    assert scores.schema.equals(INDEX_SCORE)
    frame = scores.to_pandas().set_index(["ref_year", "geo", "node"]).sort_index()
    assert set(frame.index.unique("node")) == {"ECO1", "ECO2", "HUM1", "HUM2", "ECO", "HUM", "I"}
    # Both indicators of each pillar rise from region to region: 0, 25, 50, 75, 100, cut at 1.
    now = frame.loc[2021, "value"]
    for node in ("ECO1", "ECO2", "HUM2", "ECO", "HUM", "I"):
        expected = {"AA11": 1.0, "AA13": 50.0, "BB11": 75.0, "BB12": 100.0}
        assert {geo: now[geo, node] for geo in expected} == pytest.approx(expected), node
    # What is set apart counts as missing, and here its NUTS 1 region stands in (30 scores 50).
    assert now["AA12", "HUM"] == pytest.approx((50 + 25) / 2)
    assert now["AA12", "I"] == pytest.approx(np.sqrt(25 * 37.5))
    last = frame.loc[2021].loc[:, ["imputed", "imputed_share", "coverage", "obs_status"]]
    assert last.loc[("AA12", "I")].tolist() == ["I2", 0.25, 0.75, "I"]
    assert last.loc[("BB12", "I")].tolist() == ["I1", 0.25, 1.0, "I"]
    assert last.loc[("BB11", "I")].tolist() == ["none", 0.0, 1.0, "A"]
    top = frame.xs("I", level="node").loc[2021]
    # AA12 has a value of its own for half of HUM only, less than 0.6.
    assert top["rank"].dropna().to_dict() == {"BB12": 1, "BB11": 2, "AA13": 3, "AA11": 4}
    assert top.loc["AA12", "not_rankable_because"] == (
        "50% of the weight has values enough, 80% needed"
    )
    assert top["n_compared"].dropna().unique().tolist() == [4]
    assert (top["rankable"] == top["rank"].notna()).all()
    assert top["source_dataset"].unique().tolist() == ["data_ECO; data_HUM"]
    assert top["source_hash"].unique().tolist() == ["ECO1; ECO2; HUM1; HUM2"]
    assert top["method_version"].unique().tolist() == ["7"]
    assert frame.xs("ECO1", level="node")["weight"].unique().tolist() == [0.25]
    split = frame[frame["conv_method"] != "none"]
    assert set(split["conv_method"]) == {"split"}
    assert set(split.index) == {(y, "BB11", n) for y in (2020, 2021) for n in ("ECO2", "ECO", "I")}


def test_no_index_where_no_pillar_is_active(method: Method) -> None:
    few = {name: table for name, table in tables().items() if name in {"ECO1", "HUM1"}}
    index = build_index(
        DECLARED, few, INDICATORS, method.model_copy(update={"minimum_compared": 4})
    )
    assert index.composite is None
    assert index.inactive == ("ECO", "HUM", "ENT")
    assert score_table(index).num_rows == 0
    assert build_index(DECLARED, {}, INDICATORS, method).composite is None


def test_frozen_steps_of_an_earlier_edition(method: Method) -> None:
    lenient = method.model_copy(update={"minimum_compared": 4})
    first = build_index(DECLARED, tables(), INDICATORS, lenient)
    assert first.composite is not None
    later = tables()
    later["ECO1"] = table(
        "ECO1", {2020: [10, 20, 30, 40, 50], 2021: [10, 20, 30, 40, None], 2022: [90.0] * 5}
    )
    anew, frozen = (
        build_index(DECLARED, later, INDICATORS, lenient, steps=steps)
        for steps in (None, first.composite.freeze())
    )
    before = score_table(first).to_pandas()
    keys = ["ref_year", "geo", "node"]
    for index, stays in ((anew, False), (frozen, True)):
        merged = before.merge(score_table(index).to_pandas(), on=keys, suffixes=("", "_later"))
        assert len(merged) == len(before)
        assert np.allclose(merged["value"], merged["value_later"]) == stays


def test_an_indicator_that_is_new_waits_for_new_goalposts(method: Method) -> None:
    """Scores would not compare over time if it joined between frozen ones (methodology 8)."""
    impute, normalise, *rest = DECLARED.steps
    posts = dict.fromkeys(("ECO1", "ECO2", "HUM1", "HUM9"), (10.0, 50.0))
    frozen = DECLARED.model_copy(
        update={
            "base": "old",
            "steps": (impute, type(normalise)(**{**dict(normalise), "posts": posts}), *rest),
        }
    )
    lenient = method.model_copy(update={"minimum_compared": 4})
    index = build_index(frozen, tables(), INDICATORS, lenient)
    assert index.left_out["HUM2"] == "the base old has no goalposts for it"
    assert index.left_out["HUM3"] == "the base old has no goalposts for it"
    assert "HUM" in index.inactive
    assert index.composite is not None
    assert index.composite.hierarchy.indicators == ("ECO1", "ECO2")
