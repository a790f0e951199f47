"""A plain Word document: real headings, tables with header rows, and the same bytes every time."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table
    from docx.text.paragraph import Paragraph

_LANGUAGE: Final = "en-US"
_FONT: Final = "Arial"
_INK, _ACCENT, _OPEN, _SHADE = "1B1F24", "14507A", "8A4B00", "F3F6F9"
_NOT_IN_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can tell
_PAGE_WIDTH = 6.5  # inches between the margins
_BELOW_TABLE = 10  # points
_LONGEST_PROPERTY = 255  # characters: what the format allows
_LINE = 0.4  # inches of height for a signature


class WordFile:
    """Writes a document from top to bottom.

    Args:
        title: The title in its properties.
        subject: The subject in its properties.
        written_at: When, for its properties: a fact about what it says and not the clock.
        footer: What stands at the foot of every page, before its number.
    """

    open_text: Final = "[to be completed]"

    def __init__(self, *, title: str, subject: str, written_at: dt.datetime, footer: str) -> None:
        import docx

        self._document: Document = docx.Document()
        self._after_table = False
        self._set_styles()
        self._set_page(footer)
        properties = self._document.core_properties
        properties.title, properties.subject = (_text(text)[:_LONGEST_PROPERTY] for text in (title, subject))
        properties.language = _LANGUAGE
        properties.author, properties.last_modified_by, properties.comments = "ddg_pipeline", "ddg_pipeline", ""
        moment = written_at.astimezone(dt.UTC).replace(microsecond=0, tzinfo=None)
        properties.created = properties.modified = moment
        properties.revision = 1

    def title(self, kind: str, title: str) -> None:
        """Write the title, and above it what kind of document it is."""
        self._document.add_paragraph(_text(kind), style="Subtitle")
        self._document.add_paragraph(_text(title), style="Title")

    def heading(self, text: str, level: int = 1) -> None:
        """Write a heading."""
        self._add(text, f"Heading {level}")

    def paragraph(self, text: str) -> None:
        """Write a paragraph."""
        self._add(text)

    def bullet(self, text: str) -> None:
        """Write an item of a list."""
        self._add(text, "List Bullet")

    def labelled(self, label: str, text: str) -> None:
        """Write a paragraph that begins with what it is, in bold."""
        paragraph = self._add("")
        paragraph.add_run(f"{_text(label)}: ").bold = True
        paragraph.add_run(_text(text))

    def to_complete(self, what: str) -> None:
        """Leave a place open for a person."""
        self._open(self._add(""), f"[To be completed: {_text(what)}]")

    def table(
        self,
        caption: str,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        figures: Collection[int] = (),
        widths: Sequence[float] = (),
        tall: bool = False,
    ) -> None:
        """Write a table with a caption above it, which is its text alternative, too.

        Args:
            caption: What it shows.
            header: Its header row, repeated on every page.
            rows: The others; the first cell of each says what the row is about.
            figures: Columns of figures, which stand on the right.
            widths: How wide the columns are, relative to each other; left out: all the same.
            tall: Whether rows leave room for a signature.
        """
        from docx.shared import Inches

        paragraph = self._add(caption, "Caption")
        paragraph.paragraph_format.keep_with_next = True
        table = self._document.add_table(rows=1, cols=len(header), style="Table Grid")
        table.autofit = False
        _describe(table, _text(caption))
        relative = list(widths) or [1.0] * len(header)
        inches = [_PAGE_WIDTH * width / sum(relative) for width in relative]
        for column, width in zip(table.columns, inches, strict=True):
            column.width = Inches(width)
        for _ in rows:
            table.add_row()
        for number, (row, line) in enumerate(zip(table.rows, [header, *rows], strict=True)):
            _keep_whole(row, header=number == 0)
            if tall and number:
                row.height = Inches(_LINE)
            for column, (cell, text) in enumerate(zip(row.cells, line, strict=True)):
                cell.width = Inches(inches[column])
                self._fill(cell.paragraphs[0], text, bold=number == 0 or column == 0, right=column in figures)
                if number == 0:
                    _shade(cell)
        self._after_table = True

    def to_bytes(self) -> bytes:
        """Give the document; the times in its archive are all the same."""
        written = io.BytesIO()
        self._document.save(written)
        made = io.BytesIO()
        with zipfile.ZipFile(written) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
            for one in before.infolist():
                entry = zipfile.ZipInfo(one.filename, _EPOCH)
                entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0, 0
                after.writestr(entry, before.read(one))
        return made.getvalue()

    def _add(self, text: str, style: str | None = None) -> Paragraph:
        """Add a paragraph; below a table it keeps some distance, because an empty one would be read out."""
        from docx.shared import Pt

        paragraph = self._document.add_paragraph(_text(text), style)
        if self._after_table and not (style or "").startswith("Heading"):
            paragraph.paragraph_format.space_before = Pt(_BELOW_TABLE)
        self._after_table = False
        return paragraph

    def _fill(self, paragraph: Paragraph, text: str, *, bold: bool, right: bool) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        paragraph.style = "Table Text"
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if text == self.open_text:
            self._open(paragraph, text)
        else:
            paragraph.add_run(_text(text)).bold = bold

    @staticmethod
    def _open(paragraph: Paragraph, text: str) -> None:
        from docx.shared import RGBColor

        run = paragraph.add_run(text)
        run.italic = True
        run.font.color.rgb = RGBColor.from_string(_OPEN)

    def _set_styles(self) -> None:
        from docx.enum.style import WD_STYLE_TYPE
        from docx.shared import Pt, RGBColor

        styles = self._document.styles
        sizes = {"Normal": 10.5, "Title": 20, "Subtitle": 11, "Heading 1": 14, "Heading 2": 11.5, "Caption": 9.5,
                 "List Bullet": 10.5}  # fmt: skip
        for name, size in sizes.items():
            style: Any = styles[name]
            style.font.name, style.font.size = _FONT, Pt(size)
            style.font.italic = False
            _own_font(style)
            style.font.color.rgb = RGBColor.from_string(_ACCENT if name.startswith(("Sub", "Head")) else _INK)
        normal: Any = styles["Normal"]
        normal.paragraph_format.space_after = Pt(6)
        _language(normal)
        style = styles.add_style("Table Text", WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        style.font.size = Pt(9)
        style.paragraph_format.space_after = Pt(1)

    def _set_page(self, footer: str) -> None:
        from docx.shared import Inches

        section = self._document.sections[0]
        section.page_width, section.page_height = Inches(8.5), Inches(11)
        section.left_margin = section.right_margin = Inches(1)
        section.top_margin = section.bottom_margin = Inches(0.9)
        paragraph = section.footer.paragraphs[0]
        paragraph.add_run(f"{_text(footer)}, page ")
        _field(paragraph, "PAGE")
        paragraph.add_run(" of ")
        _field(paragraph, "NUMPAGES")


def _text(text: str) -> str:
    """Replace what no XML document can hold."""
    return _NOT_IN_XML.sub("\ufffd", text)


def _element(tag: str, **attributes: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement(tag)
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), value)
    return element


def _describe(table: Table, text: str) -> None:
    """Give a table its text alternative."""
    properties = table._tbl.tblPr  # noqa: SLF001 - python-docx has no other way to it
    properties.append(_element("w:tblCaption", val=text))
    properties.append(_element("w:tblDescription", val=text))


def _keep_whole(row: Any, *, header: bool) -> None:
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001 - the same
    properties.append(_element("w:cantSplit"))
    if header:
        properties.append(_element("w:tblHeader"))


def _shade(cell: Any) -> None:
    cell._tc.get_or_add_tcPr().append(_element("w:shd", val="clear", color="auto", fill=_SHADE))  # noqa: SLF001


def _field(paragraph: Paragraph, code: str) -> None:
    run = paragraph.add_run()._r  # noqa: SLF001
    for kind in ("begin", "separate", "end"):
        if kind == "separate":
            instruction = _element("w:instrText")
            instruction.text = code
            run.append(instruction)
        run.append(_element("w:fldChar", fldCharType=kind))


def _own_font(style: Any) -> None:
    """Let no font of the theme win over the one that was set."""
    from docx.oxml.ns import qn

    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)


def _language(style: Any) -> None:
    properties = style.element.get_or_add_rPr()
    properties.append(_element("w:lang", val=_LANGUAGE, eastAsia=_LANGUAGE))
