"""Indicators of the registers, in small tables (methodology 4.1, 4.2)."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from s3etl.errors import CatalogueError
from s3etl.organisations.completeness import COMPLETENESS
from s3etl.organisations.enterprises import Enterprises
from s3etl.organisations.indicators import (
    CONTEXT,
    INDICATORS,
    NOT_RANKED,
    NOWHERE,
    REGISTRY,
    active_counts,
    merged,
    merged_domains,
    registry_table,
)
from s3etl.organisations.listing import DOMAINS, ORGANISATIONS
from s3etl.organisations.method import load_method
from s3etl.organisations.quality import (
    QUALITY,
    is_active,
    label_counts,
    load_quality,
    quality_of,
)

METHOD, CHOICES = load_method(), load_quality()
TODAY = date(2026, 6, 30)
FULL = "XA11"


def organisations(*rows: dict) -> pa.Table:
    """Records; what is not named is missing, the region XA11 of register eccp."""
    filled = []
    for i, row in enumerate(rows):
        base = {"register": "eccp", "id": f"{i}", "geo": FULL, "country": "XA"} | row
        base.setdefault("organisation", f"{base['register']}:{base['id']}")
        filled.append({name: base.get(name) for name in ORGANISATIONS.names})
    return pa.Table.from_pylist(filled, schema=ORGANISATIONS)


def domains(*rows: tuple) -> pa.Table:
    """Register, id, domain, weight."""
    names = ("register", "id", "domain", "weight")
    every = [dict(zip(names, row, strict=True)) | {"domain_set": "ecosystems"} for row in rows]
    return pa.Table.from_pylist(every, schema=DOMAINS)


def figures(records: pa.Table, shares: pa.Table | None = None, **given) -> dict:
    table = registry_table(
        records,
        domains() if shares is None else shares,
        METHOD,
        CHOICES,
        **({"as_of": TODAY} | given),
    )
    assert table.schema.equals(REGISTRY, check_metadata=True)
    return {(row["indicator_id"], row["geo"]): row for row in table.to_pylist()}


def firms(number: float, geo: str = FULL) -> dict[str, Enterprises]:
    return {geo: Enterprises(number, 2023, "bd_hgnace_r")}


def value(found: dict, name: str, geo: str = FULL):
    return found[name, geo]["value"]


def test_counts_per_head_and_per_enterprise() -> None:
    records = organisations(
        {"members": 40, "members_sme": 30}, {"members": 10, "members_sme": 5}, {"geo": "XA12"}
    )
    found = figures(records, population={FULL: 1_000_000, "XA12": 0.0}, enterprises=firms(10_000))
    assert value(found, "C-01") == pytest.approx(2)
    assert value(found, "C-02") == pytest.approx(5)
    assert value(found, "C-04") == pytest.approx(0.0035)
    for name in ("C-02", "C-04"):
        row = found[name, FULL]
        assert (row["denominator_dataset"], row["denominator_year"]) == ("bd_hgnace_r", 2023)
    assert found["C-01", FULL]["denominator_year"] is None
    assert value(found, "C-03") == 25
    assert found["C-01", "XA12"]["missing_because"] == "its population is not known"
    assert value(found, "C-01", "XA12") is None


def test_without_population_or_enterprises_there_is_a_reason() -> None:
    found = figures(organisations({"members": 40, "members_sme": 30}))
    told = {name: found[name, FULL]["missing_because"] for name in ("C-01", "C-02", "C-04")}
    assert told["C-01"] == "the population of regions was not given"
    assert told["C-02"] == told["C-04"] == "the enterprises of regions were not given"
    found = figures(organisations({"members": 40}), enterprises=firms(1, "XA99"))
    assert found["C-02", FULL]["missing_because"] == "its enterprises are not known"


def test_what_no_register_tells_is_never_zero() -> None:
    found = figures(organisations({}, {}), population={FULL: 1e6}, enterprises=firms(1e3))
    silent = {
        "C-02": "members",
        "C-03": "members",
        "C-04": "SME members",
        "C-05": "staff and members",
        "C-06": "labels",
        "C-07": "labels",
        "C-08": "years of foundation",
        "C-10": "domains",
        "C-11": "domains",
    }
    assert {"C-01", *silent} == set(INDICATORS)
    for name, what in silent.items():
        row = found[name, FULL]
        assert row["value"] is None
        assert row["missing_because"] == f"no register tells the {what} of its organisations"
        assert row["organisations"] == 0
        assert not row["lower_bound"]
    assert value(found, "C-01") == 2


def test_fewer_than_half_tell_too_little() -> None:
    half = figures(organisations({"members": 10}, {}))
    assert value(half, "C-03") == 10
    assert half["C-03", FULL]["organisations"] == 1
    less = figures(organisations({"members": 10}, {}, {}))
    assert value(less, "C-03") is None
    told = "fewer than 50% of its organisations tell their members"
    assert less["C-03", FULL]["missing_because"] == told
    assert less["C-03", FULL]["organisations"] == 1


def test_staff_per_members_of_those_that_tell_both() -> None:
    records = organisations(
        {"members": 100, "staff_fte": 2.0}, {"members": 300, "staff_fte": 3.0}, {"members": 9000}
    )
    assert value(figures(records), "C-05") == pytest.approx(1.25)
    none = figures(organisations({"members": 0, "staff_fte": 1.0}))["C-05", FULL]
    assert (none["value"], none["missing_because"]) == (None, "its organisations have no members")


def test_a_label_counts_until_a_year_after_its_last_day() -> None:
    until = ["2025-06-29", "2025-06-30", "2026-12-31", None, None, "2027-01-01"]
    labels = ["gold", "gold", "silver", "bronze", None, "bronze"]
    since = [None, None, None, None, None, "2026-07-01"]
    assert quality_of(labels, until, TODAY).tolist() == [0.25, 1, 0.75, 0.5, 0.25, 0.5]
    counts = label_counts(labels, until, TODAY, since=since)
    assert counts.tolist() == [False, True, True, True, False, False]
    leap = date(2024, 2, 29)
    assert label_counts(["gold"] * 2, ["2023-02-28", "2023-03-01"], leap).tolist() == [False, True]
    with pytest.raises(ValueError, match="'platinum' is no quality label"):
        quality_of(["platinum"], [None], TODAY)
    assert quality_of([], [], TODAY).shape == (0,)
    assert quality_of([None], [None], TODAY).tolist() == [0.25]


def test_active_is_confirmed_within_two_years_or_not_told() -> None:
    days = ["2024-06-29", "2024-06-30", None, "2026-07-01"]
    assert is_active(days, TODAY).tolist() == [False, True, True, True]


def test_labelled_share_is_of_active_organisations_and_the_index_of_all() -> None:
    records = organisations(
        {"quality_label": "gold", "label_until": "2026-12-31"},
        {"quality_label": "silver", "label_until": "2020-12-31"},  # long over
        {"quality_label": "bronze", "label_until": "2026-12-31", "confirmed": "2020-01-01"},
        {},
    )
    found = figures(records)
    assert value(found, "C-06") == pytest.approx(1 / 3)
    assert found["C-06", FULL]["organisations"] == 3
    assert value(found, "C-07") == pytest.approx((1 + 0.25 + 0.5 + 0.25) / 4)
    # As of an earlier day the silver label counts, too.
    assert value(figures(records, as_of=date(2021, 1, 1)), "C-06") == pytest.approx(3 / 4)
    still = figures(organisations({"quality_label": "gold", "confirmed": "2020-01-01"}))
    assert "confirmed within 24 months" in still["C-06", FULL]["missing_because"]
    assert value(still, "C-07") == 1


def test_no_label_means_none_only_in_a_register_that_tells_labels() -> None:
    records = organisations({"quality_label": "gold"}, {}, {"register": "national", "id": "a"})
    found = figures(records)
    assert value(found, "C-06") == pytest.approx(0.5)
    assert found["C-06", FULL]["organisations"] == 2
    elsewhere = organisations({"quality_label": "gold"}, {"geo": "XA12", "register": "national"})
    row = figures(elsewhere)["C-07", "XA12"]
    assert row["missing_because"] == "no register tells the labels of its organisations"


def test_age_in_years() -> None:
    records = organisations({"founded": 2006}, {"founded": 2016}, {"founded": 2017})
    assert value(figures(records), "C-08") == 10
    assert value(figures(organisations({"founded": 2030})), "C-08") is None


def test_overlap_and_reach() -> None:
    records = organisations({"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "d"})
    shares = domains(
        ("eccp", "a", "health", 0.75),
        ("eccp", "a", "digital", 0.25),
        ("eccp", "b", "health", 0.8),
        ("eccp", "b", "digital", 0.2),
        ("eccp", "c", "textiles", 1.0),
    )
    found = figures(records, shares)
    assert value(found, "C-10") == pytest.approx(5 / 3)  # 2 health, 2 digital, 1 textiles
    assert value(found, "C-11") == pytest.approx(1 / 3)
    assert found["C-11", FULL]["organisations"] == 3


def test_records_of_one_organisation_are_one() -> None:
    records = organisations(
        {"register": "zeta", "id": "z", "organisation": "eccp:e", "members": 7, "founded": 2000},
        {
            "register": "eccp",
            "id": "e",
            "organisation": "eccp:e",
            "members": 20,
            "quality_label": "bronze",
            "label_until": "2010-01-01",
        },
        {
            "register": "alpha",
            "id": "z",
            "organisation": "eccp:e",
            "founded": 1990,
            "geo": "XA12",
            "quality_label": "gold",
        },
    )
    one = merged(records, METHOD)
    assert len(one) == 1
    row = one.loc["eccp:e"]
    assert (row["members"], row["founded"], row["geo"]) == (20, 1990, FULL)
    assert (row["quality_label"], row["label_until"]) == ("bronze", "2010-01-01")
    found = figures(records, population={FULL: 1e6})
    assert value(found, "C-01") == 1
    assert value(found, "C-07") == 0.25  # the date belongs to the label of the same record
    shares = domains(("zeta", "z", "health", 1.0), ("alpha", "z", "digital", 1.0))
    kept = merged_domains(records, shares, METHOD)
    assert kept[["organisation", "domain"]].to_numpy().tolist() == [["eccp:e", "digital"]]


def test_the_order_of_records_does_not_matter() -> None:
    records = organisations(
        *(
            {"register": r, "id": f"{i}", "organisation": f"eccp:{i}", "members": 10 * k + i}
            for i in range(4)
            for k, r in enumerate(("b", "eccp", "a"))
        )
    )
    here = figures(records, enterprises=firms(100))
    turned = records.take(list(reversed(range(records.num_rows))))
    assert figures(turned, enterprises=firms(100)) == here


def told(country: str, *, low: bool) -> pa.Table:
    row = {"country": country, "register_a": "a", "register_b": "b", "n_a": 1, "n_b": 1}
    more = {"n_both": 1, "n_distinct": 1, "lower_bound": low}
    nullable = pa.schema([f.with_nullable(True) for f in COMPLETENESS])
    return pa.Table.from_pylist([row | more], schema=nullable)


def test_counts_are_lower_bounds_unless_registers_are_known_to_be_complete() -> None:
    given = {"population": {FULL: 1e6}, "enterprises": firms(1e3)}
    records = organisations({"members": 10}, {"members": 20})
    low = {name: figures(records, **given)[name, FULL]["lower_bound"] for name in INDICATORS}
    assert {name for name, flag in low.items() if flag} == {"C-01", "C-02"}  # C-04 is missing
    sure = figures(records, **given, completeness=told("XA", low=False))
    assert not sure["C-01", FULL]["lower_bound"]
    assert figures(records, **given, completeness=told("XA", low=True))["C-01", FULL]["lower_bound"]
    assert figures(records, **given, completeness=told("XB", low=False))["C-01", FULL][
        "lower_bound"
    ]
    loose = organisations({"members": 10}, {"members": 20}, {"geo": None})
    assert figures(loose, **given, completeness=told("XA", low=False))["C-01", FULL]["lower_bound"]
    part = organisations({"members": 10}, {})
    found = figures(part, **given, completeness=told("XA", low=False))
    assert (found["C-01", FULL]["lower_bound"], found["C-02", FULL]["lower_bound"]) == (False, True)


def test_only_placed_organisations_and_none_is_not_zero() -> None:
    records = organisations({}, {"geo": None})
    found = figures(records, population={FULL: 1e6, "XA12": 1e6}, regions=[FULL, "XA12"])
    assert value(found, "C-01") == 1
    for name in INDICATORS:
        row = found[name, "XA12"]
        assert (row["value"], row["missing_because"]) == (None, NOWHERE)
    nothing = organisations()
    assert figures(nothing) == {}
    assert figures(nothing, regions=[FULL])["C-01", FULL]["missing_because"] == NOWHERE


def test_nothing_is_ranked() -> None:
    for (name, _), row in figures(organisations({})).items():
        assert row["rankable"] is False
        why = CONTEXT if INDICATORS[name].direction == "ctx" else NOT_RANKED
        assert row["not_rankable_because"] == why
        assert row["register_day"] == "2026-06-30"


def test_active_organisations_of_domains() -> None:
    records = organisations(
        {"id": "a"}, {"id": "b", "confirmed": "2020-01-01"}, {"id": "c", "geo": "XA12"}
    )
    shares = domains(
        ("eccp", "a", "health", 1.0), ("eccp", "b", "digital", 1.0), ("eccp", "x", "health", 1.0)
    )
    counts = active_counts(
        records,
        shares,
        METHOD,
        CHOICES,
        as_of=TODAY,
        regions=[FULL, "XA12"],
        domain_names=["digital", "health"],
    )
    # Digital has one that is not active; of XA12 no domain is known.
    np.testing.assert_array_equal(counts, [[0, 1], [np.nan, np.nan]])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gold: 1.0", "gold: 0.3", "do not fall"),
        (", gold: 1.0", "", "no gold"),
        ("gold: 1.0", "platinum: 1.0", "weights"),
        ("least_known: 0.5", "least_known: 1.5", "least_known"),
        ("label_months: 12", "label_month: 12", "there is no such field"),
    ],
)
def test_the_declaration_is_strict(tmp_path, old: str, new: str, said: str) -> None:
    path = tmp_path / "quality.yaml"
    path.write_text(QUALITY.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogueError, match=said):
        load_quality(path)
