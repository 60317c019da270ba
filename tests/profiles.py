"""Invented StressTest tables, small and made by hand: figures mean nothing, shapes are right."""

import datetime as dt

import pyarrow as pa

from s3etl.strategies.tables import PRACTICES
from s3etl.stresstest.answers import EVIDENCE
from s3etl.stresstest.disclosure import PARTICIPATION
from s3etl.stresstest.questionnaire import load
from s3etl.stresstest.tables import TABLES

REGIONS = {"XA11": "Vaskombra", "XA12": "Treluvia", "XB21": "Bliskilune", "XC01": "Orvanne"}
MADE = {
    "questionnaire": "2026.1",
    "source_dataset": "stresstest_answers",
    "method_version": "2026.1",
    "nuts_version": "2024",
    "unit": "points, 0 to 100",
    "ref_year": 2026,
    "geo": "XA11",
}
HERE = "80.0 in {}, here it is 35.4 (ahead in 97 % of draws)."
GAP = "withheld: fewer than three respondents"


def row(table, **told):
    """Return a whole row: what is not told is null."""
    names = TABLES[table].names
    assert set(told) <= set(names), set(told) - set(names)
    return {n: told.get(n, MADE.get(n)) for n in names}


def against(value, peers, frontier, *, peer_count=6):
    return {
        "participants_value": 55.0,
        "peer_value": peers,
        "peer_gap": None if peers is None or value is None else peers - value,
        "peers": 0 if peers is None else peer_count,
        "frontier_value": frontier,
        "frontier_gap": None if frontier is None or value is None else frontier - value,
        "frontier_regions": "XA12;XB21;XC01" if frontier is not None else None,
        "frontier_basis": "frontrunners" if frontier is not None else None,
    }


def _dimensions():
    values = [62.5, 41.7, 55.2, 35.4, 58.3, 71.9, 47.9]
    out = [
        row(
            "stresstest_dimension",
            indicator_id=d.code,
            title=d.name,
            value=v,
            interval_low=v - 6.3,
            interval_high=v + 5.1,
            interval_quality="indicative" if d.code == "D4" else "reliable",
            interval_coverage=0.72 if d.code == "D4" else 0.91,
            value_raw=v + 4,
            coverage=1.0,
            items=6,
            evidence_share=0.6,
            frontrunner=False,
            rank=int(5 + n),
            rank_low=int(3 + n),
            rank_high=int(8 + n),
            n_compared=18,
            rankable=True,
            obs_status="A",
            conf_status="F",
            **against(v, 52.0 + 3 * (n % 3), 78.0 + n),
        )
        for n, (d, v) in enumerate(zip(load().dimensions, values, strict=True))
    ]
    total = out[0] | {"indicator_id": "ST", "title": "Overall score", "value": 53.3}
    total |= {"interval_low": 49.9, "interval_high": 56.4, "evidence_share": 0.4}
    total |= {"not_frontrunner_because": "it documents fewer than half of what asks for a document"}
    least = out[3] | {"indicator_id": "ST-MIN", "title": "Weakest link", "weakest_dimension": "D4"}
    return [*out, total, least]


def _directions():
    out = [
        row("stresstest_direction", indicator_id=c, title=t, value=v, value_raw=v, items=n,
            interval_low=v - 4, interval_high=v + 4.4, interval_quality="reliable",
            participants_value=54.0, peer_value=56.0, coverage=1.0)
        for c, t, v, n in (("C2S", "Clusters → S3", 58.1, 20), ("S2C", "S3 → Clusters", 46.2, 14))
    ]  # fmt: skip
    return [*out, row("stresstest_direction", indicator_id="BALANCE", title="Balance", value=0.886)]


