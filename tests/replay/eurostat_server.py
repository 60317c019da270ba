"""A stand-in for Eurostat on loopback: real HTTP, synthetic data, and every mood it has.

It serves files as the dissemination API does: table of contents, data by SDMX 2.1 key,
asynchronous extractions, 413, structures. Each request is written down.
"""

import gzip
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from s3etl.catalogue import Dataset
from sources import eurostat
from tests.messages import BIG, fault, queued, standing

MESSAGE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/message"
STRUCTURE = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/structure"
COMMON = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1/common"
NAMES = f'xmlns:m="{MESSAGE}" xmlns:s="{STRUCTURE}" xmlns:c="{COMMON}"'
RENDERED: dict[tuple[object, ...], bytes] = {}
"""Answers by what was asked for: a test need not wait for them twice."""

TODAY = {
    "nama_10r_2gdp": {
        "MIO_PPS": "MIO_PPS_EU27_2020",
        "PPS_HAB": "PPS_EU27_2020_HAB",
        "PPS_HAB_EU": "PPS_HAB_EU27_2020",
    },
    "lfst_r_lfe2emp": {"THS": "THS_PER"},
    "lfst_r_lfu3pers": {"THS": "THS_PER"},
}
"""What codes of the sample's old files are called today."""


def as_of_today(data: bytes, dataset: Dataset) -> bytes:
    """An old file of the sample world under today's dimensions and codes."""
    if not dataset.earlier:
        return data
    table = eurostat.parse(data, name=dataset.id)
    new = TODAY.get(dataset.id, {})
    columns = {}
    for dimension, codes in dataset.dimensions.items():
        if dimension in table.column_names:
            found = table.column(dimension).to_pylist()
            columns[dimension] = pa.array([new.get(code, code) for code in found])
        else:
            columns[dimension] = pa.array([codes[0]] * table.num_rows)
    for name in ("geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"):
        columns[name] = table.column(name)
    return render(pa.table(columns), dataset.id, "TSV", "")


def not_found(code: str) -> bytes:
    """The answer to a request for a dataset that is not there."""
    return fault("100", f"ERR_NOT_FOUND_2: DATA_SET:{code.upper()} is not available.")


