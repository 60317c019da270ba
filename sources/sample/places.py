"""The invented places: five countries and their regions, coded as NUTS codes are.

No real place may go in here, and nothing of what people there do or earn.
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