def _items():
    out = []
    for n, item in enumerate(load().items):
        value = float(25 + (n * 17) % 60)
        told = {"value": value, "value_raw": value + (6 if n % 5 == 0 else 0)}
        peers = None if n % 11 == 10 else float(35 + (n * 29) % 50)
        if item.id == "D2.3":
            told = {"missing_because": "not scored: fewer than three valid answers",
                    "obs_status": "L"}  # fmt: skip
        elif item.id == "D5.2":
            told = {"missing_because": GAP, "obs_status": "Q", "conf_status": "C"}
        flagged = n % 9 == 0
        out.append(
            row(
                "stresstest_item",
                indicator_id=item.id,
                title=item.text,
                dimension=item.dimension,
                interplay=item.direction,
                item_weight=1.0,
                evidence_documents=n % 3 if item.evidence == "d" else 0,
                evidence_capped=item.evidence == "d" and n % 3 == 0,
                consensus=0.5 + (n % 7) / 20,
                dk_share=(n % 6) / 20,
                perception_gap=31.25 if flagged else 6.25,
                perception_flag="providers higher" if flagged else "none",
                perception_because="fewer than six answers on a side" if n % 8 == 7 else None,
                **told,
                **against(told.get("value"), peers, 70.0 + n % 20),
            )
        )
    return out


def _groups():
    out = []
    for n, item in enumerate(load().items):
        pooled = n % 4 == 1 and {"C", "R"} <= set(item.groups)
        names = [g for g in item.groups if not (pooled and g in "CR")] + ["C+R"] * pooled
        out += [
            row(
                "stresstest_group",
                indicator_id=item.id,
                shown_as=name,
                title=name,
                value=float(12.5 * ((n + 3 * k) % 9)),
                answers=4 + k,
                difference=0.0,
                reason="pooled so that no group of fewer than three is shown" * ("+" in name),
            )
            for k, name in enumerate(names)
        ]
    return out


def _twins():
    told = [
        ("D1.5", "C-15", "Focus of priorities", 62.5, 24.0, "over-rated"),
        ("D4.6", "C-07", "Organisations with a quality label", 31.3, 71.0, "under-rated"),
        ("D6.1", "C-09", "Strengths with an organisation", 75.0, 81.0, "confirmed strength"),
        ("D6.2", "C-12", "Priorities with an organisation", 77.0, 79.0, "confirmed strength"),
        ("D6.3", "C-07", "Organisations with a quality label", 43.8, 71.0, "inconclusive"),
        ("D6.6", "B-14", "Growth of jobs in strengths", 28.0, 22.0, "confirmed weakness"),
    ]
    items = load().by_id
    out = [
        row("stresstest_twin", indicator_id=i, title=items[i].text, twin=t, twin_title=name,
            value=v, twin_percentile=p, twin_year=2024, n_compared=242, label=label)
        for i, t, name, v, p, label in told
    ]  # fmt: skip
    return [
        *out,
        row("stresstest_twin", indicator_id="D6.4", title=items["D6.4"].text, twin="C-03",
            twin_title="Members per organisation", value=51.0,
            missing_because="the register tells no members here"),
    ]  # fmt: skip


def _teachers():
    common = {"similarity_basis": "reference regions", "probability": 0.97, "evidence_share": 0.83}
    names = {d.code: d.name for d in load().dimensions}
    out = [
        row("stresstest_teacher", kind="dimension", indicator_id=d, title=names[d], place=place,
            teacher=who, value=41.7, teacher_value=80.0 - place, difference=38.3 - place,
            similarity=0.71, match=0.2, same_country=who == "XA12", shared_domains="digital",
            evidence_items=items, practices=practices, reciprocal_in=back, **common)
        for d, place, who, items, practices, back in (
            ("D2", 1, "XA12", "D2.1;D2.4", "practices P00", None),
            ("D2", 2, "XC01", "D2.1", None, "D6"),
            ("D4", 1, "XB21", "D4.1;D4.3", "practices P99", None),
        )
    ]  # fmt: skip
    return [
        *out,
        row("stresstest_teacher", kind="domain", indicator_id="digital", title="Digital", place=1,
            teacher="XB21", similarity=0.64, same_country=False, match=0.5,
            learner_cell="paper priority", **(common | {"probability": 0.92})),
    ]  # fmt: skip


