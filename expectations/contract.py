"""The contract every batch must meet, generated from its declaration.

Only what the declaration says: columns, key, periods, region codes, units, ranges, flags.
Opinions about plausible values are judgements and stand in ``suites/*.yaml``.
"""

import pyarrow as pa

from s3etl import nuts, observations, regions
from s3etl.catalogue import Dataset, Expectation
from s3etl.domains import tables as domains
from s3etl.records import Origin
from s3etl.registers.declaration import Register
from s3etl.registers.kinds import KINDS
from s3etl.stresstest import answers

PERIODS = {"A": r"^[12]\d{3}$", "Q": r"^[12]\d{3}-Q[1-4]$", "M": r"^[12]\d{3}-[01]\d$"}

JUDGED = (
    "series",
    "geo",
    "period",
    "unit",
    "value",
    "obs_flag",
    "declared_low",
    "declared_high",
    "confidential_value",
)
"""Columns an expectation may name."""


def geo_pattern(dataset: Dataset, origin: Origin) -> str:
    """Regular expression of the geo codes that may occur in a dataset of an origin."""
    places = max(dataset.levels)
    countries = "|".join(regions.countries(origin))
    return rf"^(?:(?:{countries})[0-9A-Z]{{0,{places}}}|{regions.AGGREGATE.pattern})$"


def critical(kind: str, why: str, **kwargs: object) -> Expectation:
    """Return an expectation of the contract."""
    return Expectation(type=kind, kwargs=kwargs, severity="critical", why=why)


def contract_of_table(table: str, origin: Origin) -> tuple[Expectation, ...]:
    """Return the expectations a reference table must meet; all are critical.

    Columns and key are those of its schema; every column that names a region has region codes
    of the origin's countries, every number is finite and not negative.
    """
    schema = (nuts.SCHEMAS | domains.SCHEMAS)[table]
    key = (nuts.KEYS | domains.KEYS)[table]
    countries = "|".join([*regions.countries(origin), *nuts.FORMER_COUNTRIES])
    out = [
        critical(
            "expect_table_columns_to_match_set",
            "The table has the columns of its schema.",
            column_set=schema.names,
            exact_match=True,
        ),
        critical(
            "expect_table_row_count_to_be_between",
            "A reference table without rows says nothing.",
            min_value=1,
        ),
        critical(
            "expect_compound_columns_to_be_unique",
            "The key names one row.",
            column_list=list(key),
        ),
    ]
    for field in schema:
        if field.name in key:
            out.append(
                critical(
                    "expect_column_values_to_not_be_null",
                    "The parts of the key are there.",
                    column=field.name,
                )
            )
        if field.name.endswith("geo"):
            out.append(
                critical(
                    "expect_column_values_to_match_regex",
                    "A code is a region of a country of this origin.",
                    column=field.name,
                    regex=rf"^(?:{countries})[0-9A-Z]{{0,3}}$",
                )
            )
        if pa.types.is_floating(field.type):
            out.append(
                critical(
                    "expect_column_values_to_be_between",
                    "A weight is not negative.",
                    column=field.name,
                    min_value=0,
                )
            )
    return tuple(out)


def key_of(register: Register) -> tuple[str, ...]:
    """Return the columns that name one record."""
    return {"answers": answers.KEY, "evidence": answers.EVIDENCE_KEY}.get(register.holds, ("id",))


def _unique(key: tuple[str, ...]) -> Expectation:
    why = "The key names one record."
    if len(key) == 1:
        return critical("expect_column_values_to_be_unique", why, column=key[0])
    return critical("expect_compound_columns_to_be_unique", why, column_list=list(key))


def contract_of_register(register: Register, origin: Origin) -> tuple[Expectation, ...]:
    """Return the expectations a register must meet; all are critical.

    What was found wrong while reading stands in ``problem`` and is the reason there.
    """
    out = [
        critical(
            "expect_table_row_count_to_be_between",
            "A register without records says nothing; only evidence may be missing.",
            min_value=0 if register.holds == "evidence" else 1,
        ),
        critical(
            "expect_column_values_to_be_in_set",
            "The record can be read as what it is declared to be.",
            column="problem",
            value_set=[""],
        ),
        _unique(key_of(register)),
    ]
    countries = "|".join(regions.countries(origin))
    region = "region" if register.provider == "survey" else "geo"
    if register.holds not in {"statistics", "decisions"}:  # neither names a region of its own
        out.append(
            critical(
                "expect_column_values_to_match_regex",
                "A code is a region of a country of this origin.",
                column=region,
                regex=rf"^(?:{countries})[0-9A-Z]{{0,3}}$",
            )
        )
    if register.holds == "answers":
        out += [
            critical(
                "expect_column_values_to_be_between",
                "An answer is a level of the scale; DK and NA have none.",
                column="answer",
                min_value=0,
                max_value=4,
            ),
            critical(
                "expect_column_values_to_be_in_set",
                "An answer is a level, DK or NA.",
                column="state",
                value_set=["answered", "DK", "NA"],
            ),
        ]
    numbers = KINDS[register.holds].fields if register.holds in KINDS else ()
    for field in numbers:
        if field.kind in {"count", "number"} and field.name != "value":
            out.append(
                critical(
                    "expect_column_values_to_be_between",
                    "A number of people, members or money is not negative.",
                    column=field.name,
                    min_value=0,
                )
            )
    return tuple(out)


def contract(dataset: Dataset, origin: Origin) -> tuple[Expectation, ...]:
    """Return the expectations a batch of a dataset must meet; all are critical."""
    flags = "".join(sorted(observations.KNOWN_FLAGS))
    return (
        critical(
            "expect_table_columns_to_match_set",
            "The table has the columns of the observation contract.",
            column_set=list(JUDGED),
            exact_match=True,
        ),
        critical(
            "expect_table_row_count_to_be_between",
            "A batch without rows says nothing.",
            min_value=1,
        ),
        critical(
            "expect_compound_columns_to_be_unique",
            "Series, region and period name one cell.",
            column_list=list(observations.KEY),
        ),
        critical(
            "expect_column_values_to_match_regex",
            f"Periods are those of frequency {dataset.frequency}.",
            column="period",
            regex=PERIODS[dataset.frequency],
        ),
        critical(
            "expect_column_values_to_match_regex",
            "A geo code is a region of a known country at a declared level, or an aggregate; "
            "sample data know only sample countries.",
            column="geo",
            regex=geo_pattern(dataset, origin),
        ),
        critical(
            "expect_column_values_to_be_in_set",
            "Units are the declared ones.",
            column="unit",
            value_set=list(dataset.unit_names),
        ),
        critical(
            "expect_column_values_to_match_regex",
            "Flags are the provider's known letters.",
            column="obs_flag",
            regex=f"^[{flags}{flags.upper()}]+$",
        ),
        critical(
            "expect_column_values_to_be_null",
            "A confidential cell has no value; one that has must not go further.",
            column="confidential_value",
        ),
        critical(
            "expect_column_pair_values_a_to_be_greater_than_b",
            "A value is not below the declared minimum of its unit.",
            column_A="value",
            column_B="declared_low",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
        ),
        critical(
            "expect_column_pair_values_a_to_be_greater_than_b",
            "A value is not above the declared maximum of its unit.",
            column_A="declared_high",
            column_B="value",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
        ),
    )
