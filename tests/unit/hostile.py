"""Files nobody would send on purpose, made piece by piece, and the register that reads them."""

import io
import zipfile
from collections.abc import Mapping, Sequence

from s3etl.registers.declaration import Register

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
NAMES = ("id", "name", "country")


def register(**changes: object) -> Register:
    """Return a register of organisations with a column for each field."""
    declared: dict[str, object] = {
        "id": "probe",
        "title": "Probe",
        "citation": "Nobody",
        "licence": "None",
        "provider": "registry",
        "holds": "organisations",
        "files": ("probe.csv",),
        "redistribute": True,
        "nuts_version": "2024",
        "columns": {name: name for name in (*NAMES, "geo", "city", "members", "labels")},
    }
    return Register.model_validate(declared | changes)


def cell(place: str, value: object) -> str:
    """Return a cell: a number, a text, or XML as it is."""
    if isinstance(value, str) and value.startswith("<"):
        return f'<c r="{place}">{value}</c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def sheet(rows: Sequence[Sequence[object]], *, after: str = "", namespace: str = MAIN) -> str:
    """Return the XML of a worksheet; a cell that begins with ``<c`` is taken as it is."""
    out = []
    for number, row in enumerate(rows, 1):
        cells = [
            value if isinstance(value, str) and value.startswith("<c ") else cell(place, value)
            for place, value in ((f"{'ABCDEFGHIJ'[i]}{number}", v) for i, v in enumerate(row))
            if value is not None
        ]
        out.append(f'<row r="{number}">{"".join(cells)}</row>')
    inside = f"<sheetData>{''.join(out)}</sheetData>{after}"
    return f'<worksheet xmlns="{namespace}">{inside}</worksheet>'


def workbook(
    *sheets: str, parts: Mapping[str, str | bytes] | None = None, states: Sequence[str] = ()
) -> bytes:
    """Return a workbook of these worksheets; ``parts`` are put in, or instead, as they are."""
    shown = [*states, *["visible"] * len(sheets)]
    listed = "".join(
        f'<sheet name="S{i}" sheetId="{i}" state="{shown[i - 1]}" r:id="r{i}"/>'
        for i in range(1, len(sheets) + 1)
    )
    links = "".join(
        f'<Relationship Id="r{i}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(sheets) + 1)
    )
    whole: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": (
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" '
            f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
        ),
        **{f"xl/worksheets/sheet{i}.xml": text for i, text in enumerate(sheets, 1)},
        **(parts or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in whole.items():
            archive.writestr(name, content)
    return out.getvalue()
