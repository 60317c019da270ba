"""What a composite cannot be made of is refused in one sentence that names it and the remedy."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.declaration import CompositeDeclaration, load_composites
from s3etl.benchmark.prepare import Denominate, Impute, Screen, Treat
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank
from s3etl.errors import CatalogueError, S3etlError, Unfit

META = pd.DataFrame(
    {
        "iCode": ["a", "b", "c", "P", "Q", "I"],
        "Parent": ["P", "P", "Q", "I", "I", None],
        "Level": [1, 1, 1, 2, 2, 3],
        "Weight": [1.0] * 6,
        "Direction": [1, -1, 1, 1, 1, 1],
        "Type": ["Indicator"] * 3 + ["Aggregate"] * 3,
    }
)
DATA = pd.DataFrame(
    {
        "uCode": ["x", "y", "z", "w"],
        "a": [1.0, 2.0, 3.0, 5.0],
        "b": [4.0, 3.0, np.nan, 1.0],
        "c": [-1.0, 0.0, 2.0, 7.0],
        "people": [10.0, 0.0, 20.0, 30.0],
    }
)


def meta(**cells: dict[str, object]) -> pd.DataFrame:
    frame = META.set_index("iCode").astype(object)
    for column, changes in cells.items():
        for code, value in changes.items():
            frame.loc[code, column] = value
    return frame.reset_index()


def data(**columns: object) -> pd.DataFrame:
    return DATA.assign(**columns)


def build(indicators: pd.DataFrame = META, table: pd.DataFrame = DATA, *steps: object) -> Composite:
    return Composite.build(indicators, table, steps or None)


POSITIVE = {
    "geometric": "c: x scores -1, and a geometric mean needs scores above 0",
    "harmonic": "c: x scores -1, and a harmonic mean needs scores above 0",
    "generalised": "c: x scores -1, and a generalised mean needs scores above 0",
}
CASES: dict[str, tuple[Callable[[], object], type[S3etlError], str]] = {
    "an indicator without any value": (
        lambda: build(META, data(b=np.nan)),
        Unfit,
        "b: no unit has a value; fill it, or leave the indicator out",
    ),
    "a constant indicator": (
        lambda: build(META, data(b=7.0)),
        Unfit,
        "b: every unit has the same value, so it tells none from another; leave it out",
    ),
    "an indicator that is constant but for rounding": (
        lambda: build(META, data(b=[0.3, 0.1 + 0.2, 0.3, 0.3])),
        Unfit,
        "b: every unit has the same value, so it tells none from another; leave it out",
    ),
    "a constant indicator between goalposts from the data": (
        lambda: build(META, data(b=7.0), Normalise(method="goalposts"), Aggregate()),
        Unfit,
        "b: its goalposts, the percentiles 2.5 and 97.5 of the pooled years, are not two",
    ),
    "one region": (lambda: build(META, DATA[:1]), Unfit, "There is one unit in the table"),
    "no region": (lambda: build(META, DATA[:0]), Unfit, "There are no units in the table"),
    "an infinite value": (
        lambda: build(META, data(a=[1.0, np.inf, 3.0, 4.0])),
        Unfit,
        "a: the value of y is infinite; correct it, or leave the cell empty",
    ),
    "an infinite denominator": (
        lambda: build(
            META, data(people=np.inf), Denominate(by={"a": "people"}), Normalise(), Aggregate()
        ),
        Unfit,
        "a: its denominator people is infinite",
    ),
    "cells that are no numbers": (
        lambda: build(META, data(a=["1", "2", "many", "4"])),
        Unfit,
        "a: it has cells that are no numbers",
    ),
    "an indicator that has no column": (
        lambda: build(META, DATA.drop(columns="c")),
        CatalogueError,
        "The table has no column for the indicator c; add it",
    ),
    "a unit in two rows": (
        lambda: build(META, pd.concat([DATA, DATA[:1]])),
        CatalogueError,
        "x stands twice in the table; keep one row",
    ),
    "a row without a unit": (
        lambda: build(META, data(uCode=["x", None, "z", "w"])),
        CatalogueError,
        "no unit or no year",
    ),
    "a weight of zero": (
        lambda: build(meta(Weight={"b": 0.0})),
        CatalogueError,
        "b: its weight is 0; give it a number above 0, or leave the node out",
    ),
    "a weight of zero asked for later": (
        lambda: build().regenerate("aggregate", weights={"b": 0.0}),
        CatalogueError,
        "b: its weight is 0",
    ),
    "a weight that is no number": (
        lambda: build(meta(Weight={"b": "much"})),
        CatalogueError,
        "b: its weight is 'much', which is no number",
    ),
    "a weight of what does not exist": (
        lambda: build().regenerate("aggregate", weights={"nobody": 1.0}),
        CatalogueError,
        "nobody is not part of I; name one of its nodes",
    ),
    "a parent without members": (
        lambda: build(meta(Parent={"c": "P"})),
        CatalogueError,
        "Q: it has no members and does not stand at the level of the indicators; give it members",
    ),
    "a parent that is not declared": (
        lambda: build(meta(Parent={"c": "R"})),
        CatalogueError,
        "c: its parent R is not declared",
    ),
    "a cycle": (
        lambda: build(meta(Parent={"P": "Q", "Q": "P"})),
        CatalogueError,
        "parents go round in a circle; break it",
    ),
    "two indices": (
        lambda: build(meta(Parent={"Q": None})),
        CatalogueError,
        "Q and I have no parent",
    ),
    "a level that contradicts the parents": (
        lambda: build(meta(Level={"P": 3})),
        CatalogueError,
        "P: it is declared at level 3",
    ),
    "a code declared twice": (
        lambda: build(pd.concat([META, META[:1]])),
        CatalogueError,
        "a is declared twice",
    ),
    "a direction of neither": (
        lambda: build(meta(Direction={"b": 0})),
        CatalogueError,
        "b: its direction is 0; give 1 where more is better",
    ),
    "goalposts in the wrong order": (
        lambda: Normalise(method="goalposts", posts={"a": (5.0, 1.0)}),
        CatalogueError,
        "the goalposts of a, 5 and 1, are in the wrong order; give the lower one first",
    ),
    "limits in the wrong order": (
        lambda: Treat(limits={"a": (5.0, 1.0, False)}),
        CatalogueError,
        "the limits of a, 5 and 1, are in the wrong order; give the lower one first",
    ),
    "a logarithm without its limits": (
        lambda: Treat(limits={"a": (1.0, None, True)}),
        CatalogueError,
        "a needs both limits for its logarithm; give them",
    ),
    "goalposts that one indicator lacks": (
        lambda: build(
            META, DATA, Normalise(method="goalposts", posts={"a": (1.0, 5.0)}), Aggregate()
        ),
        CatalogueError,
        "b is not among the goalposts",
    ),
    "values that have no fraction of a maximum": (
        lambda: build(META, DATA, Normalise(method="fraction_of_maximum"), Aggregate()),
        Unfit,
        "c: a fraction of the maximum needs values above 0, or from 0 on where more is better",
    ),
    "a fraction of the maximum with 0 where less is better": (
        lambda: build(
            meta(Direction={"c": -1}),
            data(c=[0.0, 1.0, 2.0, 7.0]),
            *(Normalise(method="fraction_of_maximum"), Aggregate()),
        ),
        Unfit,
        "c: a fraction of the maximum needs values above 0",
    ),
    "a target no better than the worst value": (
        lambda: build(
            meta(Target={"a": 0.0, "b": 1.0, "c": 8.0}),
            *(DATA, Normalise(method="distance_to_target"), Aggregate()),
        ),
        Unfit,
        "a: its target is missing, or no better than the worst value",
    ),
    "a target no better than the worst value where less is better": (
        lambda: build(
            meta(Target={"a": 5.0, "b": 4.0, "c": 8.0}),
            *(DATA, Normalise(method="distance_to_target"), Aggregate()),
        ),
        Unfit,
        "b: its target is missing, or no better than the worst value",
    ),
    "an infinite target": (
        lambda: build(meta(Target={"a": np.inf, "b": 1.0, "c": 8.0})),
        CatalogueError,
        "a: its target is inf, which is no number; correct it",
    ),
    "a unit of reference that is the worst": (
        lambda: build(META, DATA, Normalise(method="distance_to_reference", unit="x"), Aggregate()),
        Unfit,
        "a: the value of x, the unit of reference, is missing, or no better than the worst value",
    ),
    "a unit of reference without a value": (
        lambda: build(META, DATA, Normalise(method="distance_to_reference", unit="z"), Aggregate()),
        Unfit,
        "b: the value of z, the unit of reference, is missing",
    ),
    "an infinite goalpost": (
        lambda: Normalise(method="goalposts", posts={"a": (0.0, np.inf)}),
        CatalogueError,
        "Step normalise, posts, a, 1: Input should be a finite number",
    ),
    "an infinite power": (
        lambda: Aggregate(methods="generalised", power=np.inf),
        CatalogueError,
        "Step aggregate, power: Input should be a finite number",
    ),
    "an empty weight among others": (
        lambda: build(meta(Weight={"b": np.nan})),
        CatalogueError,
        "b: its weight is empty; give it one, or leave it out",
    ),
    "an empty direction among others": (
        lambda: build(meta(Direction={"b": None, "Q": None})),
        CatalogueError,
        "b: its direction is empty; give it one, or leave it out",
    ),
    "an aggregate of which less is better": (
        lambda: build(meta(Direction={"Q": -1})),
        CatalogueError,
        "Q: it is an aggregate, in whose scores more is always better",
    ),
    "a denominator that is always 0": (
        lambda: build(
            META, data(people=0.0), Denominate(by={"a": "people"}), Normalise(), Aggregate()
        ),
        Unfit,
        "a: no unit has a value after the step denominate; leave the indicator out",
    ),
    "a denominator of words": (
        lambda: build(
            META, data(people="many"), Denominate(by={"a": "people"}), Normalise(), Aggregate()
        ),
        Unfit,
        "a: its denominator people has cells that are no numbers; correct or empty them",
    ),
    "a screen that takes the last value of an indicator": (
        lambda: build(
            META,
            data(a=[1.0, np.nan, np.nan, np.nan], b=[np.nan, 3.0, 2.0, 1.0], c=[np.nan, 1, 2, 3]),
            *(Screen(least=0.6), Normalise(), Aggregate()),
        ),
        Unfit,
        "a: no unit has a value after the step screen; leave the indicator out",
    ),
    "a constant pillar under Mazziotta-Pareto": (
        lambda: build(
            META,
            data(c=1.0),
            Normalise(method="goalposts", posts=dict.fromkeys("abc", (0.0, 9.0))),
            Aggregate(methods="mazziotta_pareto"),
        ),
        Unfit,
        "c: every unit scores the same, and Mazziotta-Pareto has no place for it",
    ),
    "members that are not correlated, for weights from a component": (
        lambda: build(
            META,
            data(a=[1.0, 1.0, 2.0, 2.0], b=[1.0, 2.0, 1.0, 2.0]),
            *(Normalise(), Aggregate(weights="pca")),
        ),
        Unfit,
        "P: two principal components explain the same, so neither gives weights; declare its",
    ),
    "a member without a part in the first component": (
        lambda: build(
            meta(Parent={"c": "P", "Q": "P"}).query("iCode != 'Q'").drop(columns="Level"),
            data(a=[1.0, 2.0, 3.0, 4.0], b=[4.0, 3.0, 2.0, 1.0], c=[1.0, 0.0, 0.0, 1.0]),
            *(Normalise(), Aggregate(weights="pca")),
        ),
        Unfit,
        "c: it has no part in the first principal component of its siblings, so its weight would",
    ),
    "the index left out": (
        lambda: build().regenerate("aggregate", without="I"),
        CatalogueError,
        "I is the index; leave out nodes below it",
    ),
    "half a year": (
        lambda: build(META, data(Time=2000.5)),
        CatalogueError,
        "The column Time has something that is no year",
    ),
    "targets that are not declared": (
        lambda: build(META, DATA, Normalise(method="distance_to_target"), Aggregate()),
        CatalogueError,
        "a is not among the targets",
    ),
    "a unit of reference that is not there": (
        lambda: build(
            META, DATA, Normalise(method="distance_to_reference", unit="EU"), Aggregate()
        ),
        CatalogueError,
        "The unit of reference 'EU' is not in the table",
    ),
    "groups that have no column": (
        lambda: build(
            META, DATA, Impute(methods=("group_mean",), group="club"), Normalise(), Aggregate()
        ),
        CatalogueError,
        "Imputation by group names the column 'club', which the table does not have",
    ),
    "parents that are not given": (
        lambda: build(META, DATA, Impute(methods=("parent",)), Normalise(), Aggregate()),
        CatalogueError,
        "give a table of parents",
    ),
    "a screen that leaves nobody to compare": (
        lambda: build(
            META, data(b=[1.0, np.nan, np.nan, np.nan]), Screen(least=1), Normalise(), Aggregate()
        ),
        Unfit,
        "Screening leaves 1 of 4 units",
    ),
    "a method that does not exist": (
        lambda: Normalise(method="best"),
        CatalogueError,
        "Step normalise, method: Input should be 'min_max'",
    ),
    "an argument that does not exist": (
        lambda: build().regenerate("treat", points=3),
        CatalogueError,
        "Step treat, points: there is no such argument; it has step, most",
    ),
    "a step that the composite does not have": (
        lambda: build().regenerate("impute", methods=("mean",)),
        CatalogueError,
        "The composite has no step 'impute'; it has treat, normalise, aggregate, rank",
    ),
    "steps in the wrong order": (
        lambda: build(META, DATA, Aggregate(), Normalise()),
        CatalogueError,
        "The step normalise comes after aggregate; put it before",
    ),
    "a step twice": (
        lambda: build(META, DATA, Treat(), Treat(), Normalise(), Aggregate()),
        CatalogueError,
        "The step treat occurs twice",
    ),
    "no aggregation": (
        lambda: build(META, DATA, Normalise(), Rank()),
        CatalogueError,
        "The composite is not aggregated",
    ),
    "directions nothing turns round": (
        lambda: build(META, DATA, Aggregate()),
        CatalogueError,
        "b: less is better, and without the step normalise nothing turns it round",
    ),
    "methods for other levels": (
        lambda: build(META, DATA, Normalise(), Aggregate(methods=("arithmetic",) * 3)),
        CatalogueError,
        "names 3 methods for 2 levels of I",
    ),
    "all members left out": (
        lambda: build().regenerate("aggregate", without=("a", "b")),
        CatalogueError,
        "P: all its members are left out; leave it out instead",
    ),
    **{
        f"values a {method} mean cannot take": (
            lambda method=method: build(
                META, DATA, Normalise(method="scaled"), Aggregate(methods=(method,))
            ),
            Unfit,
            sentence,
        )
        for method, sentence in POSITIVE.items()
    },
}


@pytest.mark.parametrize("case", CASES)
def test_one_sentence_names_it(case: str) -> None:
    make, kind, sentence = CASES[case]
    with pytest.raises(kind, match=re.escape(sentence)) as refused:
        make()
    message = str(refused.value)
    assert "\n" not in message
    assert message.endswith(".")


def test_a_declaration_is_read_strictly(tmp_path: Path) -> None:
    text = """
