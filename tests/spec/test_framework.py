"""The framework indicators of methodology 5.2, typed from its table, and what is declared.

Columns: id, unit, direction, confidence (✔ verified, ◐ partly verified, ○ unverified), datasets.
A word in brackets in the last column says who computes it, or would: it is declared and not
computed here. ``*`` marks a verified filter with a point open in methodology 12 or 3.1.
"""

from collections import Counter
from typing import NamedTuple

import pytest

from s3etl import catalogue, measures
from s3etl.catalogue import Dataset, Indicator
from s3etl.declarations import read_folder
from sources import DATASETS

FRAMEWORK = """
ECO01  PPS      +    ✔   nama_10r_2gdp
ECO02  %        +    ✔   nama_10r_2gvagr
ECO03  EUR      +    ◐   nama_10r_2nlp
ECO04  %        +    ◐   nama_10r_2rlp
ECO05  PPS      +    ◐   nama_10r_2hhinc
ECO06  %        +    ✔   lfst_r_lfe2emprt
ECO07  %        -    ✔   lfst_r_lfu3rt
ECO08  %act     -    ◐   lfst_r_lfu2ltu
ECO09  %GDP     ctx  ◐   nama_10r_2gfcf nama_10r_2gdp

RDI01  %GDP     +    ✔   rd_e_gerdreg
RDI02  %GDP     +    ✔   rd_e_gerdreg
RDI03  %GDP     +    ✔   rd_e_gerdreg
RDI04  %emplFTE +    ✔   rd_p_persreg
RDI05  %emplFTE +    ✔   rd_p_persreg
RDI06  %empl    +    ✔   htec_emp_reg2
RDI07  n/mio    +    ◐   ipr_ta_popr
RDI08  n/mio    n/a  ✔   (not used)
RDI09  EU=100   ctx  ✔   (scoreboard file)

HUM01  %        +    ◐   edat_lfse_04
HUM02  %        ctx  ✔   edat_lfse_04
HUM03  %        ctx  ✔   edat_lfse_04
HUM04  %        +    ✔   trng_lfse_04
HUM05  %act     +    ✔   hrst_st_rcat
HUM06  %act     +    ✔   hrst_st_rcat
HUM07  %        -    ◐   edat_lfse_16
HUM08  %        -    ◐   edat_lfse_22
HUM09  ‰        +    ◐   demo_r_gind3
HUM10  %extLF   -    ✔   lfst_r_sla_ga

IND01  %        ctx  ✔   nama_10r_3gva
IND02  %empl    +    ✔   htec_emp_reg2
IND03  %empl    +    ✔   htec_emp_reg2
IND04  %empl    +    ✔   htec_emp_reg2
IND05  %        ctx  ✔   (block B)
IND06  index    ctx  ✔   (block B)
IND07  kEUR     +    ✔*  sbs_r_nuts2021
IND08  %        +    ◐   nama_10r_2coe nama_10r_3empers
IND09  %        ctx  ✔*  sbs_r_nuts2021
IND10  z        ctx  ✔   (block B)

ENT01  %        +    ◐   bd_hgnace_r
ENT02  %        ctx  ◐   bd_hgnace_r
ENT03  %        +    ○   bd_hgnace_r
ENT04  %        +    ◐   bd_salge1_nace_r
ENT05  %        ctx  ○   lfst_r_lfe2estat
ENT06  %        +    ○   (not published yet)

DIG01  %        ctx  ◐   isoc_r_broad_h
DIG02  %        +    ✔   isoc_r_dskl_i
DIG03  %        +    ✔   isoc_r_eb_ain2
DIG04  %        +    ◐   isoc_r_cicce_usen2
DIG05  %        +    ◐   isoc_r_eb_dan2
DIG06  %        +    ◐   isoc_r_ec_eseln2
DIG07  %        +    ◐   isoc_r_eb_iipn2
DIG08  %        ctx  ◐   isoc_r_iuse_i
DIG09  %        +    ✔   lfst_r_lfe2en2

OPN01  %        ctx  ✔   tour_occ_nin2
OPN02  n/head   ctx  ◐   tran_r_avpa_nm demo_r_d2jan
OPN03  EUR/head +    ○   (CORDIS)
OPN04  n        +    ○   (partnership files)
OPN05  %GDP     +    ○   (national adapters)

INS01  index    ctx  ✔   (QoG file)
INS02  EUR/head ctx  ○   (Cohesion data)
INS03  0/1      ctx  ○   (programme documents)
"""

