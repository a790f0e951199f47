"""A real PostgreSQL, workbooks written by hand, and sources declared in a line."""

from __future__ import annotations

import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import yaml

from ddg_pipeline.errors import DdgError
from ddg_pipeline.warehouse.loading import LoadReport, load_source
from ddg_pipeline.warehouse.restricted import RestrictedStore
from ddg_pipeline.warehouse.sources import Source, parse_sources


@dataclass
class Bench:
    """A directory with sources and a restricted store."""

    directory: Path
    store: RestrictedStore

    def source(self, name: str = "t", **declared: object) -> Source:
        text = yaml.safe_dump({"sources": {name: declared}}, sort_keys=False)
        return parse_sources(text, self.directory / "sources.yaml")[name]

    def load(self, name: str = "t", **declared: object) -> LoadReport:
        return load_source(self.source(name, **declared), self.store)

    def later(self, **declared: object) -> Callable[[], LoadReport]:
        return partial(self.load, **declared)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def csv(self, content: str | bytes, **declared: object) -> LoadReport:
        self.write("t.csv", content)
        return self.load(kind="csv", path="t.csv", **declared)

    def rows(self, name: str = "t") -> list[tuple[object, ...]]:
        with self.store.connect(read_only=True) as connection:
            return connection.sql(f'SELECT * FROM source."{name}"').fetchall()

    def types(self, name: str = "t") -> dict[str, str]:
        return dict(self.store.columns("source", name))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    directory = tmp_path / "project"
    directory.mkdir()
    return Bench(directory, RestrictedStore(tmp_path / "restricted" / "store.duckdb", wait=0.3))


@pytest.fixture
def refused() -> Callable[..., str]:
    """Runs something that must fail with a DdgError; no way from the error leads to any of ``secrets``."""

    def run(action: Callable[[], object], *secrets: str) -> str:
        with pytest.raises(DdgError) as caught:
            action()
        error: BaseException | None = caught.value
        printed = "".join(traceback.format_exception(caught.value, chain=True))
        while error is not None:
            printed += f"{error!r}{error!s}{vars(error)!r}"
            assert error.__context__ is None or isinstance(error.__context__, DdgError)
            error = error.__cause__ or error.__context__
        source_lines = {line for line in printed.splitlines() if line.startswith("    ")}  # code, as in any traceback
        shown = "\n".join(line for line in printed.splitlines() if line not in source_lines) + str(caught.value)
        for secret in secrets:
            assert secret not in shown
        return str(caught.value)

    return run


Cell = str | int | float | bool | None


@pytest.fixture
def workbook(bench: Bench) -> Callable[..., Path]:
    """Writes a minimal .xlsx; a cell is a value, ``date:<serial>`` or ``error:<text>``."""

    def cell(address: str, value: Cell) -> str:
        match value:
            case None:
                return ""
            case bool():
                return f'<c r="{address}" t="b"><v>{int(value)}</v></c>'
            case int() | float():
                return f'<c r="{address}"><v>{value!r}</v></c>'
            case str() if value.startswith("date:"):
                return f'<c r="{address}" s="1"><v>{value[5:]}</v></c>'
            case str() if value.startswith("error:"):
                return f'<c r="{address}" t="e"><f>NA()</f><v>{value[6:]}</v></c>'
            case _:
                return f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'

    def write(**sheets: list[list[Cell]]) -> Path:
        main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        links = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
        content = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        path = bench.directory / "t.xlsx"
        with zipfile.ZipFile(path, "w") as package:
            package.writestr(
                "[Content_Types].xml",
                '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                f'<Default Extension="xml" ContentType="{content}.sheet.main+xml"/></Types>',
            )
            package.writestr(
                "_rels/.rels",
                f'<Relationships {links}><Relationship Id="r0" Type="{office}/officeDocument"'
                ' Target="xl/workbook.xml"/></Relationships>',
            )
            listed = "".join(
                f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1)
            )
            package.writestr(
                "xl/workbook.xml", f'<workbook {main} xmlns:r="{office}"><sheets>{listed}</sheets></workbook>'
            )
            targets = "".join(
                f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
                for n in range(1, len(sheets) + 1)
            )
            styles = f'<Relationship Id="rs" Type="{office}/styles" Target="styles.xml"/>'
            package.writestr("xl/_rels/workbook.xml.rels", f"<Relationships {links}>{targets}{styles}</Relationships>")
            package.writestr(
                "xl/styles.xml",
                f'<styleSheet {main}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
            )
            for n, rows in enumerate(sheets.values(), 1):
                data = "".join(
                    f'<row r="{r}">' + "".join(cell(f"{chr(65 + c)}{r}", v) for c, v in enumerate(row)) + "</row>"
                    for r, row in enumerate(rows, 1)
                )
                sheet = f"<worksheet {main}><sheetData>{data}</sheetData></worksheet>"
                package.writestr(f"xl/worksheets/sheet{n}.xml", sheet)
        return path

    return write
