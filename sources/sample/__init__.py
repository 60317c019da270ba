"""The sample world: five invented countries in Eurostat's own wire formats, all of it synthetic.

No real figure, place name or part of a provider's file may go in here, and no indicator is
computed here. Every number is drawn from fixed seeds, one stream for each dataset, so that a
further dataset leaves the others as they are.

The truth comes first (:mod:`~sources.sample.economy`), in whole published units of the smallest
regions; everything larger is their sum, and GDP per head is per inhabitant on 1 January. The
dirt of real files comes after, and only hides or flags cells:

* one country has no answer in one year (labour force survey: XE 2006; business: XE 2010), and
  the newest year is partly late (business: XD; growth: XC; GDP below the country: XE, XD);
* business cells of one to three local units are confidential (``: c``), and so is a second cell
  where a single gap could be solved; XD counts sections B and F its own way (``: cd``);
* survey cells of few persons are flagged ``u`` or hidden (``: u``); breaks are ``b``, estimates
  ``e``, provisional values ``p``, other definitions ``d``, and they combine (``bu``, ``bd``);
* single cells are missing for no stated reason (``: ``); sections of industry are spared.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from s3etl.catalogue import Dataset
from s3etl.declarations import read_folder
from sources import DATASETS
from sources.sample.accounts import REVISED_COUNTRY, REVISION, gdp, population, real_growth
from sources.sample.business import business
from sources.sample.declared import declared
from sources.sample.economy import Economy
from sources.sample.nuts import nuts_files
from sources.sample.places import COUNTRIES, EXTRA, regions
from sources.sample.survey import employed, neet, training, unemployed
from sources.sample.table import Table
from sources.sample.wire import write

__all__ = [
    "COUNTRIES",
    "EXTRA",
    "FIRST_UPDATE",
    "REVISED_COUNTRY",
    "REVISED_DATASETS",
    "REVISED_UPDATE",
    "REVISION",
    "nuts_files",
    "regions",
    "world",
]

FIRST_UPDATE = datetime(2015, 3, 1, 23, tzinfo=UTC)
LATER_UPDATE = datetime(2026, 2, 20, 10, tzinfo=UTC)
REVISED_UPDATE = datetime(2015, 9, 1, 23, tzinfo=UTC)
REVISED_DATASETS = ("nama_10r_2gdp", "nama_10r_3gdp")


def world(edition: Literal["first", "revised"] = "first") -> dict[str, tuple[str, bytes]]:
    """Write the sample world as files.

    Args:
        edition: ``revised`` is the same but for a late revision of one country's GDP.

    Returns:
        File name and bytes of every declared dataset, by its id.
    """
    revised = edition == "revised"
    views: dict[str, Callable[[Economy, Dataset], Table]] = {
        "demo_r_pjanaggr3": population,
        "edat_lfse_22": neet,
        "lfst_r_lfe2emp": employed,
        "lfst_r_lfu3pers": unemployed,
        "nama_10r_2gdp": partial(gdp, revised=revised),
        "nama_10r_2gvagr": real_growth,
        "nama_10r_3gdp": partial(gdp, revised=revised),
        "sbs_r_nuts06_r2": business,
        "trng_lfse_04": training,
    }
    economy = Economy()
    files = {}
    for name, dataset in read_folder(DATASETS, Dataset).items():
        if name in views:
            # The world publishes these as they were in its own days.
            old = dataset.model_copy(update={"dimensions": dataset.layouts[-1]})
            updated = REVISED_UPDATE if revised and name in REVISED_DATASETS else FIRST_UPDATE
            files[name] = write(old, views[name](economy, old), updated)
        else:
            files[name] = write(dataset, declared(dataset), LATER_UPDATE)
    return files