FILTERS = {
    "ECO01": "unit=PPS_EU27_2020_HAB",
    "ECO02": "na_item=B1GQ unit=PCH_PRE",
    "ECO03": "na_item=NLPR_HW unit=EUR",
    "ECO04": "na_item=RLPR_PER unit=I20",
    "ECO05": "direct=BAL na_item=B5N unit=PPS_EU27_2020_HAB",
    "ECO06": "sex=T age=Y20-64 unit=PC",
    "ECO07": "isced11=TOTAL sex=T age=Y15-74 unit=PC",
    "ECO08": "unit=PC_ACT sex=T age=Y15-74",
    "ECO09": "currency=MIO_EUR nace_r2=TOTAL sector=S1",
    "RDI01": "sectperf=TOTAL unit=PC_GDP",
    "RDI02": "sectperf=BES unit=PC_GDP",
    "RDI03": "sectperf=GOV+HES unit=PC_GDP",
    "RDI04": "sectperf=TOTAL prof_pos=TOTAL sex=T unit=PC_EMP_FTE",
    "RDI05": "sectperf=BES prof_pos=RSE sex=T unit=PC_EMP_FTE",
    "RDI06": "nace_r2=HTC sex=T unit=PC_EMP",
    "RDI07": "unit=P_MHAB",
    "HUM01": "sex=T isced11=ED5-8 age=Y25-34 unit=PC",
    "HUM02": "sex=T isced11=ED5-8 age=Y25-64 unit=PC",
    "HUM03": "sex=T isced11=ED0-2 age=Y25-64 unit=PC",
    "HUM04": "sex=T age=Y25-64 unit=PC",
    "HUM05": "category=HRSTC unit=PC_ACT sex=T",
    "HUM06": "category=SE unit=PC_ACT sex=T",
    "HUM07": "sex=T age=Y18-24 unit=PC",
    "HUM08": "sex=T age=Y15-29 training=NO_FE_NO_NFE wstatus=NEMP unit=PC",
    "HUM09": "indic_de=CNMIGRATRT",
    "HUM10": "unit=PC_ELF wstatus=SLACK sex=T age=Y15-74",
    "IND01": "unit=CP_MEUR nace_r2=C",
    "IND02": "nace_r2=C_HTC_MH sex=T unit=PC_EMP",
    "IND03": "nace_r2=KIS sex=T unit=PC_EMP",
    "IND04": "nace_r2=KIS_HTC sex=T unit=PC_EMP",
    "IND07": "indic_sbs=LC_EMP_LOC_TEUR",
    "IND08": "currency=MIO_EUR nace_r2=TOTAL",
    "IND09": "nace_r2=C17+C19+C20+C23+C24",
    "ENT01": "indic_sbs=ENT_BRTH_NR nace_r2=B-S_X_O_S94",
    "ENT02": "nace_r2=B-S_X_O_S94",
    "ENT03": "nace_r2=B-S_X_O_S94",
    "ENT04": "nace_r2=B-S_X_O_S94",
    "ENT05": "wstatus=SELF",
    "DIG01": "unit=PC_HH",
    "DIG02": "indic_is=I_DSK2_BAB unit=PC_IND",
    "DIG03": "indic_is=E_AI_TANY size_emp=GE10 nace_r2=C10-S951_X_K unit=PC_ENT",
    "DIG04": "indic_is=E_CC size_emp=GE10 nace_r2=C10-S951_X_K unit=PC_ENT",
    "DIG05": "indic_is=E_DA",
    "DIG06": "indic_is=E_AWSELL",
    "DIG07": "indic_is=E_BSANY",
    "DIG08": "indic_is=I_IDAY unit=PC_IND",
    "DIG09": "nace_r2=J",
    "OPN01": "c_resid=FOR unit=PC_TOT nace_r2=I551-I553",
    "OPN02": "tra_meas=PAS_CRD",
}
"""The filters of the table, those of the value, numerator or part; denominators are below."""

