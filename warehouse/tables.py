"""The published tables. Rows are inserted and never changed; only ``channel`` is a pointer.

One table or view for each thing an analyst may ask for. No loading and no reading here.
"""

from typing import Any, Final

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    select,
)
from sqlalchemy.sql.type_api import TypeEngine

from s3etl.alignment.tables import CELLS as ALIGNMENT_CELLS
from s3etl.alignment.tables import REGIONS as ALIGNMENT_REGIONS
from s3etl.benchmark import BENCHMARK, NORMS
from s3etl.benchmark.convergence_tables import CONVERGENCE, DISPERSION
from s3etl.benchmark.gap_tables import GAPS
from s3etl.benchmark.index_tables import TABLES as INDEX
from s3etl.domains.records import CONCORDANCE
from s3etl.evaluate import LINEAGE
from s3etl.nuts.recipes import RECIPE
from s3etl.nuts.tables import NAMES
from s3etl.organisations.indicators import REGISTRY
from s3etl.organisations.listing import TABLES as ORGANISATION
from s3etl.peers.tables import REFERENCES, SETS, VARIABLES
from s3etl.portfolio.divisions import DIVISIONS as PORTFOLIO_DIVISIONS
from s3etl.portfolio.method_stress import METHOD_STRESS
from s3etl.portfolio.scenario import SCENARIOS
from s3etl.portfolio.tables import CELLS as PORTFOLIO_CELLS
from s3etl.portfolio.tables import INDICATORS as PORTFOLIO_INDICATORS
from s3etl.portfolio.tables import STARS as PORTFOLIO_STARS
from s3etl.portfolio.universe import UNIVERSE as PORTFOLIO_UNIVERSE
from s3etl.strategies.resolve import APPLIES
from s3etl.strategies.tables import PRACTICES, SCHEMES
from s3etl.stresstest.disclosure import PARTICIPATION
from s3etl.stresstest.tables import TABLES as STRESSTEST

metadata: Final = MetaData()


def _columns(schema: pa.Schema) -> list[Column[Any]]:
    return [Column(field.name, _type(field.type)) for field in schema]


def _type(kind: pa.DataType) -> TypeEngine[Any]:
    if pa.types.is_boolean(kind):
        return Boolean()
    if pa.types.is_integer(kind):
        return Integer()
    if pa.types.is_floating(kind):
        return Float(53)
    return String()


def _release_column() -> Column[str]:
    return Column("release_id", String, nullable=False)


