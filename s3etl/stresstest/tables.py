"""Columns of the StressTest's published tables, with what each of them means.

Shapes only: nothing is computed here, and no column can hold a text or a person of the survey.
What may be shown is decided before a row is made (methodology 2.4-10).
"""

from typing import Final

import pyarrow as pa

UNIT: Final = "points, 0 to 100"
SOURCE: Final = "stresstest_answers"


def _field(name: str, kind: pa.DataType, meaning: str) -> pa.Field:
    return pa.field(name, kind, metadata={"is": meaning})


def _text(name: str, meaning: str) -> pa.Field:
    return _field(name, pa.string(), meaning)


def _number(name: str, meaning: str) -> pa.Field:
    return _field(name, pa.float64(), meaning)


def _count(name: str, meaning: str) -> pa.Field:
    return _field(name, pa.int64(), meaning)


def _truth(name: str, meaning: str) -> pa.Field:
    return _field(name, pa.bool_(), meaning)


_WHERE: Final = [
    _text("geo", "region that was surveyed"),
    _text("nuts_version", "NUTS version of geo"),
    _count("ref_year", "year of the survey wave; regions are compared within a wave"),
]
_MADE: Final = [
    _text("questionnaire", "version of the questionnaire the answers are scored under"),
    _text("source_dataset", "register it rests on"),
    _text("source_updated", "day the answers and the evidence were taken or are of"),
    _text("source_hash", "hashes of their snapshots"),
    _text("method_version", "version of the StressTest's method"),
]
_VALUE: Final = [
    _number("value", "the score; empty where missing or withheld"),
    _text("unit", "its unit"),
    _text("direction", "+ more is better, ctx context"),
    _number("interval_low", "5th percentile over resampled respondents"),
    _number("interval_high", "95th percentile"),
    _text("interval_quality", "reliable; indicative where a group is small; or withheld"),
    _number("interval_coverage", "how often such intervals cover the truth in simulation"),
]
_STATUS: Final = [
    _text("obs_status", "SDMX: A normal, L not scored, M not applicable, Q withheld, U unreliable"),
    _text("conf_status", "SDMX: F free, C confidential"),
    _text("missing_because", "why there is no score: not scored, not applicable or withheld"),
]
_AGAINST: Final = [
    _number("participants_value", "median of all regions of the wave that are scored"),
    _number("peer_value", "median of the reference regions of the wave; empty without any"),
    _number("peer_gap", "peer_value - value; positive where the peers are ahead"),
    _count("peers", "reference regions that are scored"),
    _number("frontier_value", "median of the frontrunners, or of the named comparators"),
    _number("frontier_gap", "frontier_value - value; positive where they are ahead"),
    _text("frontier_regions", "who they are, separated by ;"),
    _text("frontier_basis", "frontrunners, or named comparators below 15 regions"),
]
_NAME: Final = [
    _text("indicator_id", "item such as D1.4; dimension D1 to D7; ST and its variants"),
    _text("title", "its wording"),
]

ITEMS: Final = pa.schema(
    [
        *_NAME,
        *_WHERE,
        _text("dimension", "dimension of the item"),
        _text("interplay", "C2S clusters to S3, S2C S3 to clusters, SYS system"),
        _number("item_weight", "weight within the dimension, relative to its other items"),
        *_VALUE,
        _number("value_raw", "without the cap; empty if capped and a small group is hidden"),
        _count("evidence_grade", "best grade held: 0 none, 1 asserted, 2 documented, 3 checked"),
        _count("evidence_documents", "documents of grade 2 or more"),
        _truth("evidence_capped", "whether the cap lowers the score; empty where value_raw is"),
        _text("evidence_note", "what was found odd in the evidence; empty if nothing"),
        _count("answers", "valid answers; empty where withheld"),
        _count("answering_groups", "groups with a valid answer"),
        _number("coverage", "share of the groups asked that gave a valid answer"),
        _number("dk_share", "share of cannot judge among ratings and those"),
        _number("na_share", "share of not applicable among all who replied"),
        _number("consensus", "Tastle-Wierman, 0 half at each end to 1 unanimity; raw answers"),
        _number("perception_gap", "mean median of policy and agencies less clusters and business"),
        _number("perception_range", "largest less smallest median of a group"),
        _number("perception_p", "p, by permutation and redrawn groups; empty with a group hidden"),
        _number("perception_q", "p after Benjamini-Hochberg within the region"),
        _text("perception_flag", "providers higher, users higher, none; empty if not shown"),
        _text("perception_because", "why a figure on perception is not shown"),
        *_AGAINST,
        *_STATUS,
        *_MADE,
    ]
)
"""Items of each region and wave; every item of the questionnaire has a row."""

