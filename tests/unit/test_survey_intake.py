"""Intake of surveys in every format, pseudonyms, and the invented surveys of the sample world."""

import stat

import pytest

from s3etl.errors import Refused
from s3etl.stresstest.answers import ANSWERS, EVIDENCE, EVIDENCE_KEY, KEY
from s3etl.stresstest.disclosure import participation
from s3etl.stresstest.questionnaire import load
from sources.sample.survey_answers import BANNER, answers_files, surveyed
from sources.survey import SAMPLE_KEY, check, key, read_answers
from sources.survey.limesurvey import declaration
from sources.survey.pseudonyms import pseudonym

SECRETS = ("192.0.2", "invented-", "tok", "invented0", "no such measure")


def read(files, **others):
    return read_answers(files, key=SAMPLE_KEY, nuts_version="2024", **others)


def csv(*lines, name="stresstest_XA11_2026.csv"):
    return {name: ("\n".join(lines) + "\n").encode()}


@pytest.fixture(scope="module")
def sample():
    return read(answers_files())


# The sample world


def test_sample_surveys_are_the_same_each_time():
    assert answers_files() == answers_files()


def test_sample_surveys_read_without_a_problem(sample):
    assert sample.answers.schema == ANSWERS
    assert sample.evidence.schema == EVIDENCE
    assert set(sample.answers.column("problem").to_pylist()) == {""}
    assert set(sample.evidence.column("problem").to_pylist()) == {""}
    assert set(sample.answers.column("region").to_pylist()) == set(surveyed())
    assert len(surveyed()) == 18
    assert set(sample.evidence.column("region").to_pylist()) == set(surveyed())
    assert set(sample.answers.column("answer").to_pylist()) == {0, 1, 2, 3, 4, None}


def test_keys_are_unique(sample):
    for table, columns in ((sample.answers, KEY), (sample.evidence, EVIDENCE_KEY)):
        assert table.group_by(list(columns)).aggregate([]).num_rows == table.num_rows


def test_sample_surveys_have_small_groups_and_show_none(sample):
    found = participation(sample.answers).to_pylist()
    assert any("+" in row["shown_as"] for row in found)
    assert all(row["respondents"] >= 3 for row in found)


def test_no_identity_is_in_any_table(sample):
    for table in (sample.answers, sample.evidence):
        words = {str(v) for column in table.columns for v in column.unique().to_pylist()}
        assert not [w for w in words if any(secret in w for secret in SECRETS)]


def test_sample_workbooks_say_that_they_are_invented():
    from sources.sheets import read_sheets

    files = answers_files()
    for name in [n for n in files if n.endswith("xlsx")][:2]:
        for sheet in read_sheets(files[name], name):
            cells = [cell for row in sheet.rows[:3] for cell in row]
            assert BANNER in cells, sheet.name


