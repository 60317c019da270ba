"""Rows become records: which column gives which field, what is set aside, and what it is called."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3etl.errors import Changed
from s3etl.registers.places import Gazetteer, located
from sources.records import read_register, several, unreadable
from tests.unit.hostile import register, sheet, workbook

HEAD = "id,name,country,geo,city,members,labels\n"
OFFICE = register(
    holds="statistics",
    columns={
        "geo": "geo",
        "indicator": "what",
        "breakdown": ("nace", "size"),
        "period": "year",
        "value": "value",
    },
)
NO_ID = register(columns={"name": "name", "country": "country", "city": "city"})


def csv(text, declared=None):
    return read_register(text.encode(), "probe.csv", declared or register()).to_pylist()


def js(content, **changes):
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_register(data, "probe.json", register(records="[]", **changes)).to_pylist()


def book(*rows, **kwargs):
    return read_register(workbook(sheet(rows), **kwargs), "probe.xlsx", register()).to_pylist()


def refused(data, declared=None):
    with pytest.raises(Changed) as error:
        read_register(data, "probe", declared or register())
    assert "\n" not in str(error.value)
    return str(error.value)


# Where a record stands


def test_a_record_tells_its_sheet_and_row_and_a_note_its_cell():
    one, two = csv("a list of clusters\n" + HEAD + '1,A,AT,,,"12,0",\n\n2,B,Austria,,,,\n')
    assert (one["sheet"], one["row"], one["members"]) == ("probe.csv", 3, 12)
    assert one["repaired"] == "1 rows above the header left out; F3: 12,0 read as 12.0"
    assert two["row"] == 5
    assert two["problem"] == "C5: expected a country code of two letters, found another text"


def test_an_optional_field_that_cannot_be_read_is_left_empty_and_says_so():
    (found,) = csv(HEAD + "1,A,AT,,,a dozen,\n")
    assert (found["members"], found["problem"]) == (None, "")
    assert "left empty" in found["repaired"]


def test_a_figure_that_cannot_be_read_sets_its_row_aside_and_a_missing_one_stays_missing():
    rows = "geo,what,nace,size,year,value\nIT,X,C,10,2012,544a\nIT,X,D,10,2012,\nIT,X,E,10,2012,0\n"
    bad, missing, zero = csv(rows, OFFICE)
    assert "544a" in bad["problem"]
    assert (missing["value"], missing["problem"]) == (None, "")
    assert (zero["value"], zero["problem"]) == (0.0, "")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("1,A,AT,,,", "expected 7 cells, found 6"),
        ("1,A, and B,AT,,,,", "expected 7 cells, found 8"),
        ("1,,AT,,,,", "expected the name, found nothing"),
        ("1,A,,,,,", "expected the country, found nothing"),
    ],
)
def test_a_row_that_is_out_of_step_is_set_aside(row, says):
    first, found = csv(HEAD + "0,Z,AT,,,,\n" + row + "\n")
    assert first["problem"] == ""
    assert says in found["problem"]


def test_a_separator_too_many_at_the_end_of_all_rows_does_no_harm():
    assert [r["problem"] for r in csv(HEAD + "1,A,AT,,,,,\n2,B,AT,,,,,\n")] == ["", ""]


def test_a_header_may_stand_twice_and_its_columns_anywhere():
    rows = csv("country,extra,name,id\nAT,x,A,1\ncountry,extra,name,id\nDE,y,B,2\n")
    assert [(r["id"], r["name"], r["country"]) for r in rows] == [
        ("1", "A", "AT"),
        ("2", "B", "DE"),
    ]
    assert "a second header row left out" in rows[1]["repaired"]


def test_two_columns_of_one_name_are_refused_if_they_are_read():
    assert "found 'name' twice" in refused(b"id,name,Name ,country\n1,a,b,AT\n")
    (found,) = csv("id,name,country,other,other\n1,a,AT,x,y\n")
    assert found["name"] == "a"


def test_a_header_that_lacks_a_column_is_refused_by_its_name():
    assert "expected the column country" in refused(b"id,name,land\n1,a,AT\n")
    assert "in one row" in refused(b"id,name,\n,,country\n1,a,AT\n")


# Workbooks


@pytest.mark.parametrize(
    ("cells", "after", "says"),
    [
        (["1", '<c r="B2" t="str"><f>A2</f><v>A</v></c>', "AT"], "", "B2 holds a formula"),
        (["1", "A", "AT"], '<mergeCells><mergeCell ref="B2:B3"/></mergeCells>', "B2 is part of"),
    ],
)
def test_a_cell_that_is_no_plain_value_sets_its_row_aside(cells, after, says):
    data = workbook(sheet([["id", "name", "country"], cells], after=after))
    (found,) = read_register(data, "probe.xlsx", register()).to_pylist()
    assert says in found["problem"]


def test_merged_titles_and_formulas_beside_the_declared_columns_do_no_harm():
    rows = [["Clusters"], ["id", "name", "country", "sum"]]
    rows += [["1", "A", "AT", '<c r="D3"><f>1+1</f><v>2</v></c>']]
    merged = '<mergeCells><mergeCell ref="A1:C1"/></mergeCells>'
    (found,) = read_register(workbook(sheet(rows, after=merged)), "p", register()).to_pylist()
    assert found["problem"] == ""


def test_a_sheet_that_has_the_header_too_is_not_lost_in_silence():
    head = ["id", "name", "country"]
    pages = [sheet([["read me"]]), sheet([head, ["1", "A", "AT"]]), sheet([head, ["2", "B", "AT"]])]
    (found,) = read_register(workbook(*pages), "probe.xlsx", register()).to_pylist()
    assert (found["sheet"], found["repaired"]) == ("S2", "sheet S3 was not read")


def test_a_hidden_sheet_is_read_only_if_no_other_has_the_header():
    head = ["id", "name", "country"]
    hidden, seen = sheet([head, ["1", "old", "AT"]]), sheet([head, ["1", "new", "AT"]])
    states = ["hidden", "visible"]
    (found,) = read_register(workbook(hidden, seen, states=states), "p", register()).to_pylist()
    assert found["name"] == "new"
    other = workbook(hidden, sheet([["x"]]), states=states)
    (found,) = read_register(other, "p", register()).to_pylist()
    assert (found["name"], found["repaired"]) == ("old", "the sheet is hidden")


# JSON


def test_records_of_json_stand_where_the_path_leads_and_keys_become_columns():
    content = {"meta": 1, "kraje": {"Praha": {"domeny": [{"id": 1, "name": "A", "country": "CZ"}]}}}
    declared = register(
        records="kraje/{city}/domeny/[]",
    )
    (found,) = read_register(json.dumps(content).encode(), "p", declared).to_pylist()
    assert (found["id"], found["city"], found["row"]) == ("1", "Praha", 1)


@pytest.mark.parametrize(
    ("record", "field", "value", "says"),
    [
        ({"members": "12"}, "members", 12, ""),
        ({"members": 12}, "members", 12, ""),
        ({"members": [12]}, "members", None, "expected one value, found several"),
        ({"members": float("nan")}, "members", None, ""),
        ({"city": {"name": "Graz"}}, "city", None, "expected one value, found several"),
        ({"labels": ["a", "b"]}, "labels", ["a", "b"], ""),
        ({"labels": "a; b"}, "labels", ["a", "b"], ""),
        ({"labels": 5}, "labels", ["5"], ""),
        ({"labels": {"a": 1}}, "labels", None, "another structure"),
        ({"labels": None}, "labels", None, ""),
        ({"labels": []}, "labels", None, ""),
        ({"city": "half \ud800"}, "city", "half ?", ""),
    ],
)
def test_a_value_of_json_may_have_another_structure(record, field, value, says):
    (found,) = js([{"id": 1, "name": "A", "country": "AT"} | record])
    got = found[field]
    assert ([e["label"] for e in got] if isinstance(got, list) else got) == value
    assert says in found["repaired"]
    assert found["problem"] == ""


def test_an_element_that_is_no_record_is_set_aside_and_the_rest_goes_on():
    one, two = js([None, {"id": 1, "name": "A", "country": "AT"}])
    assert "expected a record" in one["problem"]
    assert two["problem"] == ""


def test_a_key_in_two_spellings_sets_the_record_aside():
    (found,) = js([{"id": 1, "name": "A", "Name": "B", "country": "AT"}])
    assert "two spellings" in found["problem"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[" * 100_000, "expected JSON"),
        (b"[" * 900 + b"]" * 900, "at most 20 levels"),
        (b'[{"a":' * 30 + b"1" + b"}]" * 30, "at most 20 levels"),
        (b'[{"id": 1, "id": 2}]', "found 'id' twice"),
        (b'[{"id": ' + b"9" * 5000 + b"}]", "expected JSON"),
        (b'{"id": 1}', "another structure"),
        (b'["a"', "expected JSON"),
        (b"[]", "found none"),
        (b"", "expected JSON"),
        (b"[" + b"[]," * 600_000 + b"[]]", "values, found more"),
        (b"[" + b"1," * 4_000_000 + b"1]", "values, found more"),
    ],
)
def test_json_of_another_kind_is_refused(data, says):
    assert says in refused(data, register(records="[]"))


# Columns, constants and values


def test_the_first_column_that_is_there_gives_a_field_and_all_of_them_a_list():
    declared = register(
        columns={"name": ("title", "name"), "country": "country", "labels": ("a", "b")},
        separators={"labels": "|"},
        values={"labels": {"IT": "Digital"}, "country": {"1": "AT"}},
        constants={"programme": "P"},
    )
    (found,) = csv('name,country,a,b\nA,1,x|IT,"y; z"\n', declared)
    assert [e["label"] for e in found["labels"]] == ["x", "Digital", "y; z"]
    assert (found["name"], found["country"], found["programme"]) == ("A", "AT", "P")
    data = workbook(sheet([["name", "country", "a"], ["A", 1, "x"]]))
    assert read_register(data, "p", declared).column("country").to_pylist() == ["AT"]


# Ids


def ids(rows, declared=NO_ID):
    return {
        (r["name"], r["city"]): r["id"]
        for r in csv("name,country,city\n" + "".join(rows), declared)
    }


ROWS = ["A,AT,Graz\n", "A,AT,Wien\n", "A,DE,Bonn\n", "B,AT,Linz\n", "C,AT,\n"]


@given(st.permutations(ROWS))
def test_an_id_does_not_depend_on_the_order_of_the_rows(rows):
    assert ids(rows) == ids(ROWS)


@given(st.lists(st.sampled_from(ROWS), unique=True))
def test_an_id_does_not_depend_on_rows_of_other_names(rows):
    both = {*ROWS[:2]} <= set(rows)
    mine = ids([*rows, "Z,AT,Ulm\n"])
    for key, own in ids(rows or ROWS[3:4]).items():
        assert not rows or mine[key] == own
    assert not both or len(set(mine.values())) == len(mine)


def test_an_id_does_not_depend_on_the_name_of_the_file():
    text = ("name,country,city\n" + "".join(ROWS)).encode()
    made = [
        read_register(text, name, NO_ID).column("id").to_pylist() for name in ("a.csv", "b.csv")
    ]
    assert made[0] == made[1]


def test_the_same_record_twice_is_set_aside_once():
    one, two = csv("name,country,city\nA,AT,Graz\nA,AT,Graz\n", NO_ID)
    assert (one["id"], one["problem"]) == ("AT A", "")
    assert "row 2 already" in two["problem"]


def test_a_row_that_cannot_be_used_takes_no_id_from_a_good_one():
    bad, good = csv(HEAD + "1,,AT,,,,\n1,A,AT,,,,\n")
    assert bad["problem"]
    assert (good["id"], good["problem"]) == ("1", "")
    assert bad["id"] != "1"


def test_two_figures_for_one_cell_contradict_each_other_and_both_are_set_aside():
    text = "geo,what,nace,size,year,value\nIT,X,C,10,2012,1\nIT,X,C,10,2012,2\nIT,X,D,10,2012,1\n"
    one, two, three = csv(text, OFFICE)
    assert "row 3 says otherwise" in one["problem"]
    assert "row 2 says otherwise" in two["problem"]
    assert (three["id"], three["problem"]) == ("IT X nace=D size=10 2012", "")


# Several rows or files


COLLECT = register(collect=True)


def test_rows_of_one_id_are_one_record_whose_lists_are_joined():
    found, other = csv(
        HEAD + "1,A,AT,,,,x;y\n2,B,AT,,,,z\n1,A,AT,,,,y;w\n1,Other,AT,,,,\n", COLLECT
    )
    assert [e["label"] for e in found["labels"]] == ["x", "y", "w"]
    assert found["repaired"] == "row 5 has another name"
    assert (found["name"], found["row"], other["id"]) == ("A", 2, "2")


def test_a_collected_row_with_a_problem_stays_by_itself():
    bad, good = csv(HEAD + "1,,AT,,,,x\n1,A,AT,,,,y\n", COLLECT)
    assert "expected the name" in bad["problem"]
    assert (good["id"], [e["label"] for e in good["labels"]], good["problem"]) == ("1", ["y"], "")


def table(text, declared=None):
    return read_register(text.encode(), "p", declared or register())


def test_an_id_that_stands_in_two_files_is_set_aside_in_the_second():
    joined = several(
        [table(HEAD + "1,,AT,,,,\n"), table(HEAD + "1,A,AT,,,,\n"), table(HEAD + "1,B,AT,,,,\n")],
        ["a.csv", "b.csv", "c.csv"],
    ).to_pylist()
    assert [bool(r["problem"]) for r in joined] == [True, False, True]
    assert joined[2]["problem"] == "its id stands in b.csv: p already"
    assert len({r["id"] for r in joined}) == 3


def test_decisions_that_contradict_each_other_in_two_files_are_both_set_aside():
    declared = register(
        holds="decisions",
        columns={n: n for n in ("register_a", "id_a", "register_b", "id_b", "decision", "reason")},
    )
    head = "register_a,id_a,register_b,id_b,decision,reason\n"
    parts = [table(f"{head}r,1,s,2,{word},seen\n", declared) for word in ("same", "different")]
    joined = several(parts, ["a.csv", "b.csv"], one=True).to_pylist()
    assert "says otherwise" in joined[0]["problem"]
    assert "already" in joined[1]["problem"]


def test_a_file_that_cannot_be_read_is_one_record_with_its_reason():
    (found,) = unreadable("a.csv", "It is a picture.", register()).to_pylist()
    assert (found["problem"], found["sheet"]) == ("It is a picture.", "a.csv")


# Regions


def gazetteer():
    codes = [
        ("2021", "PT16"),
        ("2024", "PT19"),
        ("2024", "AT22"),
        ("2024", "AT2"),
        ("2021", "AT22"),
    ]
    codes += [("2024", g) for g in ("ES11", "BE3", "BE31")]
    names = [
        ("2024", "AT22", "Steiermark"),
        ("2024", "ES11", "Limburg"),
        ("2024", "BE31", "Limburg"),
    ]
    names += [("2024", "BE3", "Wallonie"), ("2024", "BE31", "Wallonie"), ("2021", "PT16", "Centro")]
    return Gazetteer(
        pa.Table.from_pylist([{"version": v, "geo": g} for v, g in codes]),
        pa.Table.from_pylist([{"version": v, "geo": g, "name": n} for v, g, n in names]),
        "provider",
    )


PRIORITIES = register(
    holds="priorities", columns={"geo": "geo", "place": "place", "title": "title"}
)


@pytest.mark.parametrize(
    ("geo", "place", "found", "problem"),
    [
        ("AT22", "", "AT22", ""),
        ("AT", "", "AT", ""),
        ("GR", "", "EL", ""),
        ("", "STEIERMARK ", "AT22", ""),
        ("", "Wallonie", "BE3", ""),
        ("", "Limburg", None, "several regions are called Limburg: "),
        ("", "Centro", None, "no region of NUTS 2024 is called Centro"),
        ("PT16", "", "PT16", "PT16 is a region of NUTS 2021 and not of NUTS 2024"),
        ("AT99", "", "AT99", "AT99 is no region of NUTS 2024"),
        ("", "", None, "expected a region, found nothing"),
    ],
)
def test_a_region_is_one_of_the_declared_version_by_code_or_by_name(geo, place, found, problem):
    read = table(f"geo,place,title\n{geo},{place},T\n", PRIORITIES)
    (row,) = located(read, PRIORITIES, gazetteer()).to_pylist()
    assert row["geo"] == found
    assert row["problem"].startswith(problem)
    assert bool(row["problem"]) == bool(problem)


def test_an_organisation_keeps_an_earlier_code_and_loses_one_that_never_was():
    read = table(HEAD + "1,A,PT,PT16,,,\n2,B,AT,AT99,,,\n")
    old, never = located(read, register(), gazetteer()).to_pylist()
    assert (old["geo"], old["repaired"]) == ("PT16", "")
    assert never["geo"] is None
    assert "AT99 is no region of NUTS 2024; left empty" in never["repaired"]
