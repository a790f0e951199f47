"""The Word document, opened again."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import docx
import pytest
from docx.oxml.ns import qn

from ddg_pipeline.review.dossier import Approval, determination_docx

from .conftest import HOSTILE, KINDS


def opened(released, **given):
    return docx.Document(io.BytesIO(determination_docx(released.dossier(**given))))


def headings(document, level):
    return [one.text for one in document.paragraphs if one.style.name == f"Heading {level}"]


def texts(document):
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [*(one.text for one in document.paragraphs), *cells]


class TestItsForm:
    def test_has_the_parts_of_14_2_as_headings(self, masked):
        document = opened(masked)
        assert headings(document, 1) == [
            "1. Name of the report", "2. Reason for release", "3. Why not Safe Harbor", "4. The steps of the guideline",
            "5. What else is public, and what changed", "6. Statement of very small risk",
            "7. Qualifications of the expert", "8. Signatures", "9. What this determination is about",
        ]  # fmt: skip
        assert [text.partition(":")[0] for text in headings(document, 2)] == [
            f"Step {number}" for number in range(1, 6)
        ]

    @pytest.mark.parametrize("kind", KINDS)
    def test_gives_every_step_a_condition_a_summary_and_a_result(self, request, kind):
        document = opened(request.getfixturevalue(kind))
        said = [one.text for one in document.paragraphs]
        begins = [next(n for n, text in enumerate(said) if text.startswith(f"Step {step}:")) for step in range(1, 6)]
        ends = [*begins[1:], said.index("5. What else is public, and what changed")]
        for begin, end in zip(begins, ends, strict=True):
            part = "\n".join(said[begin:end])
            assert "Condition: " in part
            assert "Summary: " in part
            assert "Result: " in part

    def test_leaves_the_expert_s_own_decision_open(self, masked):
        said = "\n".join(texts(opened(masked)))
        assert "[To be completed: Result: the risk is very small, or it is not]" in said
        assert "This statement is made when it is signed in part 8, and not before." in said

    def test_has_a_line_to_sign_for_the_expert_and_every_role(self, masked):
        table = next(one for one in opened(masked).tables if one.cell(0, 2).text == "Signature")
        roles = [row.cells[0].text for row in table.rows][1:]
        assert roles == ["Expert", *(role.description for role in masked.rulebook.sign_offs.roles.values())]
        assert {cell.text for row in table.rows[1:] for cell in row.cells[1:]} == {""}

    def test_has_no_empty_paragraph_that_would_be_read_out(self, masked):
        assert [one.style.name for one in opened(masked).paragraphs if not one.text.strip()] == []

    def test_asks_the_expert_to_sign_once(self, masked):
        table = opened(masked, approvals=[Approval("statistical_expert", "Statistical expert")]).tables[-2]
        assert [row.cells[0].text for row in table.rows] == ["Role", "Statistical expert"]

    @pytest.mark.parametrize("kind", KINDS)
    def test_has_tables_with_header_rows_and_text_alternatives(self, request, kind):
        tables = opened(request.getfixturevalue(kind)).tables
        assert len(tables) >= 5
        for table in tables:
            assert table._tbl.tblPr.find(qn("w:tblDescription")).get(qn("w:val"))
            first, *others = table.rows
            assert first._tr.trPr.find(qn("w:tblHeader")) is not None
            assert [row for row in others if row._tr.trPr.find(qn("w:tblHeader")) is not None] == []
            assert all(cell.text for cell in first.cells)

    def test_has_language_title_and_a_date_of_its_own(self, masked):
        document = opened(masked)
        properties = document.core_properties
        assert properties.title == f"Expert determination: {masked.contract.title}"
        assert properties.language == "en-US"
        assert properties.created == properties.modified == masked.dossier().certified.issued_at
        language = document.styles["Normal"].element.rPr.find(qn("w:lang"))
        assert language.get(qn("w:val")) == "en-US"

    def test_is_the_same_bytes_every_time_whatever_the_clock_says(self, masked):
        first, second = determination_docx(masked.dossier()), determination_docx(masked.dossier())
        assert first == second
        with zipfile.ZipFile(io.BytesIO(first)) as archive:
            assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert archive.testzip() is None

    def test_does_not_change_when_someone_approves(self, masked):
        """The expert may have begun to complete it."""
        roles = masked.dossier().approvals
        given = [Approval(one.role, one.description, "given", "R. Roe") for one in roles]
        assert determination_docx(masked.dossier(approvals=given)) == determination_docx(masked.dossier())


class TestWhatItSays:
    def test_has_the_score_table(self, masked):
        dossier = masked.dossier()
        table = next(one for one in opened(masked).tables if one.cell(0, 0).text == "Variable")
        assert [row.cells[0].text for row in table.rows][1:] == [
            *(one.variable for one in dossier.score.terms),
            "Total",
        ]
        assert table.rows[-1].cells[4].text == str(dossier.score.total)

    def test_has_what_is_suppressed_and_the_guarantee(self, masked):
        dossier = masked.dossier()
        table = next(one for one in opened(masked).tables if "Suppressed" in [cell.text for cell in one.rows[0].cells])
        (cells,) = [one.cells for one in dossier.measures]
        assert [cell.text for cell in table.rows[1].cells] == [
            "cases", f"{cells.cells}", f"{cells.small}", f"{cells.complementary}", f"{cells.suppressed}",
            cells.share_of_cells, cells.share_of_counts,
        ]  # fmt: skip
        assert f"What a reader cannot find out: {dossier.audit.guarantee}" in texts(opened(masked))

    def test_tells_no_reasons_that_the_codes_do_not(self, unexplained):
        table = next(
            one for one in opened(unexplained).tables if "Suppressed" in [cell.text for cell in one.rows[0].cells]
        )
        assert [cell.text for cell in table.rows[0].cells] == [
            "Measure", "Cells", "Suppressed", "Share of cells", "Share of counts",
        ]  # fmt: skip
        kinds = next(one for one in opened(unexplained).tables if "Zero" in [cell.text for cell in one.rows[0].cells])
        assert kinds.cell(1, 2).text == "not published"

    def test_names_the_file_by_its_hash(self, masked):
        dossier = masked.dossier()
        assert dossier.certified.files[dossier.file] in texts(opened(masked))
        assert dossier.certified.sha256 in texts(opened(masked))

    def test_compares_with_the_version_before(self, masked, next_year):
        said = "\n".join(texts(opened(next_year, previous=masked)))
        assert "3 rows added, 3 gone; not the same: nothing." in said
        assert "There is no version before this one" in "\n".join(texts(opened(masked)))

    def test_hostile_text_stays_text(self, hostile):
        assert HOSTILE in texts(opened(hostile))

    def test_a_title_may_be_longer_than_a_property(self, masked):
        title = "Cases by county " * 40
        dossier = dataclasses.replace(masked.dossier(), title=title)
        document = docx.Document(io.BytesIO(determination_docx(dossier)))
        assert title in texts(document)
        assert document.core_properties.title == f"Expert determination: {title}"[:255]

    def test_what_no_xml_can_hold_is_replaced(self, masked):
        approvals = [Approval("legal", "Legal\x00 counsel\ud800 \x1b[31m")]
        roles = [row.cells[0].text for row in opened(masked, approvals=approvals).tables[-2].rows]
        assert "Legal\ufffd counsel\ufffd \ufffd[31m" in roles