DIMENSIONS: Final = pa.schema(
    [
        *_NAME,
        *_WHERE,
        *_VALUE,
        _number("value_raw", "without the cap; empty where that of an item is"),
        _number("coverage", "share of the applicable weight that is scored"),
        _count("items", "items, or dimensions, that are scored"),
        _number("evidence_share", "share of items asking for a document that have one"),
        _text("weakest_dimension", "of ST-MIN: the dimension with the smallest score"),
        *_AGAINST,
        _truth("frontrunner", "whether the region is one of frontier_regions"),
        _text("not_frontrunner_because", "why it cannot be one; empty if it can"),
        _count("rank", "1 for the best; empty where not ranked"),
        _count("rank_low", "best rank of the interval"),
        _count("rank_high", "worst rank"),
        _count("n_compared", "regions that are ranked"),
        _truth("rankable", "whether it is ranked"),
        _text("not_rankable_because", "why not"),
        *_STATUS,
        *_MADE,
    ]
)
"""Radar and totals: D1 to D7, ST overall, ST-MIN weakest link, ST-GEO geometric mean."""

DIRECTIONS: Final = pa.schema(
    [
        _text("indicator_id", "C2S, S2C or BALANCE"),
        _text("title", "what it is"),
        *_WHERE,
        *_VALUE,
        _number("value_raw", "without the cap; empty where that of an item is"),
        _number("coverage", "share of the applicable weight that is scored"),
        _count("items", "items that are scored"),
        _number("participants_value", "median of all regions of the wave that are scored"),
        _number("peer_value", "median of the reference regions of the wave; empty without any"),
        *_STATUS,
        *_MADE,
    ]
)
"""Directions of the interplay; BALANCE is 1 where both are equal, of unit share."""

GROUPS: Final = pa.schema(
    [
        _text("indicator_id", "item"),
        *_WHERE,
        _text("shown_as", "a group such as P, or a pool of groups such as B+R"),
        _text("title", "names of the groups"),
        _number("value", "median of the group; of a pool the mean of its medians, if it is shown"),
        _text("unit", "its unit"),
        _text("direction", "+ more is better"),
        _count("answers", "valid answers in it, never fewer than three"),
        _number("difference", "value less the score without evidence cap of the item"),
        _text("reason", "why groups are pooled; empty for a group by itself"),
        _text("conf_status", "SDMX: F free, C confidential"),
        *_MADE,
    ]
)
"""What groups say, without the evidence cap; what would tell a small group is pooled."""

GAPS: Final = pa.schema(
    [
        *_NAME,
        *_WHERE,
        _text("level", "item, dimension or overall"),
        _text("kind", "frontrunners, named comparators, peers, or region for one of those named"),
        _text("comparator", "regions compared with, separated by ;"),
        _number("comparator_value", "their median"),
        _number("value", "gap: comparator_value less the score; positive where they are ahead"),
        _text("unit", "its unit"),
        _text("direction", "- less is better"),
        _number("interval_low", "5th percentile; empty for items and regions of few respondents"),
        _number("interval_high", "95th percentile"),
        _number("probability", "share of draws in which the comparator is ahead"),
        _count("n_compared", "regions the comparators were taken from"),
        *_MADE,
    ]
)
"""Gaps to frontrunners, to peers and to named regions."""