release: Final = Table(
    "release",
    metadata,
    Column("release_id", String, primary_key=True),
    Column("content_hash", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("as_of", String, nullable=False),
    Column("method_version", String, nullable=False),
    Column("software_version", String, nullable=False),
    comment="One row for each immutable release; as_of is the time it was first published.",
)
channel: Final = Table(
    "channel",
    metadata,
    Column("channel", String, primary_key=True),
    Column("release_id", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("moved_at", String, nullable=False),
    comment="Which release is current; the only rows that are ever updated.",
)
publication: Final = Table(
    "publication",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("channel", String, nullable=False),
    Column("release_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("at", String, nullable=False),
    comment="Every move of a channel, in order: publish or rollback.",
)
benchmark: Final = Table(
    "benchmark",
    metadata,
    _release_column(),
    Column("as_of", String, nullable=False),
    *_columns(BENCHMARK),
    comment="Every figure with score, rank, interval and the reason if it has no rank.",
)
norm: Final = Table(
    "norm",
    metadata,
    _release_column(),
    *_columns(NORMS),
    comment="The norm behind each score: goalposts, or mean and mean plus one deviation.",
)
lineage: Final = Table(
    "lineage",
    metadata,
    _release_column(),
    *_columns(LINEAGE),
    comment="Every observation a figure used, with its flags and the snapshot it stands in.",
)
indicator: Final = Table(
    "indicator",
    metadata,
    _release_column(),
    Column("indicator_id", String, nullable=False),
    Column("title", String),
    Column("definition", String),
    Column("unit", String),
    Column("direction", String),
    Column("level", Integer),
    Column("pillar", String),
    Column("framework", Boolean),
    Column("variant_of", String),
    Column("confidence", String),
    Column("status", String),
    Column("not_computed", String),
    Column("source", String),
    Column("notes", String),
    Column("declaration", String),
    Column("figures_hash", String),
    comment="The indicators of a release as they were declared then.",
)
snapshot: Final = Table(
    "snapshot",
    metadata,
    _release_column(),
    Column("dataset", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("origin", String),
    Column("name", String),
    Column("retrieved_from", String),
    Column("retrieved_at", String),
    Column("source_updated", String),
    Column("size", BigInteger),
    Column("citation", String),
    Column("licence", String),
    comment="The bytes a release was computed from.",
)
block_input: Final = Table(
    "block_input",
    metadata,
    _release_column(),
    Column("block", String, nullable=False),
    Column("read_by", String, nullable=False),
    Column("dataset", String, nullable=False),
    Column("snapshot", String, nullable=False),
    comment=(
        "The snapshots each block of tables was computed from; read_by is the block itself, or "
        "an earlier one whose tables it uses."
    ),
)
verdict: Final = Table(
    "verdict",
    metadata,
    _release_column(),
    Column("dataset", String, nullable=False),
    Column("snapshot", String, nullable=False),
    Column("rows", Integer),
    Column("quarantined", Integer),
    Column("warnings", Integer),
    comment="What the judge said of each accepted batch.",
)
region: Final = Table(
    "region",
    metadata,
    _release_column(),
    *_columns(NAMES),
    comment="Names of regions by code and NUTS version.",
)
conversion: Final = Table(
    "conversion",
    metadata,
    _release_column(),
    *_columns(RECIPE),
    comment=(
        "How regions of each NUTS version become those the release compares: shares by "
        "population. to_geo is empty where no matrix covers a region, so that it stays as it is."
    ),
)
left_out: Final = Table(
    "left_out",
    metadata,
    _release_column(),
    Column("stage", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("reason", String, nullable=False),
    comment="What a release does without, and why.",
)


def _block_table(name: str, schema: pa.Schema, comment: str) -> Table:
    return Table(name, metadata, _release_column(), *_columns(schema), comment=comment)


organisation: Final = _block_table(
    "organisation",
    ORGANISATION["organisation"],
    "Records of cluster organisations of the registers that may be passed on, each with its "
    "place and how sure it is.",
)
organisation_domain: Final = _block_table(
    "organisation_domain",
    ORGANISATION["organisation_domain"],
    "Domains of these records.",
)
organisation_merge: Final = _block_table(
    "organisation_merge",
    ORGANISATION["organisation_merge"],
    "Records taken for one organisation, and why; a decision of a reviewer undoes it.",
)
register_quality: Final = _block_table(
    "register_quality",
    ORGANISATION["register_quality"],
    "What the registers of organisations hold, by country, all registers included.",
)
register_completeness: Final = _block_table(
    "register_completeness",
    ORGANISATION["register_completeness"],
    "How complete two registers are together (capture-recapture), with interval.",
)
unmapped_label: Final = _block_table(
    "unmapped_label",
    ORGANISATION["unmapped_label"],
    "Labels of registers that give no domain.",
)
priority: Final = _block_table(
    "priority",
    APPLIES,
    "S3 priorities of the registers that may be passed on, as they apply to each region.",
)
scheme: Final = _block_table("scheme", SCHEMES, "Support schemes for clusters.")
practice: Final = _block_table("practice", PRACTICES, "Practices others may learn from.")
participation: Final = _block_table(
    "participation",
    PARTICIPATION,
    "How many answered the StressTest, by region, wave and group; groups under three are pooled.",
)
portfolio_cell: Final = _block_table(
    "portfolio_cell",
    PORTFOLIO_CELLS,
    "Divisions of each region: employment, location quotients raw and shrunk. Confidential "
    "cells, and those that would give them away, have a band of persons and nothing else.",
)
portfolio_star: Final = _block_table(
    "portfolio_star",
    PORTFOLIO_STARS,
    "Cluster stars by rule set, side by side, with the share of draws that agree.",
)
portfolio_indicator: Final = _block_table(
    "portfolio_indicator",
    PORTFOLIO_INDICATORS,
    "Indicators of the portfolio by region, each with interval and rank; shares are of the "
    "market economy: sections B to N, without K before 2021 and with P to R since.",
)
portfolio_division: Final = _block_table(
    "portfolio_division",
    PORTFOLIO_DIVISIONS,
    "How the jobs of a division lie together, beyond what few plants would do (Ellison-Glaeser); "
    "approximate.",
)
portfolio_universe: Final = _block_table(
    "portfolio_universe",
    PORTFOLIO_UNIVERSE,
    "What location quotients compare with: the share of each division in the countries that "
    "publish it, with the parameters of the shrinkage.",
)
registry_indicator: Final = _block_table(
    "registry_indicator",
    REGISTRY,
    "Indicators of cluster organisations by region, all registers included; never ranked while "
    "it is not known how complete the registers are.",
)
scenario: Final = _block_table(
    "scenario",
    SCENARIOS,
    "Supposed shocks and past declines of divisions on the portfolio: scenarios, not forecasts, "
    "in no ranking.",
)
method_stress: Final = _block_table(
    "method_stress",
    METHOD_STRESS,
    "How far results depend on choices: badges of ranks, cuts of stars, plant sizes, labels.",
)
alignment: Final = _block_table(
    "alignment",
    ALIGNMENT_REGIONS,
    "How strategy, economy and organisations of a region agree; never ranked while it is not "
    "known how complete the registers are.",
)
alignment_cell: Final = _block_table(
    "alignment_cell",
    ALIGNMENT_CELLS,
    "The map of domains: priority, strength, organisation.",
)
reference_region: Final = _block_table(
    "reference_region",
    REFERENCES,
    "Whom a region may fairly be compared with: the nearest in structure, with how often they "
    "stay so when weights move. A region with data for too little of the weight has none.",
)
reference_set: Final = _block_table(
    "reference_set",
    SETS,
    "What the reference regions rest on: dimensions with and without data, and the scale of "
    "distances.",
)
structural_variable: Final = _block_table(
    "structural_variable",
    VARIABLES,
    "Structural variables of regions, as they are and as the distances use them.",
)
gap: Final = _block_table(
    "gap",
    GAPS,
    "Gap of each ranked region to the frontrunners, split into what its likes are behind and "
    "what it is behind them, with band, tied group, performance group and trend.",
)
convergence: Final = _block_table(
    "convergence",
    CONVERGENCE,
    "Whether regions grow alike: beta convergence and rank mobility of each indicator.",
)
dispersion: Final = _block_table(
    "dispersion",
    DISPERSION,
    "How far regions are apart in each year: sigma of each indicator.",
)
index_score: Final = _block_table(
    "index_score",
    INDEX["index_score"],
    "Scores of composite indices, their pillars and indicators; every rank has its interval.",
)
index_step: Final = _block_table(
    "index_step",
    INDEX["index_step"],
    "How an index was made, step by step, with goalposts and limits; it can be made again.",
)
index_member: Final = _block_table(
    "index_member",
    INDEX["index_member"],
    "Which indicators and pillars take part in an index, and why others do not.",
)
index_audit: Final = _block_table(
    "index_audit",
    INDEX["index_audit"],
    "How coherent an index is: correlations, reliability, components, weights, leaving out.",
)
index_robustness: Final = _block_table(
    "index_robustness",
    INDEX["index_robustness"],
    "Ranks when every choice behind an index is varied.",
)
index_design: Final = _block_table(
    "index_design",
    INDEX["index_design"],
    "What each run behind the robustness of an index chose; it can be replayed.",
)
index_sensitivity: Final = _block_table(
    "index_sensitivity",
    INDEX["index_sensitivity"],
    "Which choices move the ranks: Sobol effects, of all regions and of each.",
)
index_gap: Final = _block_table(
    "index_gap",
    INDEX["index_gap"],
    "The gap of each region to the first, split by indicator; the parts sum to it.",
)
stresstest_item: Final = _block_table(
    "stresstest_item",
    STRESSTEST["stresstest_item"],
    "Items of the StressTest by region and wave: score with and without the evidence cap, "
    "agreement, perception gap, gaps. An operationalisation following the published "
    "structure, not the original instrument.",
)
stresstest_dimension: Final = _block_table(
    "stresstest_dimension",
    STRESSTEST["stresstest_dimension"],
    "Dimensions and totals of the StressTest: the radar with region, peers, frontier and "
    "interval, and ranks.",
)
stresstest_direction: Final = _block_table(
    "stresstest_direction",
    STRESSTEST["stresstest_direction"],
    "Clusters to S3 and S3 to clusters, and how balanced they are.",
)
stresstest_group: Final = _block_table(
    "stresstest_group",
    STRESSTEST["stresstest_group"],
    "What groups of respondents say of each item; groups under three are pooled.",
)
stresstest_gap: Final = _block_table(
    "stresstest_gap",
    STRESSTEST["stresstest_gap"],
    "Gaps to frontrunners, to peers and to named regions.",
)
stresstest_teacher: Final = _block_table(
    "stresstest_teacher",
    STRESSTEST["stresstest_teacher"],
    "From whom a region can learn what, on dimensions and on domains of the portfolio.",
)
stresstest_twin: Final = _block_table(
    "stresstest_twin",
    STRESSTEST["stresstest_twin"],
    "Items beside the statistics they are about: confirmed, over-rated or under-rated.",
)
stresstest_action: Final = _block_table(
    "stresstest_action",
    STRESSTEST["stresstest_action"],
    "What to do next, in order: evidence, dialogue, transfer.",
)
stresstest_change: Final = _block_table(
    "stresstest_change",
    STRESSTEST["stresstest_change"],
    "Change since a region's wave before, where it is more than chance.",
)
concordance: Final = _block_table(
    "concordance",
    CONCORDANCE,
    "T: which share of a NACE division belongs to which domain, with the origin of each weight.",
)

LOADED: Final = (
    benchmark,
    norm,
    lineage,
    indicator,
    snapshot,
    block_input,
    verdict,
    region,
    conversion,
    organisation,
    organisation_domain,
    organisation_merge,
    register_quality,
    register_completeness,
    unmapped_label,
    priority,
    scheme,
    practice,
    participation,
    portfolio_cell,
    portfolio_star,
    portfolio_indicator,
    portfolio_division,
    portfolio_universe,
    registry_indicator,
    scenario,
    method_stress,
    alignment,
    alignment_cell,
    reference_region,
    reference_set,
    structural_variable,
    gap,
    convergence,
    dispersion,
    index_score,
    index_step,
    index_member,
    index_audit,
    index_robustness,
    index_design,
    index_sensitivity,
    index_gap,
    stresstest_item,
    stresstest_dimension,
    stresstest_direction,
    stresstest_group,
    stresstest_gap,
    stresstest_teacher,
    stresstest_twin,
    stresstest_action,
    stresstest_change,
    concordance,
    left_out,
)
"""Tables a candidate brings rows for, by the name of its Parquet file."""

LATEST: Final = "latest"
latest_query: Final = select(channel.c.channel, channel.c.origin, *benchmark.c).join(
    channel, channel.c.release_id == benchmark.c.release_id
)
"""The view ``latest``: benchmark rows of the current release of each channel."""
