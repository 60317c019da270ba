"""A declared NUTS code of any level and version, carried to NUTS 2 of the analysis version.

Codes only; what became of a territory is told in :mod:`s3etl.nuts.recipes`.
"""

from collections import defaultdict
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from s3etl.nuts.recipes import EXACT, matrix_of
from s3etl.nuts.vintage import ANALYSIS, VERSIONS

COUNTRIES: Final = {"GR": "EL", "GB": "UK"}
"""NUTS codes of countries by ISO code, where they differ."""


def country_of(code: str | None) -> str:
    """Return the country code NUTS uses (EL, UK) of an ISO code."""
    plain = (code or "").strip().upper()
    return COUNTRIES.get(plain, plain)


class Carried(NamedTuple):
    """What became of a declared code.

    Attributes:
        geo: NUTS 2 code of the analysis version; None if it does not tell one.
        nuts3: The code itself if it is NUTS 3.
        version: NUTS version ``nuts3`` is of.
        recoded: Whether the code was of an older version and has another code now.
        reason: Why it tells no NUTS 2 region.
    """

    geo: str | None
    nuts3: str | None = None
    version: str | None = None
    recoded: bool = False
    reason: str = ""


class Codes:
    """The classification as far as declared codes need it.

    Args:
        codes: Table of ``s3etl.nuts.tables.CODES``.
        outlined: Codes of NUTS 2 that have outlines; statistical regions of countries outside
            NUTS stand in no list.
        matrices: Table of ``s3etl.nuts.tables.MATRICES``; without it codes of older versions
            are not carried.
    """

    def __init__(
        self, codes: pa.Table, outlined: list[str], matrices: pa.Table | None = None
    ) -> None:
        self._versions: dict[str, list[str]] = defaultdict(list)
        for geo, version in zip(
            codes.column("geo").to_pylist(), codes.column("version").to_pylist(), strict=True
        ):
            self._versions[geo].append(version)
        basic = {g for g, v in self._versions.items() if len(g) == 4 and ANALYSIS in v}
        self.basic = sorted(g for g in basic | set(outlined) if not g.endswith("ZZ"))
        self._matrices = matrices
        self._became: dict[tuple[int, str], dict[str, str]] = {}

    def within(self, code: str) -> list[str]:
        """Return the NUTS 2 regions of the analysis version in a country or NUTS 1 region."""
        return [geo for geo in self.basic if code and geo.startswith(code)]

    def carried(self, code: str, country: str) -> Carried:
        """Return what a code tells about the NUTS 2 region, within a country.

        The same code in the analysis version is taken for the same region. Else it is carried
        if its territory lies wholly (0.9995 of its people) in one region of today.
        """
        plain = code.strip().upper()
        own = country_of(plain[:2]) + plain[2:]
        if own[:2] != country:
            return Carried(None, reason=f"the declared code {plain} is of another country")
        versions = sorted(self._versions.get(own, []) or self._versions.get(plain, []))
        if ANALYSIS in versions or own in self.basic:
            return self._today(own, versions)
        if len(own) <= 3 and self.within(own):
            return self._coarse(own)
        if not versions:
            return Carried(None, reason=f"the declared code {plain} is in no NUTS version")
        return self._older(own if own in self._versions else plain, versions[-1])

    def _today(self, code: str, versions: list[str]) -> Carried:
        if len(code) == 5:
            return Carried(code[:4], code, versions[-1])
        return Carried(code) if len(code) == 4 else self._coarse(code)

    def _coarse(self, code: str) -> Carried:
        inside = self.within(code)
        if len(inside) == 1:
            return Carried(inside[0])
        what = "the country" if len(code) == 2 else f"NUTS 1 region {code}"
        return Carried(
            None, reason=f"the declared code is {what}, which has several NUTS 2 regions"
        )

    def _older(self, code: str, version: str) -> Carried:
        if self._matrices is None:
            why = f"the declared code {code} is of NUTS {version} and no matrices are at hand"
            return Carried(None, reason=why)
        if len(code) == 5 and (became := self._matrix(3, version).get(code)):
            return Carried(became[:4], became, ANALYSIS, recoded=True)
        if len(code) >= 4 and (became := self._matrix(2, version).get(code[:4])):
            return Carried(became, recoded=True)
        why = f"the declared code {code} of NUTS {version} is no single region of NUTS {ANALYSIS}"
        return Carried(None, reason=why)

    def _matrix(self, level: int, version: str) -> dict[str, str]:
        """Return the region of today each region of a version lies wholly in."""
        if (level, version) not in self._became:
            assert self._matrices is not None  # noqa: S101  (looked at by the only caller)
            known = pc.unique(self._matrices.column("from_version").cast(pa.string()))
            found: dict[str, str] = {}
            if version in known.to_pylist() and version in VERSIONS:
                m = matrix_of(self._matrices, level, version, ANALYSIS, "population")
                if m.destinations:
                    best = m.of_origin.argmax(axis=1)
                    share = m.of_origin.max(axis=1)
                    found = {
                        origin: m.destinations[at]
                        for origin, at, part in zip(m.origins, best, share, strict=True)
                        if part >= EXACT
                    }
            self._became[level, version] = found
        return self._became[level, version]
