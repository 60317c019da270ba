"""Strategies of any level brought to NUTS 2 of 2024, and how alike two regions are.

``RV`` is a country whose regions changed in 2024, ``RS`` is one region. Read the tables as the
definition; the codes are invented.
"""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.errors import Refused
from s3etl.strategies.like import like, vectors
from s3etl.strategies.resolve import APPLIES, resolved
from s3etl.strategies.territory import SPECIFIC, applying

OWN, EARLIER, PARENT, PART, COUNTRY, NATIONAL = SPECIFIC

CODES = pa.Table.from_pylist(
    [
        {"version": version, "geo": geo, "level": len(geo) - 2}
        for version, codes in {
            "2021": "RV1 RV11 RV111 RV112 RV12 RV121 RV122 RV123 RV2 RV21 RV211 RS0 RS00 RS001",
            "2024": "RV1 RV11 RV111 RV112 RV13 RV131 RV14 RV141 RV2 RV21 RV211 RVZ RVZZ RS0 RS00",
        }.items()
        for geo in codes.split()
    ]
)
# RV12 fell into RV13 (60 people) and RV14 (40); RV14 took 10 from RV11, too.
PEOPLE = [
    ("RV11", "RV11", 90.0),
    ("RV11", "RV14", 10.0),
    ("RV12", "RV13", 60.0),
    ("RV12", "RV14", 40.0),
    ("RV21", "RV21", 50.0),
    ("RS00", "RS00", 7.0),
    ("RV111", "RV111", 30.0),
    ("RV112", "RV112", 60.0),
    ("RV112", "RV141", 10.0),
    ("RV121", "RV131", 60.0),
    ("RV122", "RV141", 40.0),
    ("RV211", "RV211", 50.0),
]
MATRICES = pa.Table.from_pylist(
    [
        {
            "level": len(old) - 2,
            "from_version": "2021",
            "to_version": "2024",
            "from_geo": old,
            "to_geo": new,
            "pop21": people,
        }
        for old, new, people in PEOPLE
    ]
)


def links(territories, version="2024"):
    found = applying(territories.split(), version, codes=CODES, matrices=MATRICES)
    return sorted(
        (f.region, f.territory, f.how, None if f.share is None else round(f.share, 3))
        for f in found
    )


@pytest.mark.parametrize(
    ("territories", "found"),
    [
        # its own goes before NUTS 1, this before NUTS 3, of which all count by their people
        (
            "RV1 RV11",
            [
                ("RV11", "RV11", OWN, 1.0),
                ("RV13", "RV1", PARENT, 1.0),
                ("RV14", "RV1", PARENT, 1.0),
            ],
        ),
        ("RV11 RV111", [("RV11", "RV11", OWN, 1.0)]),
        ("RV2 RV211", [("RV21", "RV2", PARENT, 1.0)]),
        ("RV111 RV112", [("RV11", "RV111", PART, 0.333), ("RV11", "RV112", PART, 0.667)]),
        ("RV112", [("RV11", "RV112", PART, 0.667)]),
        # a national strategy stays with a country of several regions
        ("RV RV21", [("RV", "RV", NATIONAL, None), ("RV21", "RV21", OWN, 1.0)]),
        ("RV", [("RV", "RV", NATIONAL, None)]),
        # and applies to the region of a country that is one
        ("RS", [("RS", "RS", NATIONAL, None), ("RS00", "RS", COUNTRY, 1.0)]),
        ("RS RS00", [("RS", "RS", NATIONAL, None), ("RS00", "RS00", OWN, 1.0)]),
        # extra-regio territory has none, twice is once, and what is no region is nowhere
        ("RVZ", []),
        ("RV21 RV21", [("RV21", "RV21", OWN, 1.0)]),
        ("QQ11", []),
    ],
)
def test_to_which_regions_a_strategy_applies(territories, found):
    assert links(territories) == found


@pytest.mark.parametrize(
    ("territories", "found"),
    [
        # 90 of 90 people of RV11 lived there before; of RV14 40 of 50 in RV12, which stands for it
        (
            "RV11 RV12",
            [
                ("RV11", "RV11", OWN, 1.0),
                ("RV13", "RV12", EARLIER, 1.0),
                ("RV14", "RV12", EARLIER, 0.8),
            ],
        ),
        # without RV12, RV11 still had a fifth of the people of RV14
        ("RV11", [("RV11", "RV11", OWN, 1.0), ("RV14", "RV11", EARLIER, 0.2)]),
        (
            "RV1",
            [
                ("RV11", "RV1", PARENT, 1.0),
                ("RV13", "RV1", PARENT, 1.0),
                ("RV14", "RV1", PARENT, 1.0),
            ],
        ),
        (
            "RV112 RV122",
            [
                ("RV11", "RV112", PART, 0.667),
                ("RV14", "RV112", PART, 0.2),
                ("RV14", "RV122", PART, 0.8),
            ],
        ),
        ("RV123", []),
    ],
)
def test_strategies_of_regions_of_2021_apply_where_their_people_live_today(territories, found):
    assert links(territories, "2021") == found


