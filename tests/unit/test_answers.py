"""Every answer of Eurostat, by hand-made bodies and by what was recorded."""

import gzip
import json
import re
from pathlib import Path

import pytest

from s3etl.errors import Changed, Refused, S3etlError, Unreachable
from sources import answers
from tests.messages import BIG, envelope, error, fault, queued, standing

OLD = b"unit,geo\\time\t2015 \t2014 \nPC,AT\t1 \t: c\n"
NEW = b"freq,unit,geo\\TIME_PERIOD\t2014 \r\nA,PC,AT\t1 \r\n"
LINEAR = (
    b"DATAFLOW,LAST UPDATE,freq,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\r\nE:T(1.0),x,A,AT,2014,1,\r\n"
)
PLAIN = b"freq,geo,TIME_PERIOD,OBS_VALUE\nA,AT,2014,1\n"
CUBE = json.dumps(
    {
        "version": "2.0",
        "class": "dataset",
        "value": {"0": 1},
        "id": ["geo", "time"],
        "size": [1, 1],
        "dimension": {"geo": {}, "time": {}},
    }
).encode()
OLD_CUBE = b'{"tab_1": {"value": [1], "dimension": {"id": ["time"], "size": [1]}}}'
LONG_CUBE = CUBE[:-1] + b', "extension": "' + b"x" * answers.HEAD + b'"}'

ASYNC = b'{"warning":{"status":413,"label":"ASYNCHRONOUS_RESPONSE. Please try again later."}}'
HTML = b"\n<!DOCTYPE html>\n<html><body>Sorry.</body></html>"
XHTML = b'<?xml version="1.0"?>\n<!-- a page --><html xmlns="http://www.w3.org/1999/xhtml"></html>'


def footer(code: str, said: str) -> bytes:
    return (
        '<m:GenericData xmlns:m="urn:m" xmlns:f="urn:f" xmlns:c="urn:c"><f:Footer>'
        f'<f:Message code="{code}" severity="Error"><c:Text>{said}</c:Text>'
        "<c:Text>more</c:Text></f:Message></f:Footer></m:GenericData>"
    ).encode()


def sdmx_error(code: str, said: str) -> bytes:
    return (
        '<m:Error xmlns:m="urn:m" xmlns:c="urn:c">'
        f'<m:ErrorMessage code="{code}"><c:Text>{said}</c:Text></m:ErrorMessage></m:Error>'
    ).encode()


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(20))
    + b"]><S:Fault xmlns:S='x'><faultstring>&u;</faultstring></S:Fault>"
)
EXTERNAL = (
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    b"<Fault><faultcode>100</faultcode><faultstring>&e;</faultstring></Fault>"
)
DATA_XML = (
    b'<?xml version="1.0"?><m:StructureSpecificData xmlns:m="urn:m"><m:Header/>'
    b"</m:StructureSpecificData>"
)


@pytest.fixture(params=[False, True], ids=["plain", "gzip"])
def body(request: pytest.FixtureRequest, tmp_path: Path):
    """Writes a body to a file, as it is and packed: Eurostat packs errors too."""

    def write(content: bytes) -> Path:
        path = tmp_path / "answer"
        path.write_bytes(gzip.compress(content) if request.param else content)
        return path

    return write


def is_one_sentence(message: str, about: str = "tab_1") -> bool:
    """Tell whether a message names the thing and ends with a next step, on one line."""
    unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "…", message)
    return (
        message.startswith(f"{about}: ")
        and message.endswith(".")
        and message.isprintable()
        and ". " not in unquoted
        and re.search(r"; (run again|check code|look at the kept bytes)", message) is not None
        and len(message) < 400
    )