DENOMINATORS = {
    "ECO09": ("nama_10r_2gdp", "unit=MIO_EUR"),
    "IND01": ("nama_10r_3gva", "unit=CP_MEUR nace_r2=TOTAL"),
    "IND08": ("nama_10r_3empers", "wstatus=SAL nace_r2=TOTAL"),
    "IND09": ("sbs_r_nuts2021", "indic_sbs=EMP_LOC_NR"),
    "ENT01": ("bd_hgnace_r", "indic_sbs=ENT_NR nace_r2=B-S_X_O_S94"),
    "ENT02": ("bd_hgnace_r", "indic_sbs=ENT_NR nace_r2=B-S_X_O_S94"),
    "ENT04": ("bd_salge1_nace_r", "indic_sbs=ENT_SALGE1_NR nace_r2=B-S_X_O_S94"),
    "ENT05": ("lfst_r_lfe2estat", "wstatus=EMP"),
    "DIG09": ("lfst_r_lfe2en2", "nace_r2=TOTAL"),
    "OPN02": ("demo_r_d2jan", "sex=T age=TOTAL"),
}
"""Ratios are recomputed from these; nothing is averaged over regions."""

YEARS = {"ECO02": (0, 1, 2), "ECO04": (0, 5), "IND08": (0, 1)}
"""Three-year mean, five-year growth and yearly growth; every other figure is of one year."""

UNIT = {
    "%": "%",
    "%act": "% of active population",
    "%GDP": "% of GDP",
    "%empl": "% of employment",
    "%emplFTE": "% of employment, FTE",
    "%extLF": "% of extended labour force",
    "‰": "per 1 000 inhabitants",
    "PPS": "PPS per inhabitant",
    "EUR": "EUR per hour worked",
    "kEUR": "thousand EUR per person",
    "EUR/head": "EUR per inhabitant",
    "n": "number",
    "n/mio": "per million inhabitants",
    "n/head": "passengers per inhabitant",
    "EU=100": "EU = 100",
    "index": "index",
    "z": "standard deviations",
    "0/1": "0 or 1",
}
CONFIDENCE = {"✔": "verified", "◐": "partly verified", "○": "unverified"}


class Row(NamedTuple):
    """A row of the methodology's table."""

    id: str
    unit: str
    direction: str
    confidence: str
    open: bool
    datasets: tuple[str, ...]
    elsewhere: str


def read_rows() -> dict[str, Row]:
    rows = {}
    for line in filter(None, FRAMEWORK.splitlines()):
        name, unit, direction, mark, source = line.split(maxsplit=4)
        elsewhere = source.strip("()") if source.startswith("(") else ""
        rows[name] = Row(
            id=name,
            unit=unit,
            direction=direction,
            confidence=mark.rstrip("*"),
            open=mark.endswith("*"),
            datasets=() if elsewhere else tuple(source.split()),
            elsewhere=elsewhere,
        )
    return rows


ROWS = read_rows()
COMPUTED = [name for name, row in ROWS.items() if not row.elsewhere]


@pytest.fixture(scope="module")
def indicators() -> dict[str, Indicator]:
    return read_folder(catalogue.INDICATORS, Indicator)


@pytest.fixture(scope="module")
def datasets() -> dict[str, Dataset]:
    return read_folder(DATASETS, Dataset)


def asked(text: str) -> dict[str, tuple[str, ...]]:
    """Read ``dimension=CODE+CODE …``."""
    pairs = (pair.split("=") for pair in text.split())
    return {dimension: tuple(codes.split("+")) for dimension, codes in pairs}


def holds(role: catalogue.Role, wanted: str) -> bool:
    """Tell whether a role has the wanted codes."""
    series = {d: (c,) if isinstance(c, str) else c for d, c in role.series.items()}
    return all(series.get(d) == codes for d, codes in asked(wanted).items())


def test_the_table_has_sixty_one_rows_in_eight_pillars():
    assert len(ROWS) == 61
    assert Counter(name[:3] for name in ROWS) == {
        "ECO": 9,
        "RDI": 9,
        "HUM": 10,
        "IND": 10,
        "ENT": 6,
        "DIG": 9,
        "OPN": 5,
        "INS": 3,
    }