title: Mine
version: "1"
source: here
aggregates:
  I: {}
indicators:
  a: {parent: I}
steps:
  - {step: normalise, method: goalposts, posts: {a: [5, 1]}}
  - {step: aggregate}
"""
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(CatalogueError, match=r"mine\.yaml: Step normalise: the goalposts of a"):
        load_composites(tmp_path)
    file.write_text(text.replace("[5, 1]", "[1, 5]").replace("title", "heading"))
    with pytest.raises(CatalogueError, match="field heading: there is no such field"):
        load_composites(tmp_path)
    file.write_text(text.replace("[5, 1]", "[1, 5]"))
    mine = load_composites(tmp_path)["mine"]
    assert isinstance(mine, CompositeDeclaration)
    built = Composite.build(mine, pd.DataFrame({"a": [1.0, 3.0, 9.0]}, index=["x", "y", "z"]))
    assert built.scores["I"].to_dict() == {"x": 0.0, "y": 50.0, "z": 100.0}


def test_one_name_stands_for_a_tuple() -> None:
    assert Impute(methods="median").methods == ("median",)
    assert Aggregate(methods="harmonic", without="a").without == ("a",)


def test_a_zero_is_no_part_of_the_maximum() -> None:
    table = data(b=[4.0, 3.0, np.nan, 1.0], c=[0.0, 1.0, 2.0, 8.0])
    made = build(META, table, Normalise(method="fraction_of_maximum"), Aggregate())
    assert made.scores["Q"].tolist() == [0, 0.125, 0.25, 1]


def test_a_power_of_any_size_gives_a_score() -> None:
    made = build(META, DATA, Normalise(low=1), Aggregate(methods="generalised", power=500))
    largest = made.after("normalise")[["a", "b"]].max(axis=1)
    np.testing.assert_allclose(made.scores["P"], largest, rtol=0.01)
