"""All files of the sample world, each from the part of it that knows the dataset.

Nothing is drawn in here.
"""

from collections.abc import Callable
from functools import partial

from s3etl.catalogue import Dataset
from s3etl.declarations import read_folder
from sources import DATASETS
from sources.sample.accounts import gdp, population, real_growth
from sources.sample.business import business
from sources.sample.declared import declared
from sources.sample.economy import Economy
from sources.sample.editions import REVISED_DATASETS, Edition, updated
from sources.sample.local_units import local_units, size_classes
from sources.sample.survey import employed, neet, training, unemployed
from sources.sample.table import Table, with_old_codes
from sources.sample.wire import write

View = Callable[[Economy, Dataset], Table]

RESTATED = ("demo_r_pjanaggr3", "edat_lfse_22", "nama_10r_3gdp")
"""What was published anew, in the codes of NUTS 2021."""


def make(edition: Edition) -> dict[str, tuple[str, bytes]]:
    """Return file name and bytes of every declared dataset, by its id."""
    revision = edition == "revised"
    views: dict[str, View] = {
        "demo_r_pjanaggr3": population,
        "edat_lfse_22": neet,
        "lfst_r_lfe2emp": employed,
        "lfst_r_lfu3pers": unemployed,
        "nama_10r_2gdp": partial(gdp, revised=revision),
        "nama_10r_2gvagr": real_growth,
        "nama_10r_3gdp": partial(gdp, revised=revision),
        "sbs_r_nuts06_r2": business,
        "trng_lfse_04": training,
    }
    modern: dict[str, View] = {"sbs_r_nuts2021": local_units, "sbs_sc_ovw": size_classes}
    economy = Economy()
    files = {}
    for name, dataset in read_folder(DATASETS, Dataset).items():
        revised = revision and name in REVISED_DATASETS
        if name in modern:
            table = modern[name](economy, dataset)
            files[name] = write(dataset, table, updated("2024", revised=False))
            continue
        if name not in views:
            files[name] = write(*declared(dataset, revised=revised))
            continue
        # The world publishes these as they were in its own days.
        old = dataset.model_copy(update={"dimensions": dataset.layouts[-1]})
        table = views[name](economy, old)
        if name in RESTATED:
            files[name] = write(old, table, updated("2021", revised=revised))
        else:
            files[name] = write(old, with_old_codes(table), updated("2013", revised=revised))
    return files