TEACHERS: Final = pa.schema(
    [
        _text("kind", "dimension of the StressTest, or domain of the portfolio"),
        _text("indicator_id", "dimension, or domain"),
        _text("title", "its name"),
        *_WHERE,
        _count("place", "1 for the best match"),
        _text("teacher", "region to learn from"),
        _number("value", "score of the learner; empty for a domain"),
        _number("teacher_value", "score of the teacher; empty for a domain"),
        _number("difference", "teacher_value less value"),
        _number("probability", "share of draws with the teacher ahead; of a domain P(strong)"),
        _number("similarity", "exp(-D/D~) of structure; 1 without reference regions"),
        _text("similarity_basis", "reference regions, or that there are none"),
        _number(
            "evidence_share", "share of its items asking for a document that have one; in D6 of all"
        ),
        _number("match", "L: difference/100 * similarity * evidence; of a domain P * similarity"),
        _truth("same_country", "whether both are of one country"),
        _text("shared_domains", "domains both have as S3 priorities, separated by ;"),
        _text("evidence_items", "items the teacher documents, separated by ;"),
        _text("practices", "register and id of practices of the teacher, separated by ;"),
        _text("reciprocal_in", "where the teacher learns from the region, separated by ;"),
        _text("learner_cell", "of a domain: cell of the learner in the map of domains"),
        *_MADE,
    ]
)
"""Whom to learn what from, the five best; reciprocal pairs have reciprocal_in."""

TWINS: Final = pa.schema(
    [
        *_NAME,
        *_WHERE,
        _number("value", "score of the item: perception"),
        _text("unit", "its unit"),
        _text("twin", "indicator it is compared with, such as C-09"),
        _text("twin_title", "its name"),
        _number("twin_value", "value of the indicator, as published"),
        _count("twin_year", "year of the indicator; empty where it has none"),
        _number("twin_percentile", "T: percentile among regions, 100 for the best"),
        _count("n_compared", "regions the percentile is taken among"),
        _text("label", "confirmed strength or weakness, over-rated, under-rated, inconclusive"),
        _text("missing_because", "why there is no label"),
        _text("caution", "what the statistics themselves say against comparing"),
        *_MADE,
    ]
)
"""Perception against statistics: items with a twin among the indicators (methodology 2.7)."""

ACTIONS: Final = pa.schema(
    [
        *_WHERE,
        _count("place", "1 for the first to take up"),
        _text("kind", "evidence, dialogue or transfer"),
        *_NAME,
        _text("dimension", "dimension of the item"),
        _text("interplay", "C2S clusters to S3, S2C S3 to clusters, SYS system"),
        _text("reason", "one sentence with the figures"),
        _number("priority", "item weight times gap; what the order goes by"),
        _number("gap", "gap behind it: to peers, else to frontrunners"),
        _text("gap_basis", "peers, frontrunners or named comparators"),
        _number("value", "score of the item"),
        _number("value_raw", "the score without the evidence cap, where it is shown"),
        _number("perception_gap", "of a dialogue: the gap"),
        _text("perception_flag", "of a dialogue: who rates higher"),
        _text("teacher", "of a transfer: whom to learn from"),
        _number("teacher_value", "score of the teacher in the dimension"),
        _number("probability", "share of draws in which the teacher is ahead"),
        _text("evidence_items", "items of the dimension the teacher documents, separated by ;"),
        _text("practices", "register and id of practices of the teacher, separated by ;"),
        _text("cpr", "criteria of the S3 enabling condition the same evidence serves"),
        *_MADE,
    ]
)
"""What to do next, in order (methodology 2.8)."""

CHANGES: Final = pa.schema(
    [
        *_NAME,
        *_WHERE,
        _count("from_year", "year of the earlier wave"),
        _text("from_questionnaire", "version of the questionnaire then"),
        _text("level", "item, dimension, direction or overall"),
        _number("value_before", "score then"),
        _number("value", "change since; empty where it is not reported"),
        _text("unit", "its unit"),
        _text("direction", "+ more is better"),
        _number("interval_low", "5th percentile of the change; empty where it tells a small group"),
        _number("interval_high", "95th percentile"),
        _truth("reported", "whether the interval leaves out zero"),
        _text("not_reported_because", "why it is not"),
        *_MADE,
    ]
)
"""Change from a region's wave before."""

TABLES: Final = {
    "stresstest_item": ITEMS,
    "stresstest_dimension": DIMENSIONS,
    "stresstest_direction": DIRECTIONS,
    "stresstest_group": GROUPS,
    "stresstest_gap": GAPS,
    "stresstest_teacher": TEACHERS,
    "stresstest_twin": TWINS,
    "stresstest_action": ACTIONS,
    "stresstest_change": CHANGES,
}