# Pseudonyms


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "restricted" / "key"
    made = key(path)
    assert len(made) == 32
    assert key(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["key"]
    path.write_bytes(b"short")
    with pytest.raises(Refused, match="32 bytes"):
        key(path)


def test_a_pseudonym_depends_on_key_region_wave_and_identity():
    made = {
        pseudonym(secret, region, wave, who)
        for secret in (b"1" * 32, b"2" * 32)
        for region in ("XA11", "XA12")
        for wave in (2025, 2026)
        for who in ("r1", "r2")
    }
    assert len(made) == 16
    assert all(len(p) == 16 and int(p, 16) >= 0 for p in made)


# Plain lists

HEADER = "region,wave,respondent,group,item,answer,reason"


def test_a_list_of_answers():
    found = read(
        csv(
            HEADER,
            "XA11,2026,a,P,D1.1,0,",
            "XA11,2026,a,P,D1.2,DK,",
            "XA11,2026,a,P,D1.3,NA,no such thing here",
            "XA11,2026,a,P,D1.4,NA,",
            "XA11,2026,a,P,D1.5,,",
        )
    )
    rows = found.answers.to_pylist()
    assert [(r["item"], r["answer"], r["state"], r["reason_given"]) for r in rows] == [
        ("D1.1", 0, "answered", False),
        ("D1.2", None, "DK", False),
        ("D1.3", None, "NA", True),
        ("D1.4", None, "NA", False),
    ]
    assert [r["repaired"] for r in rows] == ["", "", "", "no reason given for NA"]
    assert [(r["row"], r["cell"]) for r in rows] == [(2, "F2"), (3, "F3"), (4, "F4"), (5, "F5")]


def test_region_and_wave_may_stand_in_the_files_name():
    found = read(csv("respondent,group,item,answer", "a,C,D1.1,3"))
    (row,) = found.answers.to_pylist()
    assert (row["region"], row["wave"], row["answer"]) == ("XA11", 2026, 3)


def test_a_list_of_evidence_and_several_files_together():
    files = csv(HEADER, "XA11,2026,a,P,D1.1,4,") | csv(
        "item,grade,title,date,link",
        "D1.1,2,<b>Plan</b> of me@example.org,01.05.2024,https://example.org/a",
        "D1.1,1,Plan,,",
        name="stresstest_XA11_2026_evidence.csv",
    )
    found = read(files)
    assert found.answers.num_rows == 1
    first, second = found.evidence.to_pylist()
    assert (first["title"], str(first["date"]), first["problem"]) == ("Plan of", "2024-05-01", "")
    assert {"HTML removed", "e-mail address removed", "date written anew"} <= set(
        first["repaired"].split(", ")
    )
    assert (second["grade"], second["date"], second["link"]) == (1, None, "")


def test_the_same_person_is_the_same_pseudonym_in_every_file():
    files = csv(HEADER, "XA11,2026,Code-7,P,D1.1,4,") | csv(
        HEADER, "XA11,2026,code-7 ,P,D1.2,4,", name="stresstest_XA11_2026_2.csv"
    )
    assert len(set(read(files).answers.column("respondent").to_pylist())) == 1


# LimeSurvey

CODES = "id,submitdate,lastpage,startlanguage,token,email,ipaddr,GROUP,D1x1,D1x1[comment]"


@pytest.mark.parametrize(
    "code",
    ["D1x2", "D1_2", "D1[2]", "D1[SQ002]", "D1_SQ002", "d1x2. Cluster evidence, foresight"],
)
def test_limesurvey_codes_of_an_item(code):
    files = csv(
        f'"id. Response ID";"submitdate. Date submitted";"GROUP. Who";"{code}"',
        '"1";"2026-03-01 10:00:00";"A1";"A3"',
        '"2";"2026-03-01 10:00:00";"R";"2"',
        '"3";"";"A1";"A4"',
        "",
    )
    found = read(files)
    rows = found.answers.to_pylist()
    assert [(r["group"], r["item"], r["answer"]) for r in rows] == [
        ("P", "D1.2", 3),
        ("R", "D1.2", 2),
    ]
    assert [n.problem for n in found.notes] == ["responses that were not submitted are left out: 1"]


def test_limesurvey_tokens_and_addresses_go_no_further():
    files = csv(
        CODES,
        "1,2026-03-01,8,en,Token77,maria.huber@example.org,192.0.2.7,A3,NA,Maria said so",
        "2,2026-03-01,8,en,,maria.huber@example.org,192.0.2.7,A3,A8,",
    )
    found = read(files)
    rows = found.answers.to_pylist()
    assert [(r["state"], r["reason_given"], r["problem"]) for r in rows] == [
        ("NA", True, ""),
        ("DK", False, ""),
    ]
    assert len({r["respondent"] for r in rows}) == 2
    for secret in ("Token77", "aria", "192.0", "example"):
        assert secret not in str(found)


def test_limesurvey_words_and_unknown_codes():
    files = csv(
        "id,submitdate,GROUP,D1x1,D1x9,D1x2",
        "1,2026-03-01,policy makers,established,A3,A7",
    )
    rows = read(files).answers.to_pylist()
    assert [(r["answer"], bool(r["problem"])) for r in rows] == [
        (3, False),
        (None, True),
        (None, True),
    ]
    assert "D1.9" in rows[1]["problem"]
    assert "found a text" in rows[2]["problem"]


def test_large_response_numbers_stay_apart():
    files = csv("id,submitdate,GROUP,D1x1", "1234567,2026,A1,A1", "1234568,2026,A1,A2")
    assert len(set(read(files).answers.column("respondent").to_pylist())) == 2


def test_limesurvey_is_declared_for_this_questionnaire():
    assert declaration().questionnaire == load().version


# Checking


def test_a_check_lists_every_problem_with_cell_and_remedy(tmp_path):
    path = tmp_path / "stresstest_XA11_2026.csv"
    lines = (
        HEADER,
        "XA11,2026,a,P,D1.1,5,",
        "XA11,2026,a,P,D1.2,3 ,",
        "XA11,2026,a,Q,D9.9,1,",
        HEADER,
        "XA12,2026,b,P,D1.1,1,",
    )
    path.write_text("\n".join(lines), encoding="utf-8")
    found = check(path, known=lambda region, version: region == "XA11" and version == "2024")
    assert [(p.severity, p.cell) for p in found] == [
        ("problem", "F2"),
        ("problem", "F4"),
        ("problem", "F4"),
        ("problem", "F6"),
        ("problem", "F6"),
        ("repair", "F3"),
        ("note", "row 5"),
    ]
    assert all(p.sheet == path.name and p.problem and p.remedy for p in found)
    assert "found 5" in found[0].problem
    assert "XA12, which is none" in found[4].problem


def test_a_check_of_a_good_file_finds_nothing(tmp_path):
    for name, data in list(answers_files().items())[:2]:
        path = tmp_path / name
        path.write_bytes(data)
        assert [p for p in check(path) if p.severity == "problem"] == []


def test_a_check_of_no_file_is_refused(tmp_path):
    with pytest.raises(Refused, match="no such file"):
        check(tmp_path / "none.csv")
