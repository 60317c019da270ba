"""The invented places: five countries and their regions, coded as NUTS codes are.

No real place may go in here, and nothing of what people there do or earn.

The invented classification has six versions, named as the real ones. The regions below are those
of NUTS 2013; what other versions call them is :func:`code_in`, and nothing else differs:

* 2013: XE has new codes throughout (XE9, XE91, … become XE0, XE01, …): a recode;
* 2016: XB33 and XB34 become XB35 (a merge); XD212 moves from XD21 to XD22 as XD229, and both
  keep their codes (same code, other territory);
* 2024: XA24 becomes XA25 and XA26 (a split); a village with 0.2 % of the people of XC11 moves to
  XC12 (a small shift of a boundary).

Files use the codes of their day. The old ones (published in 2015) have NUTS 2013, but XE is in its
codes of NUTS 2010 up to 2012, and the year 2012 is there twice, under the old codes and the new.
Population by age, NEET and GDP at NUTS 3 were published anew in 2022, in NUTS 2021; in the first
two a code that merged in 2016 survives in the earliest years, beside the new one
(:data:`SURVIVORS`). All others have NUTS 2024, and a few that were never converted NUTS 2021.
"""

from dataclasses import dataclass

COUNTRIES = {
    "XA": "Arquenia",
    "XB": "Brelvonia",
    "XC": "Corvassia",
    "XD": "Dulmeria",
    "XE": "Ezquavia",
}
EXTRA = ("XAZ", "XAZZ", "XAZZZ")
"""Extra-regio of one country, at its three levels."""

# Number of NUTS 2 regions in every NUTS 1 region; XE0 is the whole country.
MAJOR = {"XA1": 5, "XA2": 4, "XA3": 4, "XA4": 4}
MAJOR |= {"XB1": 4, "XB2": 4, "XB3": 4, "XB4": 3}
MAJOR |= {"XC1": 4, "XC2": 4, "XC3": 4}
MAJOR |= {"XD1": 4, "XD2": 4, "XD3": 3}
MAJOR |= {"XE0": 5}

SIDES = ("", "North ", "East ", "South ", "West ")  # by the digit of the NUTS 1 region
FIRST_PARTS = ("Vask", "Trel", "Morv", "Quend", "Zarn", "Blisk", "Yorv", "Glonn", "Nirv", "Humb")
LAST_PARTS = ("ombra", "uvia", "ethra", "andor", "oskia", "ilune", "urrin")
SMALL_PARTS = ("Inner", "Outer", "Upper", "Lower")

VERSIONS = ("2006", "2010", "2013", "2016", "2021", "2024")
LAST_IN_OLD_CODES = 2012
"""The last year for which old files have the NUTS 2010 codes of XE, and the first for new ones."""

SURVIVORS = {"demo_r_pjanaggr3": ("XB33", 2008), "edat_lfse_22": ("XB34", 2007)}
"""The code of NUTS 2013 that a file in NUTS 2021 still has, and the last year it has it for."""

MERGED = {"XB33": ("XB35", 0), "XB34": ("XB35", 4)}
"""New code, and how far the last digit of the NUTS 3 codes shifts."""


def code_in(version: str, home: str, *, village: bool = False) -> str:
    """Return what a version calls a region, or the NUTS 3 region of an atom.

    Args:
        version: NUTS version.
        home: Code in NUTS 2013; of NUTS 3 for what was merged, split or moved.
        village: Whether it is the village that moves.
    """
    code = home
    basic, small = home[:4], home[4:]
    if version < "2013" and home.startswith("XE0"):
        code = f"XE9{home[3:]}"
    elif version >= "2016" and home == "XD212":
        code = "XD229"
    elif version >= "2016" and basic in MERGED:
        new, shift = MERGED[basic]
        code = f"{new}{int(small) + shift}" if small else new
    elif version >= "2024" and village:
        code = "XC121"
    elif version >= "2024" and basic == "XA24":
        code = f"XA25{small}" if small == "1" else f"XA26{small}"
    return code


@dataclass(frozen=True)
class Place:
    """An invented region: code, name and NUTS level (0: country)."""

    code: str
    name: str
    level: int


def regions() -> tuple[Place, ...]:
    """Return the regions of all levels in order of their codes, extra-regio among them."""
    names = COUNTRIES | dict.fromkeys(EXTRA, f"Extra-regio {COUNTRIES['XA']}")
    names |= {code: SIDES[int(code[2])] + COUNTRIES[code[:2]] for code in MAJOR}
    basic = [f"{major}{i + 1}" for major, size in MAJOR.items() for i in range(size)]
    for n, code in enumerate(basic):
        names[code] = FIRST_PARTS[n % 10] + LAST_PARTS[(n // 10 + n) % 7]
        for k, part in enumerate(SMALL_PARTS[: 2 + n % 3], 1):
            names[f"{code}{k}"] = f"{part} {names[code]}"
    return tuple(Place(code, names[code], len(code) - 2) for code in sorted(names))


CODES = [region.code for region in regions()]
BASIC = [code for code in CODES if len(code) == 4]  # NUTS 2
SMALL = [code for code in CODES if len(code) == 5]  # NUTS 3
HOME = [BASIC.index(code[:4]) for code in SMALL]  # the NUTS 2 region of each NUTS 3 region