@pytest.mark.parametrize(
    "content",
    [OLD, NEW, LINEAR, PLAIN, CUBE, OLD_CUBE, LONG_CUBE],
    ids=["old TSV", "new TSV", "SDMX-CSV", "bare CSV", "JSON-stat", "JSON-stat 1.x", "long JSON"],
)
@pytest.mark.parametrize(
    "media_type",
    ["", "application/octet-stream", "text/html", "text/plain", "application/xml"],
)
def test_data_are_known_by_what_they_are(content, media_type, body):
    found = answers.understand(200, media_type, body(content), about="tab_1")
    assert found == answers.Table()
    match found:
        case answers.Table():
            pass
        case other:
            pytest.fail(f"{other} is no table")


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (200, queued("a801f1c5"), answers.Ticket("a801f1c5")),
        (200, queued("0f-9A"), answers.Ticket("0f-9A")),
        (202, queued("a" * 64), answers.Ticket("a" * 64)),
        (200, queued("a801f1c5", "PROCESSING"), answers.Ticket("a801f1c5")),
        (200, standing("PROCESSING"), answers.Ticket("a801f1c5")),
        (200, queued(" a801f1c5\n"), answers.Ticket("a801f1c5")),
        (200, ASYNC, answers.Later("ASYNCHRONOUS_RESPONSE. Please try again later")),
        (413, ASYNC, answers.Later("ASYNCHRONOUS_RESPONSE. Please try again later")),
        (
            200,
            b"\xef\xbb\xbf\n" + ASYNC,
            answers.Later("ASYNCHRONOUS_RESPONSE. Please try again later"),
        ),
        (200, footer("413", "Due to the large query"), answers.Later("Due to the large query")),
        (413, BIG, answers.TooBig("EXTRACTION_TOO_BIG: estimated 10305182 rows")),
        (200, BIG, answers.TooBig("EXTRACTION_TOO_BIG: estimated 10305182 rows")),
        (200, error("413", "too much"), answers.TooBig("too much")),
        (400, error(400, "the answer is too large"), answers.TooBig("the answer is too large")),
        (413, fault("413", "EXTRACTION_TOO_BIG"), answers.TooBig("EXTRACTION_TOO_BIG")),
        (200, fault("413", ""), answers.TooBig("status 413")),
        (200, fault("150", "EXTRACTION_TOO_BIG: x"), answers.TooBig("EXTRACTION_TOO_BIG: x")),
        (
            200,
            sdmx_error("510", "Response exceeds limit"),
            answers.TooBig("Response exceeds limit"),
        ),
        (200, footer("130", "Response too large"), answers.TooBig("Response too large")),
        (413, b"", answers.TooBig("status 413")),
        (413, b"Payload Too Large", answers.TooBig("status 413")),
        (413, DATA_XML, answers.TooBig("status 413")),
        (413, LAUGHS, answers.TooBig("status 413")),
    ],
)
def test_what_is_not_data_yet(status, content, expected, body):
    assert answers.understand(status, "application/xml", body(content), about="t") == expected