class Eurostat:
    """Datasets behind the addresses of the dissemination API.

    Attributes:
        files: File as published, by dataset code.
        updated: Last update by dataset code.
        queue: Codes that are extracted asynchronously.
        limit: Most rows of one extraction; beyond it the answer is 413.
        latency: Seconds before each answer to a request for data.
        broken: Answers given instead of data, by dataset code.
        requests: Paths asked for, in order.
    """

    def __init__(self, server: HTTPServer, files: Mapping[str, bytes]) -> None:
        self.server = server
        self.files = dict(files)
        self.updated = dict.fromkeys(files, "2015-03-01T11:00:00+0100")
        self.queue: set[str] = set()
        self.limit: int | None = None
        self.latency = 0.0
        self.broken: dict[str, Callable[[], Response]] = {}
        self.requests: list[str] = []
        self.others: dict[str, bytes] = {}
        self.at_once = self.most_at_once = 0
        self.in_queue = self.most_in_queue = 0
        self._rendered = RENDERED
        self._polls: Counter[str] = Counter()
        self._tickets: dict[str, str] = {}
        self._counting = threading.Lock()
        server.expect_request(re.compile("/.*")).respond_with_handler(self.answer)

    @property
    def base(self) -> str:
        """Base address, as ``S3ETL_EUROSTAT`` takes it."""
        return self.server.url_for("/api/dissemination/")

    def data_requests(self) -> Counter[str]:
        """How often data of each dataset were asked for."""
        codes = [m[1].lower() for r in self.requests if (m := re.search("/data/([A-Z0-9_]+)", r))]
        return Counter(codes)

    @contextmanager
    def _busy(self):
        with self._counting:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield
        finally:
            with self._counting:
                self.at_once -= 1

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        with self._counting:
            self.requests.append(request.full_path.rstrip("?"))
        path = request.path.removeprefix("/api/dissemination/")
        match path.split("/"):
            case ["sdmx", "2.1", "dataflow", "all"]:
                return self.contents()
            case ["sdmx", "2.1", "data", code, *key]:
                with self._busy():
                    time.sleep(self.latency)
                    return self.data(code.lower(), key[0] if key else "", request)
            case ["1.0", "async", kind, ticket]:
                return self.asynchronous(kind, ticket)
            case ["sdmx", "2.1", kind, *rest]:
                return self.structure(kind, rest)
            case _:
                name = path.rsplit("/", 1)[-1]
                if name in self.others:
                    return Response(self.others[name], content_type="text/csv")
                return Response("no such page", status=404, content_type="text/html")

    def contents(self) -> Response:
        """The table of contents, as ``eurostat.get_toc`` reads it."""
        items = [
            {
                "label": code,
                "class": "dataset",
                "extension": {
                    "id": code.upper(),
                    "annotation": [
                        {"type": "UPDATE_DATA", "date": self.updated[code]},
                        {"type": "UPDATE_STRUCTURE", "date": "2026-01-01T00:00:00+0100"},
                        {"type": "OBS_PERIOD_OVERALL_OLDEST", "title": "2000"},
                        {"type": "OBS_PERIOD_OVERALL_LATEST", "title": "2025"},
                    ],
                },
            }
            for code in self.files
        ]
        return Response(
            gzip.compress(json.dumps({"link": {"item": items}}).encode()),
            content_type="application/octet-stream",
        )

    def data(self, code: str, key: str, request: Request) -> Response:
        """Data by key, in the form asked for."""
        if code in self.broken:
            return self.broken[code]()
        if code not in self.files:
            return Response(not_found(code), status=404, content_type="application/xml")
        form = request.args.get("format", "TSV")
        asked = (hash(self.files[code]), key, form, self.updated[code])
        if asked not in self._rendered or self.limit is not None:
            table = selected(eurostat.parse(self.files[code], name=code), key)
            if self.limit is not None and table.num_rows > self.limit:
                return Response(BIG, status=413, content_type="application/json")
            text = render(table, code, form, self.updated[code])
            self._rendered[asked] = gzip.compress(text, 1, mtime=1)
        body = self._rendered[asked]
        if code in self.queue:
            with self._counting:
                self.in_queue += 1
                self.most_in_queue = max(self.most_in_queue, self.in_queue)
                ticket = f"ticket-{code.replace('_', '-')}"
                self._tickets[ticket] = code
                self.others[ticket] = body
            return Response(queued(ticket), content_type="application/xml")
        return Response(body, content_type="application/octet-stream")

    def asynchronous(self, kind: str, ticket: str) -> Response:
        """The queue: two questions in vain, then it is ready."""
        if ticket not in self._tickets:
            return Response(standing("UNKNOWN_REQUEST", ticket), content_type="application/xml")
        if kind == "status":
            self._polls[ticket] += 1
            status = ("SUBMITTED", "PROCESSING", "AVAILABLE")[min(self._polls[ticket], 3) - 1]
            return Response(standing(status, ticket), content_type="application/xml")
        with self._counting:
            self.in_queue -= 1
        return Response(self.others[ticket], content_type="application/octet-stream")

    def structure(self, kind: str, rest: list[str]) -> Response:
        """Structures as the ``eurostat`` package reads them."""
        code = rest[1].lower() if len(rest) > 1 else ""
        if kind == "codelist":
            dataset, dimension = code.split("__")
            lines = [f"{c}\tlabel of {c}" for c in self.codes(dataset)[dimension]]
            return Response(gzip.compress("\r\n".join([*lines, ""]).encode()))
        if code not in self.files:
            return Response(not_found(code), status=404, content_type="application/xml")
        dimensions = list(self.codes(code))
        if kind == "dataflow":
            lists = "".join(
                f'<s:Codelist id="{code}__{d}"><c:Name xml:lang="en">name of {d}</c:Name>'
                "</s:Codelist>"
                for d in dimensions
            )
            body = (
                f'<s:Dataflows><s:Dataflow id="{code}"><s:Structure><Ref id="{code.upper()}"/>'
                f"</s:Structure></s:Dataflow></s:Dataflows><s:Codelists>{lists}</s:Codelists>"
            )
        elif kind == "datastructure":
            listed = "".join(
                f'<s:Dimension id="{d}" position="{i}"><s:LocalRepresentation><s:Enumeration>'
                f'<Ref id="{code}__{d}"/></s:Enumeration></s:LocalRepresentation></s:Dimension>'
                for i, d in enumerate(dimensions, 1)
            )
            body = (
                "<s:DataStructures><s:DataStructure><s:DataStructureComponents>"
                f"<s:DimensionList>{listed}</s:DimensionList></s:DataStructureComponents>"
                "</s:DataStructure></s:DataStructures>"
            )
        else:
            values = "".join(
                f'<c:KeyValue id="{d}">'
                + "".join(f"<c:Value>{code}</c:Value>" for code in codes)
                + "</c:KeyValue>"
                for d, codes in self.codes(code).items()
            )
            body = (
                "<s:Constraints><s:ContentConstraint><s:CubeRegion>"
                f"{values}</s:CubeRegion></s:ContentConstraint></s:Constraints>"
            )
        text = f"<m:Structure {NAMES}><m:Structures>{body}</m:Structures></m:Structure>"
        return Response(text, content_type="application/xml")

    def codes(self, code: str) -> dict[str, list[str]]:
        """Dimensions of a dataset in order, with the codes in its file."""
        table = eurostat.parse(self.files[code], name=code)
        names = [n for n in table.column_names if n not in ("TIME_PERIOD", "OBS_VALUE", "OBS_FLAG")]
        found = {n: sorted(set(table.column(n).to_pylist())) for n in names}
        return {"freq": ["A"], **found} if "freq" not in found else found


