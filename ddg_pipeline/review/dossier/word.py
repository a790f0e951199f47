"""``expert_determination.docx``: the expert's determination, filled in as far as the release itself tells.

It follows the form of §14.2 of the guideline: 45 CFR 164.514(b)(1) lets a person with the knowledge and experience for
it determine that the risk is very small, and asks that methods and results be written down. What only that person can
say is left open, in brackets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from ddg_pipeline.publishing.page_filters import number, signed
from ddg_pipeline.quality.percentages import FORM
from ddg_pipeline.review.dossier.model import Dossier
from ddg_pipeline.review.dossier.word_file import WordFile
from ddg_pipeline.review.dossier.words import compared_with, decision_text, moment, score_text

if TYPE_CHECKING:
    from ddg_pipeline.publishing.public_assessment import PublicStep

WORD_NAME: Final = "expert_determination.docx"
_QUALIFICATIONS: Final = (
    "Name",
    "Title and organization",
    "Education",
    "Experience with de-identification",
    "Relation to the department",
)
_EXPERT = "statistical_expert"  # what a rulebook calls the role, if it asks for their approval
_LAST_OF_THE_EXPERT = 5  # step 6 is the department's


def determination_docx(dossier: Dossier) -> bytes:
    """Write the Word document; the same dossier gives the same bytes."""
    file = WordFile(
        title=f"Expert determination: {dossier.title}",
        subject=f"{dossier.release}: de-identification under {dossier.edition.title}",
        written_at=dossier.certified.issued_at,
        footer=f"{dossier.release}, certificate {dossier.certified.sha256[:16]}",
    )
    file.title("Expert determination", dossier.title)
    file.paragraph(
        "Determination under 45 CFR 164.514(b)(1) that the risk of identifying a person is very small, in the form of "
        f"{dossier.edition.title}, §14.2. It is filled in from the released package as far as that tells; the expert "
        "confirms or corrects every part, and completes what stands in brackets."
    )
    _report(file, dossier)
    _reason(file, dossier)
    _safe_harbor(file, dossier)
    _steps(file, dossier)
    _surroundings(file, dossier)
    _statement(file, dossier)
    _signatures(file, dossier)
    _hashes(file, dossier)
    return file.to_bytes()


def _report(file: WordFile, dossier: Dossier) -> None:
    file.heading("1. Name of the report")
    version = "" if dossier.version is None else f", version {dossier.version}"
    file.table(
        "What is determined",
        ("Item", "Value"),
        [
            ("Name of the report", dossier.title),
            ("Release", f"{dossier.release}{version}"),
            ("Dataset", dossier.dataset),
            ("Data file", f"{dossier.file}, {dossier.rows:,} rows"),
            ("Passed the gate", moment(dossier.certified.issued_at)),
            ("Certificate (SHA-256)", dossier.certified.sha256),
            ("Judged by", dossier.edition.title),
            ("What is released", decision_text(dossier)),
        ],
        widths=(1, 3),
    )


def _reason(file: WordFile, dossier: Dossier) -> None:
    file.heading("2. Reason for release")
    if dossier.description:
        file.paragraph(dossier.description)
    file.to_complete("Why the table is released, and for whom")


def _safe_harbor(file: WordFile, dossier: Dossier) -> None:
    file.heading("3. Why not Safe Harbor")
    file.paragraph(dossier.safe_harbor or "The assessment makes no statement about Safe Harbor.")
    file.to_complete("Confirm, or say why Safe Harbor is not relied on")


def _steps(file: WordFile, dossier: Dossier) -> None:
    file.heading("4. The steps of the guideline")
    for step in dossier.steps:
        if step.step > _LAST_OF_THE_EXPERT:
            continue
        file.heading(f"Step {step.step}: {step.name}", level=2)
        file.labelled("Condition", f"{step.question} ({step.section})" if step.section else step.question)
        if step.step == _LAST_OF_THE_EXPERT:
            file.labelled("Summary", "The determination in parts 6 and 7 of this document, and the legal review.")
            file.to_complete("Result: the risk is very small, or it is not")
            continue
        file.labelled("Summary", step.summary)
        file.labelled("Result", step.result)
        _more(file, dossier, step)


def _more(file: WordFile, dossier: Dossier, step: PublicStep) -> None:
    """Add what a step rests on."""
    match step.step:
        case 2 if dossier.counts:
            rows = [
                (
                    one.measure,
                    number(one.cells),
                    number(one.small_cells),
                    number(one.zero_cells),
                    number(one.small_denominators),
                )
                for one in dossier.counts
            ]
            file.table(
                "Cells of each kind; a zero is not small",
                ("Measure", "Cells", "Small", "Zero", "Small denominators"),
                rows,
                figures=(1, 2, 3, 4),
            )
        case 3:
            _score(file, dossier)
        case 4:
            _masking(file, dossier)


def _score(file: WordFile, dossier: Dossier) -> None:
    rows = [
        (
            term.variable,
            "the whole table" if term.column.startswith("scope[") else term.column,
            term.found,
            term.category,
            "not published" if term.score is None else signed(term.score),
            term.section,
        )
        for term in dossier.score.terms
    ]
    score = dossier.score
    total = f"at most {score.at_most}" if score.total is None else str(score.total)
    rows.append(("Total", "", "", score.verdict, total, ""))
    header = ("Variable", "Column", "Riskiest found", "Line of the scoring table", "Score", "Section")
    file.table(
        f"Publication score; {score_text(dossier)}",
        header,
        rows,
        figures=(4,),
        widths=(3, 3, 3, 4, 2, 3),
    )
    for note in dossier.notes:
        file.bullet(f"To confirm ({note.field}): {note.text}")


def _masking(file: WordFile, dossier: Dossier) -> None:
    file.paragraph(dossier.small_cell_rule)
    if dossier.form == FORM or not dossier.masked:
        return
    header = ["Measure", "Cells", "Suppressed", "Share of cells", "Share of counts"]
    if dossier.reasons_shown:
        header[2:2] = ["Small", "Complementary"]
    rows = []
    for one in dossier.measures:
        row = [
            one.measure,
            number(one.cells.cells),
            number(one.cells.suppressed),
            one.cells.share_of_cells,
            one.cells.share_of_counts,
        ]
        if dossier.reasons_shown:
            row[2:2] = [number(one.cells.small), number(one.cells.complementary)]
        rows.append(row)
    file.table("Suppressed cells of each count of people", header, rows, figures=range(1, len(header)))
    for one in dossier.measures:
        if one.tied:
            file.bullet(f"Hidden together with {one.measure}: {', '.join(one.tied)}.")
    file.labelled("What a reader cannot find out", dossier.audit.guarantee)
    file.labelled("How that was tested", dossier.audit.summary)


def _surroundings(file: WordFile, dossier: Dossier) -> None:
    file.heading("5. What else is public, and what changed")
    if dossier.already_public:
        others = [
            (one.title, one.place, one.relation, "yes" if one.taken_as_known else "no")
            for one in dossier.already_public
        ]
        header: tuple[str, ...] = ("Table", "Where", "What it has to do with this one", "Known to masking and audit")
        file.table("Tables that readers may have besides this one", header, others)
    else:
        file.paragraph("No other table is recorded as public.")
    if dossier.history:
        file.paragraph(f"There are {len(dossier.history)} earlier versions of this release.")
    changes = dossier.changes
    if changes is None:
        file.paragraph("There is no version before this one to compare with.")
    else:
        told = f" {text}" if (text := compared_with(changes)) else ""
        file.paragraph(
            f"Since the version of {moment(changes.issued_at)}: {changes.rows_added:,} rows added, "
            f"{changes.rows_gone:,} gone; not the same: "
            f"{', '.join(name.lower() for name, same in changes.same.items() if not same) or 'nothing'}.{told}"
        )
        compared = [
            (one.measure, one.total, number(one.revised), number(one.now_hidden), number(one.now_shown))
            for one in changes.measures
        ]
        header = ("Measure", "Change of the total", "Revised", "Shown before, empty now", "Empty before, shown now")
        if compared:
            file.table("Cells that both versions have", header, compared, figures=(1, 2, 3, 4))
    file.to_complete(
        "What else the expert considered: other tables on the portal, reports, indices of vital records, what an "
        "anticipated recipient has"
    )


def _statement(file: WordFile, dossier: Dossier) -> None:
    file.heading("6. Statement of very small risk")
    file.paragraph(
        "I have the knowledge of and experience with generally accepted statistical and scientific principles and "
        "methods for rendering information not individually identifiable that this determination asks for. Applying "
        f"them to {dossier.file}, whose SHA-256 is given in part 9, I determine that the risk is very small that an "
        "anticipated recipient could use the information, alone or together with other reasonably available "
        "information, to identify an individual who is a subject of it. The methods and results that justify this are "
        "documented above."
    )
    file.paragraph("This statement is made when it is signed in part 8, and not before.")
    file.to_complete("Limits of this determination, and until when it holds")
    file.heading("7. Qualifications of the expert")
    rows = [(item, file.open_text) for item in _QUALIFICATIONS]
    file.table("Qualifications of the expert", ("Item", "To be completed"), rows, widths=(1, 2))


def _signatures(file: WordFile, dossier: Dossier) -> None:
    file.heading("8. Signatures")
    roles = [one.description for one in dossier.approvals]
    if _EXPERT not in {one.role for one in dossier.approvals}:
        roles.insert(0, "Expert")
    rows = [(role, "", "", "") for role in dict.fromkeys(roles)]
    file.table("Signature lines", ("Role", "Name", "Signature", "Date"), rows, widths=(3, 4, 5, 2), tall=True)


def _hashes(file: WordFile, dossier: Dossier) -> None:
    file.heading("9. What this determination is about")
    rows: list[Sequence[str]] = [("The certificate", dossier.certified.sha256)]
    rows += [*dossier.certified.bound.items(), *dossier.certified.files.items()]
    file.table("SHA-256 of the certificate and of all that it binds together", ("What", "SHA-256"), rows, widths=(2, 5))
    file.paragraph("The command `ddg verify` compares any copy of the package with these.")