@pytest.mark.parametrize(
    ("status", "content", "error_type", "words"),
    [
        # There is no such data, or the request is wrong: Eurostat's own words.
        (404, fault("100", "ERR_NOT_FOUND_2: no X"), Refused, ["404", "100 ERR_NOT_FOUND_2: no X"]),
        (200, fault("100", "ERR_NOT_FOUND_2: no X"), Refused, ["200", "ERR_NOT_FOUND_2"]),
        (400, fault("140", "syntax error"), Refused, ["400", "140 syntax error"]),
        (400, fault("150", "semantic error"), Refused, ["400", "150 semantic error"]),
        (404, envelope("<Fault><faultcode>S:Client</faultcode></Fault>"), Refused, ["S:Client"]),
        (404, sdmx_error("100", "No results"), Refused, ["404", "100 No results"]),
        (200, footer("100", "No results"), Refused, ["200", "100 No results"]),
        (404, error(404, "NOT_FOUND"), Refused, ["404", "NOT_FOUND"]),
        (200, error(404, "NOT_FOUND"), Refused, ["200", "NOT_FOUND"]),
        (400, error(400, "wrong\n\x00 \ud800filter\u202e"), Refused, ["wrong filter"]),
        (400, error(None, "x" * 5000), Refused, ["x" * 150 + "xxxxxxxxx…"]),
        (400, b'{"error": "plain text"}', Refused, ["400", "plain text"]),
        (400, b'{"error": {"status": 400, "label": "one"}}', Refused, ["one"]),
        (404, b"", Refused, ["404"]),
        (404, b"no such page", Refused, ["404", "no such page"]),
        (410, b"gone\nfor ever", Refused, ["410", "gone for ever"]),
        (403, b"{}", Refused, ["403"]),
        (404, b"{broken", Refused, ["404"]),
        (404, OLD, Refused, ["404"]),
        (404, LAUGHS, Refused, ["404"]),
        # The service is not itself.
        (200, HTML, Unreachable, ["an HTML page", "200"]),
        (200, HTML.lower().strip(), Unreachable, ["an HTML page"]),
        (200, XHTML, Unreachable, ["an HTML page"]),
        (200, b"<HTML><p>Maintenance", Unreachable, ["an HTML page"]),
        (404, HTML, Unreachable, ["an HTML page", "404"]),
        (413, HTML, Unreachable, ["an HTML page", "413"]),
        (503, HTML, Unreachable, ["an HTML page", "503"]),
        (500, fault("500", "internal"), Unreachable, ["500", "internal"]),
        (200, fault("500", "internal"), Unreachable, ["200", "500 internal"]),
        (200, fault("S:Server", "internal"), Unreachable, ["S:Server internal"]),
        (200, sdmx_error("503", "busy"), Unreachable, ["503 busy"]),
        (200, error(500, "internal"), Unreachable, ["internal"]),
        (200, error("503", "busy"), Unreachable, ["busy"]),
        (502, error(404, "odd"), Unreachable, ["502"]),
        (503, b"", Unreachable, ["503"]),
        (429, b"slow down", Unreachable, ["429", "slow down"]),
        (304, b"", Unreachable, ["304"]),
        (200, queued("a801f1c5", "EXPIRED"), Unreachable, ["'EXPIRED'"]),
        # Neither data nor an answer that is known.
        (200, b"", Changed, ["an empty file"]),
        (200, b" \r\n", Changed, ["an empty file"]),
        (200, b"PK\x03\x04\x14\x00", Changed, ["a ZIP archive"]),
        (200, b"%PDF-1.7", Changed, ["a PDF document"]),
        (200, OLD.decode().encode("utf-16"), Changed, ["UTF-16 text"]),
        (200, b"\xfe\xff" + OLD.decode().encode("utf-16-be"), Changed, ["UTF-16 text"]),
        (200, OLD.decode().encode("utf-16-be"), Changed, ["bytes of an unknown kind"]),
        (200, b"\xef\xbb\xbf" + OLD, Changed, ["a byte order mark"]),
        (200, gzip.compress(gzip.compress(OLD)), Changed, ["a gzip file within a gzip file"]),
        (200, b"hello\nworld", Changed, ["text that starts with 'hello world'"]),
        (200, b"geo\\x\t2015\n", Changed, ["text that starts with"]),
        (200, b"geo,TIME_PERIOD,VALUE\n", Changed, ["text that starts with"]),
        (200, b"\x80\x81\x82", Changed, ["bytes of an unknown kind"]),
        (200, DATA_XML, Changed, ["XML of an unknown kind"]),
        (200, b"<a><b></a>", Changed, ["damaged"]),
        (200, fault("100", "x")[:-5], Changed, ["damaged"]),
        (200, LAUGHS, Changed, ["entities"]),
        (200, EXTERNAL, Changed, ["entities"]),
        (200, fault("100", "&e;"), Changed, ["damaged"]),
        (200, fault("100", "x").decode().encode("utf-16-le"), Changed, ["damaged"]),
        (200, b"{}", Changed, ["JSON of an unknown kind"]),
        (200, b"[1, 2]", Changed, ["JSON of an unknown kind"]),
        (200, b'{"a": NaN', Changed, ["damaged JSON"]),
        (200, b"[" * 100_000, Changed, ["damaged JSON"]),
        (200, b'{"a": ' + b"9" * 5000 + b"}", Changed, ["damaged JSON"]),
        (200, b'{"a": "' + b"x" * answers.HEAD + b'"}', Changed, ["long JSON of an unknown kind"]),
        (200, b'{"warning": {"label": "NEW_KIND"}}', Changed, ["unknown warning 'NEW_KIND'"]),
        (200, queued(""), Changed, ["the key of a queued extraction", "''"]),
        (200, queued("../../secret"), Changed, ["../../secret"]),
        (200, queued("a?b=c"), Changed, ["a?b=c"]),
        (200, queued("a" * 65), Changed, ["the key of a queued extraction"]),
        (200, queued("\u0661"), Changed, ["the key of a queued extraction"]),
    ],
)
def test_no(status, content, error_type, words, body):
    with pytest.raises(error_type) as caught:
        answers.understand(status, "application/octet-stream", body(content), about="tab_1")
    message = str(caught.value)
    assert type(caught.value) is error_type
    assert is_one_sentence(message)
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize("media_type", ["", "text/html", "application/xml", "application/json"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [(BIG, answers.TooBig), (ASYNC, answers.Later), (queued("a8"), answers.Ticket)],
    ids=["too big", "later", "ticket"],
)
def test_the_media_type_says_little(media_type, content, expected, body):
    assert type(answers.understand(200, media_type, body(content), about="t")) is expected


def test_html_without_a_word_of_it_is_known_by_its_media_type(body):
    with pytest.raises(Unreachable, match="an HTML page"):
        answers.understand(200, "text/html", body(b"<div>Sorry</div>"), about="t")


@pytest.mark.parametrize(
    "damage", [b"\x1f\x8b\x09" + bytes(9), b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff"]
)
def test_a_damaged_gzip_file(damage, tmp_path):
    path = tmp_path / "answer"
    path.write_bytes(damage)
    with pytest.raises(Changed, match=r"^t: expected data, found a damaged gzip file; look at"):
        answers.understand(200, "", path, about="t")


def test_a_gzip_bomb_is_opened_a_little(tmp_path):
    path = tmp_path / "answer"
    path.write_bytes(gzip.compress(bytes(64 << 20)))
    with pytest.raises(Changed, match="bytes of an unknown kind"):
        answers.understand(200, "", path, about="t")


def test_xml_that_goes_deep_or_on_and_on(tmp_path):
    path = tmp_path / "answer"
    for content in (b"<a>" * 300_000, b"<a>" + b"<b/>" * 500_000, b"<a>" + b"x" * (3 << 20)):
        path.write_bytes(content)
        with pytest.raises(Changed, match="XML"):
            answers.understand(200, "", path, about="t")


# ---- The queue ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["SUBMITTED", "PROCESSING", "AVAILABLE"])
@pytest.mark.parametrize("message", [standing, lambda s: queued("a8", s)], ids=["async", "sync"])
def test_how_an_extraction_stands(status, message, body):
    assert answers.ticket_status(200, "application/xml", body(message(status)), about="t") == status


@pytest.mark.parametrize(
    ("status", "content", "words"),
    [
        (200, standing("EXPIRED"), "'EXPIRED'"),
        (200, standing("UNKNOWN_REQUEST"), "'UNKNOWN_REQUEST'"),
        (200, standing("submitted"), "'submitted'"),
        (200, standing(""), "an answer that says nothing, status 200"),
        (404, standing("AVAILABLE"), "'AVAILABLE'"),
        (404, fault("100", "x"), "an answer that says nothing, status 404"),
        (200, HTML, "an answer that says nothing"),
        (200, ASYNC, "an answer that says nothing"),
        (200, OLD, "an answer that says nothing"),
        (200, b"", "an answer that says nothing"),
        (200, LAUGHS, "an answer that cannot be read"),
        (200, standing("AVAILABLE")[:-3], "an answer that cannot be read"),
    ],
)
def test_an_extraction_that_is_gone(status, content, words, body):
    with pytest.raises(Unreachable) as caught:
        answers.ticket_status(status, "application/xml", body(content), about="tab_1")
    assert is_one_sentence(str(caught.value))
    assert words in str(caught.value)


# ---- What was recorded -------------------------------------------------------------------------

NOT_FOUND = "100 ERR_NOT_FOUND_2: DATA_SET:DS-999999 is not available for dissemination"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "status", "expected"),
    [
        ("ds-059358-de-2022.tsv", 200, answers.Table),
        ("nama_10r_3empers_excerpt.tsv", 200, answers.Table),
        ("sts-inpr-m-ie-confidential.json", 200, answers.Table),
        ("nama-10-gdp-de-since-2030.json", 200, answers.Table),
        ("jsonstat-v1-nama_gdp_c-geo_IT.json", 200, answers.Table),
        ("async-syncresponse-submitted.xml", 200, answers.Ticket),
        ("async-413-warning.json", 200, answers.Later),
        ("async-413-warning.json", 413, answers.Later),
        ("footer.xml", 200, answers.Later),
        ("ds-045409-extraction-too-big.json", 413, answers.TooBig),
    ],
)
def test_a_recorded_answer(name, status, expected, shared_data, body):
    content = (shared_data / "responses" / name).read_bytes()
    assert type(answers.understand(status, "", body(content), about="t")) is expected


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "status", "expected", "words"),
    [
        ("ds-999999-data.xml", 404, Refused, NOT_FOUND),
        ("NAMA_10_GDP-ss.xml", 200, Changed, "XML of an unknown kind"),
        ("GOV_10Q_GGNFA.xml", 200, Changed, "XML of an unknown kind"),
        ("apro_mk_cola-structure.xml", 200, Changed, "XML of an unknown kind"),
        ("CL_FREQ.xml", 200, Changed, "XML of an unknown kind"),
    ],
)
def test_a_recorded_no(name, status, expected: type[S3etlError], words, shared_data, body):
    content = (shared_data / "responses" / name).read_bytes()
    with pytest.raises(expected, match=re.escape(words)) as caught:
        answers.understand(status, "", body(content), about="tab_1")
    assert is_one_sentence(str(caught.value))


@pytest.mark.shared
def test_bulk_files_are_tables(shared_data):
    for path in sorted(shared_data.glob("*.gz")):
        assert answers.understand(200, "", path, about="t") == answers.Table(), path.name
