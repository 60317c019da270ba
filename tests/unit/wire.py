"""Tables as Eurostat writes them: small examples, renderers, and how a refusal is looked at."""

import itertools
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import strategies as st

from s3etl.errors import Changed
from sources import eurostat

# What a cell is: the codes of its key with the period, value, flag, text.
Row = tuple[tuple[str, ...], float | None, str | None, str | None]

OLD = b"""nace_r2,indic_sb,geo\\time\t2015 \t2014\x20
B,V11210,AT\t708 \t692 b
B,V11210,AT1\t: c\t211.5\x20
C10,V11210,AT\t: \t1e3 bu
"""
NEW = b"""freq,unit,geo\\TIME_PERIOD\t2014 \t2015\x20
A,PC,AT\t692 b\t708\x20
A,PC,AT1\t211.5 \t: c
A,PC,BE\t-1000 bu\t:\x20
"""
LINEAR = b"""DATAFLOW,LAST UPDATE,freq,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG
ESTAT:TAB_1(1.0),28/09/23 23:00:00,A,PC,AT,2014,692,b
ESTAT:TAB_1(1.0),28/09/23 23:00:00,A,PC,AT,2015,708,
ESTAT:TAB_1(1.0),28/09/23 23:00:00,A,PC,AT1,2014,211.5,
ESTAT:TAB_1(1.0),28/09/23 23:00:00,A,PC,AT1,2015,,c
"""
LINEAR_HEADER, *LINEAR_ROWS = LINEAR.splitlines(keepends=True)


def rows(table: pa.Table) -> list[Row]:
    """Return the cells of a table in its order, after a look at its schema."""
    names = table.column_names
    end = names.index("TIME_PERIOD") + 1
    assert names[end:] in (["OBS_VALUE", "OBS_FLAG"], ["OBS_VALUE", "OBS_FLAG", "OBS_TEXT"])
    coded = pa.dictionary(pa.int32(), pa.string())
    assert {table.schema.field(name).type for name in [*names[:end], "OBS_FLAG"]} == {coded}
    assert table.schema.field("OBS_VALUE").type == pa.float64()
    table.validate(full=True)
    columns = [table[name].to_pylist() for name in names]
    texts = columns[end + 2] if len(columns) > end + 2 else itertools.repeat(None, len(table))
    keys = zip(*columns[:end], strict=True)
    return list(zip(keys, columns[end], columns[end + 1], texts, strict=True))


def parsed(body: bytes, dataset: str | None = None) -> list[Row]:
    return rows(eurostat.parse(body, dataset=dataset))


def refusal(
    body: bytes | Path, *, dataset: str | None = None, ceiling: int = eurostat.MAX_UNPACKED
) -> str:
    """Return what a file is refused with; it is called ``x``."""
    with pytest.raises(Changed) as caught:
        eurostat.parse(body, dataset=dataset, name="x", ceiling=ceiling)
    error = caught.value
    if error.__cause__ or (error.__context__ and not error.__suppress_context__):
        pytest.fail(f"the message has another behind it: {error.__context__!r}")
    return str(error)


def is_one_sentence(message: str) -> bool:
    """Tell whether a message is one clear sentence about file, expected, found and next step."""
    sentence = message.removeprefix("x: ")
    found = re.sub(r"'[^']*'|\"[^\"]*\"", "…", sentence)  # what was quoted may hold anything
    return (
        message.startswith("x: expected ")
        and message.isprintable()
        and re.fullmatch(r"expected .+, found .+; (the provider .+, )?get .+\.", sentence)
        is not None
        and len(sentence) < 300
        and ". " not in found
        and not re.search(r"arrow|traceback|exception|csv (parse|conversion)", sentence.lower())
    )


def lacking(message: str, words: list[str]) -> list[str]:
    """Return the words a message does not have."""
    return [word for word in words if word not in message]


# ---- Any table ---------------------------------------------------------------------------------