def priority(geo, own="1", register="r", budget=None, currency=None):
    return {
        "register": register,
        "id": own,
        "geo": geo,
        "title": f"Priority {own}",
        "period_start": 2021,
        "period_end": 2027,
        "budget": budget,
        "currency": currency,
    }


def resolve(*rows, domains=None, version="2024"):
    schema = {"budget": pa.float64(), "currency": pa.string()}
    table = pa.Table.from_pylist(list(rows))
    for name, kind in schema.items():
        table = table.set_column(
            table.schema.get_field_index(name), name, table.column(name).cast(kind)
        )
    versions = {row["register"]: version for row in rows}
    return resolved(table, domains or {}, versions, codes=CODES, matrices=MATRICES)


def weights(table):
    return {
        (r["geo"], r["strategy_geo"], r["id"]): round(r["priority_weight"], 4)
        for r in table.to_pylist()
    }


@pytest.mark.parametrize(
    ("budgets", "found"),
    [
        ([(30, "EUR"), (10, "EUR")], [0.75, 0.25]),
        ([(30, "EUR"), (10, "CZK")], [0.5, 0.5]),
        ([(30, "EUR"), (None, None)], [0.5, 0.5]),
        ([(None, None), (None, None)], [0.5, 0.5]),
        ([(0, "EUR"), (0, "EUR")], [0.5, 0.5]),
        ([(0, "EUR"), (5, "EUR")], [0.0, 1.0]),
    ],
)
def test_priorities_count_by_budget_where_all_have_one_in_one_currency_else_equally(budgets, found):
    rows = [priority("RV21", str(i), budget=b, currency=c) for i, (b, c) in enumerate(budgets)]
    assert list(weights(resolve(*rows)).values()) == found


def test_several_territories_of_a_region_count_by_their_people():
    found = weights(resolve(priority("RV111", "a"), priority("RV112", "b"), priority("RV112", "c")))
    assert found == {
        ("RV11", "RV111", "a"): 0.3333,
        ("RV11", "RV112", "b"): 0.3333,
        ("RV11", "RV112", "c"): 0.3333,
    }


def test_two_registers_of_a_region_stand_beside_each_other():
    found = resolve(priority("RV21", register="r"), priority("RV2", register="s")).to_pylist()
    assert [(r["register"], r["applies"], r["priority_weight"]) for r in found] == [
        ("r", OWN, 1.0),
        ("s", PARENT, 1.0),
    ]


def test_a_priority_without_a_domain_is_there_without_one():
    (found,) = resolve(priority("RV21")).to_pylist()
    assert (found["domain"], found["weight"], found["priority_weight"]) == (None, None, 1.0)


TERRITORIES = sorted(set(CODES.column("geo").to_pylist()) | {"RV", "RS"})
ROWS = st.builds(
    priority,
    st.sampled_from(TERRITORIES),
    st.text("abc", min_size=1, max_size=2),
    st.sampled_from("rs"),
    st.sampled_from([None, 0.0, 1.0, 7.5]),
    st.sampled_from([None, "EUR", "CZK"]),
)
SOME = st.lists(ROWS, min_size=1, max_size=8, unique_by=lambda r: (r["register"], r["id"]))
DOMAINS = ("digital", "energy", "health")


def domains_of(rows, seed):
    chosen = np.random.default_rng(seed)
    out = {}
    for row in rows:
        shares = chosen.integers(0, 3, len(DOMAINS)).astype(float)
        if shares.sum():
            out[row["register"], row["id"]] = [
                (d, s / shares.sum()) for d, s in zip(DOMAINS, shares, strict=True) if s
            ]
    return out


