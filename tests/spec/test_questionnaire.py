"""The questionnaire against the table of methodology 2.3, and what its declaration refuses."""

import os
import re
from pathlib import Path

import pytest

from s3etl.declarations import read_declaration
from s3etl.errors import CatalogueError
from s3etl.stresstest.questionnaire import FILE, Questionnaire, load, score_of

METHODOLOGY = Path(__file__).parents[2] / ".." / "shared" / "methodology.md"
LINE = re.compile(
    r"^\| (D[1-7]\.[1-6]) \| (.+?) \| (\w+) \| (\w+) \| (.) \| (.+?) \|$", re.MULTILINE
)


@pytest.fixture(scope="module")
def methodology():
    """Return the methodology's text; where it is absent the test is skipped and says so."""
    path = METHODOLOGY.resolve()
    if not path.is_file():
        reason = "../shared/methodology.md is not beside this checkout"
        if os.environ.get("S3ETL_REQUIRE_SHARED") == "1":
            pytest.fail(f"S3ETL_REQUIRE_SHARED=1, but {reason}")
        pytest.skip(reason)
    return path.read_text(encoding="utf-8")


@pytest.mark.shared
def test_every_item_is_the_methodologys(methodology):
    declared = [
        (
            item.id,
            item.text,
            item.direction,
            item.groups,
            item.evidence.replace("-", "–"),
            ",".join(map(str, item.cpr)) or "–",
        )
        for item in load().items
    ]
    assert declared == LINE.findall(methodology)


@pytest.mark.shared
def test_dimensions_groups_and_scale_are_the_methodologys(methodology):
    for dimension in load().dimensions:
        assert f"{dimension.code} {dimension.name}" in methodology
    for group in load().groups:
        assert f"{group.code} {group.name}" in methodology
    for level in load().scale:
        assert f"{level.value} {level.label}" in methodology
    for grade in load().grades:
        assert f"{grade.value} {grade.label}" in methodology


def test_42_items_of_seven_dimensions():
    items = load().items
    assert len(items) == 42
    assert [sum(i.dimension == f"D{d}" for i in items) for d in range(1, 8)] == [6] * 7
    assert {item.weight for item in items} == {d.weight for d in load().dimensions} == {1}
    assert load().version == "2026.1"
    assert load().by_id["D1.4"].groups == "PICB"


def test_it_says_that_it_is_not_the_original_instrument():
    assert "operationalisation following the published StressTest structure" in load().statement
    assert "not the original instrument" in load().statement


def test_a_score_is_25_times_the_answer():
    assert [score_of(answer) for answer in range(5)] == [0, 25, 50, 75, 100]
    with pytest.raises(ValueError, match="0 to 4"):
        score_of(5)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: D3.2,", "id: D3.3,", "D3.2"),
        ("groups: PICBR, evidence: k", "groups: PXC, evidence: k", "groups"),
        ("evidence: k", "evidence: d", "evidence k"),
        ("cpr: [2, 4]", "cpr: [2, 8]", "criteria 1 to 7"),
        ('value: 4, label: "sys', 'value: 5, label: "sys', "scale"),
        ("weight: 1}\n  - {code: D2", "weight: 0}\n  - {code: D2", "weight"),
        ("code: D7,", "code: D6,", "dimensions"),
        ("statement:", "remark: x\nstatement:", "no such field"),
        ('version: "2026.1"', "version: new", "version"),
    ],
)
def test_a_wrong_declaration_is_refused(tmp_path, old, new, said):
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "questionnaire.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=said):
        read_declaration(path, Questionnaire)