class Data(NamedTuple):
    """What a file says: the dimensions, the keys of its rows, its periods, a cell for each."""

    dimensions: list[str]
    keys: list[tuple[str, ...]]
    periods: list[str]
    cells: dict[tuple[int, int], tuple[float | None, str | None]]

    def expected(self) -> list[Row]:
        """Return what parsing should give."""
        return [
            ((*key, period), *self.cells[i, j], None)
            for j, period in enumerate(self.periods)
            for i, key in enumerate(self.keys)
        ]


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,7}", fullmatch=True)
CODES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,6}", fullmatch=True)
YEARS = st.integers(1960, 2059).map(str)
QUARTERS = st.from_regex(r"20[012][0-9]-?Q[1-4]", fullmatch=True)
VALUES = st.none() | st.integers(-(10**15), 10**15).map(float) | st.floats(allow_nan=False)
FLAGS = st.none() | st.text("bcdefinprsuzC", min_size=1, max_size=3)


@st.composite
def data(draw: st.DrawFn) -> Data:
    dimensions = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    key = st.tuples(*[CODES] * len(dimensions))
    keys = draw(st.lists(key, min_size=1, max_size=5))
    periods = draw(st.lists(draw(st.sampled_from([YEARS, QUARTERS])), min_size=1, unique=True))
    cell = st.tuples(VALUES.filter(lambda v: v is None or math.isfinite(v)), FLAGS)
    cells = {(i, j): draw(cell) for i in range(len(keys)) for j in range(len(periods))}
    return Data(dimensions, keys, periods, cells)


def written(value: float | None) -> str:
    if value is None:
        return ":"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def render_tsv(data: Data, time: str, form: Callable[[str, str], str]) -> str:
    lines = [",".join(data.dimensions) + f"\\{time}\t" + "\t".join(f"{p} " for p in data.periods)]
    for i, key in enumerate(data.keys):
        cells = [data.cells[i, j] for j in range(len(data.periods))]
        lines.append("\t".join([",".join(key), *(form(written(v), f or "") for v, f in cells)]))
    return "\n".join(lines) + "\n"


def render_csv(data: Data) -> str:
    lines = [
        "DATAFLOW,LAST UPDATE," + ",".join(data.dimensions) + ",TIME_PERIOD,OBS_VALUE,OBS_FLAG"
    ]
    for key, value, flag, _ in data.expected():
        number = "" if value is None else written(value)
        lines.append(",".join(["ESTAT:T(1.0)", "01/02/23 23:00:00", *key, number, flag or ""]))
    return "\n".join(lines) + "\n"


FORMS: list[Callable[[str, str], str]] = [
    lambda value, flag: f"{value} {flag}",
    lambda value, flag: f"{value} {flag}".strip(),
    lambda value, flag: f"{value}  {flag}  ",
    lambda value, flag: f"{value} {' '.join(flag)}",
]


def render_json(data: Data, *, sparse: bool) -> str:
    """Return the same as JSON-stat 2.0; its keys have to be different ones."""
    codes = [list(dict.fromkeys(place)) for place in zip(*data.keys, strict=True)]
    sizes = [*map(len, codes), len(data.periods)]
    values: dict[int, float | None] = {}
    statuses: dict[int, str] = {}
    for (i, j), (value, flag) in data.cells.items():
        place = 0
        for code, known in zip(data.keys[i], codes, strict=True):
            place = place * len(known) + known.index(code)
        place = place * len(data.periods) + j
        if value is not None:
            values[place] = value
        if flag:
            confidential = flag[-1] == "c" and "c" not in flag[:-1].lower()
            statuses[place] = f"{flag[:-1]}|C" if confidential else flag
    cells = range(math.prod(sizes))
    names = [*data.dimensions, "time"]
    return json.dumps(
        {
            "version": "2.0",
            "class": "dataset",
            "label": "any",
            "value": values if sparse else [values.get(i) for i in cells],
            "status": statuses if sparse else [statuses.get(i) for i in cells],
            "id": names,
            "size": sizes,
            "dimension": {
                name: {"category": {"index": {code: i for i, code in enumerate(known)}}}
                for name, known in zip(names, [*codes, data.periods], strict=True)
            },
            "extension": {"id": "T"},
        }
    )