@given(SOME, st.integers(0, 99), st.sampled_from(["2021", "2024"]))
def test_weights_add_up_to_one_for_each_region_and_register(rows, seed, version):
    found = resolve(*rows, domains=domains_of(rows, seed), version=version)
    assert found.schema.equals(APPLIES)
    priorities, domains = {}, {}
    for r in found.to_pylist():
        key = (r["register"], r["geo"])
        priorities.setdefault(key, {})[r["strategy_geo"], r["id"]] = r["priority_weight"]
        if r["domain"]:
            part = domains.setdefault((*key, r["strategy_geo"], r["id"]), [])
            part.append(r["weight"])
    assert all(abs(sum(p.values()) - 1) < 1e-9 for p in priorities.values())
    assert all(abs(sum(w) - 1) < 1e-9 for w in domains.values())


def test_a_region_whose_strategy_has_no_domain_with_weight_has_no_vector():
    rows = [
        priority("RV21", "a", budget=0, currency="EUR"),
        priority("RV21", "b", budget=5, currency="EUR"),
    ]
    found = vectors(resolve(*rows, domains={("r", "a"): [("digital", 1.0)]}))
    assert found.regions == ()
    with pytest.raises(Refused, match="RV21"):
        like("RV21", found)


def test_how_alike_two_strategies_are():
    domains = {
        ("r", "1"): [("digital", 0.5), ("health", 0.5)],
        ("r", "2"): [("digital", 1.0)],
        ("r", "3"): [("energy", 1.0)],
    }
    rows = [priority("RV11", "1"), priority("RV2", "2"), priority("RS", "3")]
    found = like("RV11", vectors(resolve(*rows, domains=domains))).to_pylist()
    assert found == [
        {
            "strategy": "RV2",
            "regions": ["RV21"],
            "likeness": pytest.approx(0.5**0.5),
            "shared": ["digital"],
            "register": "r",
        }
    ]


def test_how_wide_priorities_are_in_the_median():
    domains = {
        ("r", "1"): [("digital", 0.5), ("health", 0.25), ("energy", 0.25)],
        ("r", "2"): [("digital", 1.0)],
        ("r", "3"): [("energy", 1.0)],
    }
    rows = [priority("RV21", "1"), priority("RV21", "2"), priority("RV11", "3")]
    found = vectors(resolve(*rows, domains=domains))
    assert found.regions == ("RV11", "RV21")
    # One record may be a whole strategy: how wide its priorities are is not known.
    np.testing.assert_array_equal(found.widths, [np.nan, 2])


def test_the_register_whose_strategy_is_the_most_specific_gives_the_vector():
    rows = [priority("RV2", "1", "a"), priority("RV21", "2", "b"), priority("RV21", "3", "c")]
    domains = {("a", "1"): [("energy", 1.0)], ("b", "2"): [("health", 1.0)]}
    domains[("c", "3")] = [("digital", 1.0)]
    found = vectors(resolve(*rows, domains=domains))
    assert (found.regions, found.registers, found.domains) == (("RV21",), ("b",), ("health",))


def test_two_regions_with_other_shares_of_the_same_strategies_stand_apart():
    rows = [
        priority("RV111", "1"),
        priority("RV112", "2"),
        priority("RV21", "3"),
        priority("RV122", "4"),
    ]
    domains = {
        ("r", o): [(d, 1.0)]
        for o, d in zip("1234", ["digital", "health", "digital", "health"], strict=True)
    }
    table = resolve(*rows, domains=domains, version="2021")
    alone = like("RV21", vectors(table)).to_pylist()
    assert [(r["strategy"], r["regions"]) for r in alone] == [("RV111 + RV112", ["RV11"])]


@given(SOME, st.integers(0, 99), st.sampled_from(["2021", "2024"]), st.randoms())
def test_likeness_is_a_share_the_same_both_ways_and_in_any_order(rows, seed, version, chance):
    domains = domains_of(rows, seed)
    found = vectors(resolve(*rows, domains=domains, version=version))
    assert np.allclose(found.weights.sum(axis=1), 1)
    likeness = {}
    for geo in found.regions:
        table = like(geo, found).to_pylist()
        order = [round(r["likeness"], 9) for r in table]
        assert order == sorted(order, reverse=True)
        for row in table:
            assert 0 < row["likeness"] <= 1
            assert row["shared"]
            likeness |= {(geo, other): row["likeness"] for other in row["regions"]}
    assert all(abs(value - likeness[b, a]) < 1e-9 for (a, b), value in likeness.items())
    mixed = list(rows)
    chance.shuffle(mixed)
    again = vectors(resolve(*mixed, domains=domains, version=version))
    assert again[:2] == found[:2]
    assert again.strategies == found.strategies
    assert np.allclose(again.weights, found.weights)