def test_these_and_no_others_are_the_framework(indicators):
    assert sorted(i.id for i in indicators.values() if i.framework) == sorted(ROWS)


def test_variants_stand_near_a_framework_indicator(indicators):
    for indicator in indicators.values():
        assert indicator.variant_of is None or indicator.variant_of in ROWS


@pytest.mark.parametrize("name", ROWS)
def test_declared_as_in_the_table(name, indicators):
    row, indicator = ROWS[name], indicators[name]
    assert indicator.pillar == name[:3]
    assert indicator.level == 2
    assert indicator.unit == UNIT[row.unit]
    assert indicator.confidence == CONFIDENCE[row.confidence]
    # Not used, so without a direction: context is what is never ranked.
    assert indicator.direction == ("ctx" if row.direction == "n/a" else row.direction)
    assert indicator.definition.endswith(".")
    assert indicator.source.startswith(f"Methodology 5.2, {name}")


@pytest.mark.parametrize("name", ROWS)
def test_computed_from_the_datasets_of_the_table_or_not_at_all(name, indicators):
    row, indicator = ROWS[name], indicators[name]
    assert sorted(indicator.datasets) == sorted(row.datasets)
    if row.elsewhere:
        assert indicator.measure is None
        assert indicator.not_computed.endswith(".")
    else:
        assert indicator.measure in measures.MEASURES


@pytest.mark.parametrize("name", ROWS)
def test_verified_only_where_filter_is_and_nothing_is_open(name, indicators):
    row, indicator = ROWS[name], indicators[name]
    verified = row.confidence == "✔" and not row.open and not row.elsewhere
    assert indicator.status == ("verified" if verified else "unverified")


def test_every_computed_indicator_has_its_filters_here():
    assert list(FILTERS) == COMPUTED
    assert set(DENOMINATORS) <= set(COMPUTED)


@pytest.mark.parametrize("name", COMPUTED)
def test_filters_are_those_of_the_table(name, indicators):
    roles = list(indicators[name].roles.values())
    assert roles[0].dataset == ROWS[name].datasets[0]
    assert holds(roles[0], FILTERS[name])
    if name in DENOMINATORS:
        dataset, wanted = DENOMINATORS[name]
        assert roles[1].dataset == dataset
        assert holds(roles[1], wanted)
    else:
        assert len(roles) == 1 or indicators[name].measure == "weighted_mean"


@pytest.mark.parametrize("name", COMPUTED)
def test_years_of_a_figure(name, indicators):
    for role in indicators[name].roles.values():
        assert role.lags == YEARS.get(name, (0,))


@pytest.mark.parametrize("name", COMPUTED)
def test_growth_rates_have_noise_in_points_and_say_whose_choice_it_is(name, indicators):
    indicator = indicators[name]
    if name in YEARS:
        assert indicator.noise_sd
    if indicator.noise_sd or indicator.noise_cv:
        assert "[P]" in indicator.notes


@pytest.mark.parametrize("name", COMPUTED)
def test_datasets_take_what_is_used_and_are_a_selection(name, indicators, datasets):
    for role in indicators[name].roles.values():
        dataset = datasets[role.dataset]
        if dataset.id not in {"trng_lfse_04", "edat_lfse_22"}:  # taken whole
            assert dataset.selection
        assert 2 in dataset.levels
        assert list(role.series) == list(dataset.dimensions)
        assert "geo" not in dataset.dimensions
        assert "freq" not in dataset.dimensions


@pytest.mark.parametrize("name", COMPUTED)
def test_a_sum_is_divided_by_a_sum(name, indicators, datasets):
    """Both sides of a ratio add up over regions, so that it can be recomputed for any territory."""
    indicator = indicators[name]
    if indicator.measure in {"ratio", "ratio_growth"}:
        for role in indicator.roles.values():
            dataset = datasets[role.dataset]
            codes = role.series[dataset.unit_of]
            for code in (codes,) if isinstance(codes, str) else codes:
                assert dataset.unit(code) in dataset.extensive
