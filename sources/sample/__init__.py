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

Beside them it has registers (:mod:`~sources.sample.registers`): two lists of cluster
organisations that overlap, strategies, schemes and practices, and answers to the StressTest
survey; all of it invented.

That is the world of 2005 to 2014, in files of its own days. Every other declared dataset is made
up from its declaration (:mod:`~sources.sample.declared`), in files of today. Which regions there
are, and what NUTS calls them in which version, is told in :mod:`~sources.sample.places`.
"""

from sources.sample.editions import (
    FIRST_UPDATE,
    REVISED_COUNTRY,
    REVISED_DATASETS,
    REVISED_UPDATE,
    REVISION,
    Edition,
    updated,
)
from sources.sample.places import COUNTRIES, EXTRA, VERSIONS, regions

HARVESTED = "2026-09-30"
"""Day the invented registers were made."""
REGISTERS = (
    "eccp",
    "organisations",
    "practices",
    "s3_priorities",
    "stresstest_answers",
    "stresstest_evidence",
    "support_schemes",
)
"""Declared registers the sample world has."""

__all__ = [
    "COUNTRIES",
    "EXTRA",
    "FIRST_UPDATE",
    "HARVESTED",
    "REGISTERS",
    "REVISED_COUNTRY",
    "REVISED_DATASETS",
    "REVISED_UPDATE",
    "REVISION",
    "VERSIONS",
    "nuts_files",
    "regions",
    "register_files",
    "updated",
    "world",
]


def nuts_files() -> dict[str, bytes]:
    """Write the invented NUTS classification as files.

    Returns:
        Bytes by file name: codes, changes, names of 2024, and a matrix for each level and pair of
        versions.
    """
    from sources.sample import nuts  # noqa: PLC0415  (numpy only when needed)

    return nuts.nuts_files()


def register_files(register: str) -> dict[str, bytes]:
    """Write an invented register as files.

    Args:
        register: One of :data:`REGISTERS`.

    Returns:
        Bytes by file name.
    """
    from sources.sample import registers  # noqa: PLC0415  (numpy only when needed)

    return registers.register_files(register)


def world(edition: Edition = "first") -> dict[str, tuple[str, bytes]]:
    """Write the sample world as files.

    Args:
        edition: ``revised`` is the same but for a late revision of one country's accounts, with
            a further year in some datasets.

    Returns:
        File name and bytes of every declared dataset, by its id.
    """
    from sources.sample.make import make  # noqa: PLC0415  (numpy only when needed)

    return make(edition)