def selected(table: pa.Table, key: str) -> pa.Table:
    """Rows of an SDMX key such as ``A.EUR+PPS..``; an empty place is every code."""
    names = [n for n in table.column_names if n not in ("TIME_PERIOD", "OBS_VALUE", "OBS_FLAG")]
    if "freq" not in names:
        names.insert(0, "freq")
    for name, place in zip(names, key.split(".") if key else [], strict=bool(key)):
        if place and name != "freq":
            wanted = pa.array(place.split("+"))
            table = table.filter(pc.is_in(table.column(name).cast(pa.string()), wanted))
    return table


def render(table: pa.Table, code: str, form: str, updated: str) -> bytes:
    """A table as the API writes it today."""
    names = [n for n in table.column_names if n not in ("TIME_PERIOD", "OBS_VALUE", "OBS_FLAG")]
    rows = table.to_pylist()
    plain = names if "freq" in names else ["freq", *names]
    keys = [[row.get(n, "A") for n in plain] for row in rows]
    cells = [
        (repr(row["OBS_VALUE"]) if row["OBS_VALUE"] is not None else "", row["OBS_FLAG"] or "")
        for row in rows
    ]
    if form == "SDMX-CSV":
        day = f"{updated[8:10]}/{updated[5:7]}/{updated[2:4]} {updated[11:19]}"
        lines = [",".join(["DATAFLOW", "LAST UPDATE", *plain, "TIME_PERIOD,OBS_VALUE,OBS_FLAG"])]
        lines += [
            ",".join([f"ESTAT:{code.upper()}(1.0)", day, *key, row["TIME_PERIOD"], value, flag])
            for key, row, (value, flag) in zip(keys, rows, cells, strict=True)
            if value or flag
        ]
        return ("\n".join(lines) + "\n").encode()
    periods = sorted({row["TIME_PERIOD"] for row in rows})
    wide: dict[tuple[str, ...], dict[str, str]] = {}
    for key, row, (value, flag) in zip(keys, rows, cells, strict=True):
        wide.setdefault(tuple(key), {})[row["TIME_PERIOD"]] = f"{value or ':'} {flag}"
    lines = ["\t".join([",".join(plain) + r"\TIME_PERIOD", *(f"{p} " for p in periods)])]
    lines += [
        "\t".join([",".join(key), *(row.get(p, ": ") for p in periods)])
        for key, row in wide.items()
    ]
    return ("\r\n".join(lines) + "\r\n").encode()
