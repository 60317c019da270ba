"""What cannot be varied is refused in one sentence that names it and the remedy."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from s3etl.benchmark.composite import Composite
from s3etl.benchmark.prepare import Impute, Treat
from s3etl.benchmark.robustness import monte_carlo, sobol
from s3etl.benchmark.scoring import Aggregate, Normalise, Rank
from s3etl.benchmark.uncertainty import Uncertainty, load_uncertainty
from s3etl.errors import CatalogueError, S3etlError, Unfit

META = pd.DataFrame(
    {"code": ["a", "b", "c", "P", "Q", "X"], "parent": ["P", "P", "Q", "X", "X", None]}
)
DATA = pd.DataFrame(
    {"a": [1.0, 2, 4, 9], "b": [4.0, 3, 2, 2.5], "c": [5.0, 0, 2, 7]}, index=list("wxyz")
)
NOISE = {"kind": "noise", "cv": 0.1}
CHOICE = {"kind": "choice", "step": "normalise", "among": [{"method": "rank"}]}


def composite(*before: object, data: pd.DataFrame = DATA, **means: Any) -> Composite:
    steps = (*before, Normalise(), Aggregate(**means), Rank())
    return Composite.build(META, data, steps)


def section(**factors: dict[str, Any]) -> Uncertainty:
    return Uncertainty.model_validate({"runs": 20, "seed": 1, "factors": factors})


def vary(made: Composite, **factors: dict[str, Any]) -> object:
    return monte_carlo(made, uncertainty=section(**factors))


def replay(**columns: list[Any]) -> object:
    design = pd.DataFrame({name.replace("__", "."): cells for name, cells in columns.items()})
    return monte_carlo(composite(), design=design)


CASES: dict[str, tuple[Callable[[], object], type[S3etlError], str]] = {
    "a step the composite does not have": (
        lambda: vary(composite(), f=CHOICE | {"step": "treat", "among": [{"most": 3}]}),
        CatalogueError,
        (
            "The factor f varies the step treat, which the composite does not have; it has "
            "normalise, aggregate, rank."
        ),
    ),
    "imputation draws without imputation": (
        lambda: vary(composite(), f={"kind": "imputation", "draws": 3}),
        CatalogueError,
        (
            "The factor f varies the step impute, which the composite does not have; it has "
            "normalise, aggregate, rank."
        ),
    ),
    "imputation draws where nothing is drawn": (
        lambda: vary(composite(Impute(methods=("mean",))), f={"kind": "imputation", "draws": 3}),
        CatalogueError,
        (
            "The factor f varies draws of the imputation model, and the composite imputes by mean; "
            "add the method model, or leave the factor out."
        ),
    ),
    "an argument the step does not have": (
        lambda: vary(composite(), f=CHOICE | {"among": [{"maximum": 3}]}),
        CatalogueError,
        "Step normalise, maximum: there is no such argument; it has step, method,",
    ),
    "weights of a level there is none of": (
        lambda: vary(composite(), f={"kind": "weights", "spread": 0.2, "levels": [3]}),
        CatalogueError,
        "The factor f varies the weights of level 3; the composite has weights at levels 1 to 2.",
    ),
    "an argument varied twice": (
        lambda: vary(composite(), f=CHOICE, g=CHOICE),
        CatalogueError,
        "The factor g varies normalise.method, which another factor varies, too; let one of them.",
    ),
    "conversion error of nobody knows what": (
        lambda: vary(composite(), f={"kind": "conversion", "error": 0.1}),
        CatalogueError,
        (
            "The design varies the conversion error, and nothing says which values were converted: "
            "give the table conversion, or leave the factor out."
        ),
    ),
    "noise before imputation is done": (
        lambda: monte_carlo(
            Composite.build(
                META, DATA, (Treat(), Impute(methods=("mean",)), Normalise(), Aggregate())
            ),
            uncertainty=section(f=NOISE),
        ),
        CatalogueError,
        (
            "Noise is added where nothing is imputed any more, and treat comes before; put it "
            "after the steps that prepare values."
        ),
    ),
    "noise under a geometric mean": (
        lambda: monte_carlo(
            Composite.build(
                META,
                DATA + 1,
                (
                    Normalise(method="scaled", low=0, high=10),
                    Aggregate(methods=("geometric",)),
                ),
            ),
            uncertainty=section(f={"kind": "noise", "cv": 3.0}),
        ),
        Unfit,
        (
            "Noise brings scores at level 1 to 0 or below, and a geometric mean needs scores above "
            "0; clip them when normalising."
        ),
    ),
    "a geometric mean of scores that are 0": (
        lambda: vary(
            composite(), f=CHOICE | {"step": "aggregate", "among": [{"methods": ["geometric"]}]}
        ),
        Unfit,
        (
            "a: w scores 0, and a geometric mean needs scores above 0; normalise to 1–100, clip, "
            "or take another mean."
        ),
    ),
    "no runs": (
        lambda: monte_carlo(composite(), 0),
        CatalogueError,
        "The analysis has 0 runs; ask for at least one.",
    ),
    "effects of one run": (
        lambda: sobol(composite(), 1),
        CatalogueError,
        "Sobol effects need at least 2 runs of each design, not 1.",
    ),
    "a year there is none of": (
        lambda: monte_carlo(composite(), 5, year=1999),
        CatalogueError,
        "The composite has no year 1999; it has 0 to 0.",
    ),
    "an empty design": (
        lambda: replay(noise=[]),
        CatalogueError,
        "The design has no runs; give it at least one row.",
    ),
    "a column that varies nothing": (
        lambda: replay(weights=[1]),
        CatalogueError,
        (
            "The design has the column 'weights'; columns are step.argument, weight.code, "
            "conversion, noise, without."
        ),
    ),
    "a step of a design that there is none of": (
        lambda: replay(treat__most=[1]),
        CatalogueError,
        (
            "The design varies the step treat, which the composite does not have; it has "
            "normalise, aggregate, rank."
        ),
    ),
    "the weight of a node there is none of": (
        lambda: replay(weight__d=[1.0]),
        CatalogueError,
        "d is not part of X; name one of its nodes.",
    ),
    "the weight of the index": (
        lambda: replay(weight__X=[1.0]),
        CatalogueError,
        "X is the index, which has no weight; vary its members'.",
    ),
    "a negative weight": (
        lambda: replay(weight__a=[-1.0]),
        CatalogueError,
        "The design multiplies a weight by a number below 0, or by none.",
    ),
    "a missing weight": (
        lambda: replay(weight__a=[np.nan]),
        CatalogueError,
        "The design multiplies a weight by a number below 0, or by none.",
    ),
    "the only member of a parent left out": (
        lambda: replay(without=["c"]),
        CatalogueError,
        "The design leaves out c, the only member of Q; leave Q out.",
    ),
    "nobody ranked": (
        lambda: monte_carlo(
            Composite.build(
                META,
                DATA.assign(a=[1, 2, np.nan, np.nan], b=[np.nan, np.nan, 1, 2]),
                (Normalise(), Aggregate(), Rank(pillar=1, index=1)),
            )
        ),
        Unfit,
        "Fewer than two units have a rank, so there is none to vary; see not_ranked.",
    ),
    "noise of other units": (
        lambda: monte_carlo(composite(), 5, noise=DATA.set_axis(list("abcd"))),
        CatalogueError,
        (
            "The table noise names none of the composite's units or none of its indicators; lay it "
            "out like the table the composite was built from, its units as index."
        ),
    ),
    "negative noise": (
        lambda: monte_carlo(composite(), 5, noise=-DATA),
        CatalogueError,
        "The table noise has a number below 0; a share is 0 or above.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(case: str) -> None:
    run, kind, message = CASES[case]
    with pytest.raises(kind, match="^" + re.escape(message)) as caught:
        run()
    assert "\n" not in str(caught.value)


def test_effects_need_every_score() -> None:
    """Where the weight of an indicator decides whether a pillar has a score."""
    made = composite(data=DATA.assign(a=[np.nan, 2, 4, 9]), least=0.5)
    assert made.ranks["X"].notna().all()
    wide = section(f={"kind": "weights", "spread": 0.9})
    assert monte_carlo(made, uncertainty=wide).table.loc["w", "runs"] < 20
    with pytest.raises(Unfit, match="w has no score in run"):
        sobol(made, 20, uncertainty=wide)


WRONG = {
    "factors of a kind there is none of": {"factors": {"f": {"kind": "weather"}}},
    "no factors": {"factors": {}},
    "an interval upside down": {"interval": [95, 5]},
    "groups that do not rise": {"groups": [0.5, 0.2]},
    "badges upside down": {"badges": [0.3, 0.1]},
    "a spread of all": {"factors": {"f": {"kind": "weights", "spread": 1}}},
    "a kind twice": {"factors": {"f": NOISE, "g": NOISE}},
    "a key too many": {"draws": 3},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_section(case: str) -> None:
    right = {"runs": 5, "seed": 1, "factors": {"f": NOISE}}
    Uncertainty.model_validate(right)
    with pytest.raises(ValidationError):
        Uncertainty.model_validate(right | WRONG[case])


def test_what_is_varied_by_default_fits_a_plain_composite() -> None:
    done = monte_carlo(composite(), 50)
    assert done.uncertainty == load_uncertainty()
    assert done.mean_shift > 0