def _actions():
    items = load().by_id
    told = [
        ("transfer", "D4.1", f"Peers are 38.0 points ahead; XB21 has {HERE.format('D4')}", "XB21",
         None),
        ("evidence", "D1.1", "Capped at 50.0, 62.5 without the cap: no document is shown.", None,
         "2;4"),
        ("dialogue", "D1.1", "Policy makers 31.3 points above clusters (q = 0.04).", None, None),
        ("transfer", "D2.4", f"Peers are 27.0 points ahead; XA12 has {HERE.format('D2')}", "XA12",
         None),
    ]  # fmt: skip
    return [
        row("stresstest_action", place=n, kind=kind, indicator_id=i, title=items[i].text,
            dimension=i[:2], interplay=items[i].direction, reason=reason, priority=40.0 - n,
            teacher=teacher, evidence_items=f"{i}" if teacher else None, cpr=cpr,
            teacher_value=80.0 if teacher else None)
        for n, (kind, i, reason, teacher, cpr) in enumerate(told, 1)
    ]  # fmt: skip


def rows():
    """Return the rows of each table."""
    return {
        "stresstest_item": _items(),
        "stresstest_dimension": _dimensions(),
        "stresstest_direction": _directions(),
        "stresstest_group": _groups(),
        "stresstest_gap": [],
        "stresstest_teacher": _teachers(),
        "stresstest_twin": _twins(),
        "stresstest_action": _actions(),
        "stresstest_change": [],
    }


def changes():
    """Return changes since a wave before."""
    common = {"from_year": 2024, "from_questionnaire": "2026.1"}
    return [
        row("stresstest_change", indicator_id="D1", title="Clusters in S3 design",
            level="dimension",
            value_before=50.0, value=12.5, interval_low=4.1, interval_high=20.0, reported=True,
            **common),
        row("stresstest_change", indicator_id="D4.1", title=load().by_id["D4.1"].text,
            level="item", value_before=60.0, value=-15.0, interval_low=-26.0, interval_high=-3.0,
            reported=True, **common),
        row("stresstest_change", indicator_id="D2", title="Alignment", level="dimension",
            value_before=40.0, reported=False,
            not_reported_because="the interval of the change holds zero", **common),
    ]  # fmt: skip


def withheld():
    """Return the rows of a region of which nothing may be shown."""
    why = {"value": None, "missing_because": GAP, "obs_status": "Q", "conf_status": "C"}
    keep = {"indicator_id", "title", "dimension", "interplay", *MADE}
    blank = {
        name: [{k: v if k in keep else why.get(k) for k, v in r.items()} for r in found]
        for name, found in rows().items()
        if name in {"stresstest_item", "stresstest_dimension", "stresstest_direction"}
    }
    return {name: blank.get(name, []) for name in TABLES}


def tables(told):
    """Return rows as tables."""
    return {n: pa.Table.from_pylist(told[n], schema=TABLES[n]) for n in TABLES}


def evidence(*more):
    """Return public documents of two regions."""
    told = [("XA12", "D2.1"), ("XA12", "D2.4"), ("XC01", "D2.1"), ("XB21", "D4.1")]
    blank = dict.fromkeys(EVIDENCE.names) | {"problem": "", "wave": 2026, "grade": 2}
    found = [
        blank | {"region": r, "item": i, "title": f"Annual report on {i} (invented)",
                 "date": dt.date(2025, 5, 14), "link": f"https://example.org/{r.lower()}/{i}"}
        for r, i in told
    ]  # fmt: skip
    return pa.Table.from_pylist([*found, *(blank | m for m in more)], schema=EVIDENCE)


def practices(**other):
    """Return one practice."""
    told = {
        "register": "practices",
        "id": "P00",
        "geo": "XA12",
        "title": "Discovery workshops on Digital",
        "done": "Clusters of two fields met four times a year",
        "evidence_title": "Report 1",
        "evidence_date": "2025-06-10",
        "evidence_link": "https://reports.example/1",
    }
    blank = dict.fromkeys(PRACTICES.names) | told | other
    return pa.Table.from_pylist([blank], schema=PRACTICES)


def participation():
    """Return respondents by cell, two groups as a pool."""
    told = [("P", 8, "P"), ("I", 7, "I"), ("C", 4, "C+R"), ("B", 5, "B"), ("R", 4, "C+R")]
    return pa.Table.from_pylist(
        [
            {"region": "XA11", "wave": 2026, "respondent_group": g, "respondents": n,
             "shown_as": s, "reason": ""}
            for g, n, s in told
        ],
        schema=PARTICIPATION,
    )  # fmt: skip
