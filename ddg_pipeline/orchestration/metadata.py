"""What analysts see beside an asset in Dagster. Nothing here tells a small count."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from ddg_pipeline.rulebook import load_rulebook

if TYPE_CHECKING:
    from ddg_pipeline.orchestration.steps import Checked, Staged
    from ddg_pipeline.publishing import PublicAssessment, Receipt
    from ddg_pipeline.quality import Certificate
    from ddg_pipeline.rulebook import Rulebook
    from ddg_pipeline.warehouse.sources import Source

_DEFAULT_RULEBOOK = "calhhs-ddg-2.0"


def column_schema(source: "Source", columns: Iterable[tuple[str, str]]) -> dg.TableSchemaMetadataValue:
    """Show the columns of a source with their types, as declared."""
    declared = source.table.columns
    found = [
        dg.TableColumn(
            name,
            kind,
            declared[name].description or None,
            dg.TableColumnConstraints(nullable=declared[name].nullable),
        )
        for name, kind in columns
    ]
    return dg.MetadataValue.table_schema(dg.TableSchema(found))


def row_count(rows: int) -> dg.MetadataValue:
    """Show how many rows a restricted table has, unless that number is small itself: rows can be people."""
    numerator = load_rulebook(_DEFAULT_RULEBOOK).thresholds.numerator
    if numerator.lower <= rows <= numerator.upper:
        return dg.MetadataValue.text(f"{numerator.lower} to {numerator.upper}")
    return dg.MetadataValue.int(rows)


def rows_metadata(rows: int) -> dict[str, dg.MetadataValue]:
    """Show how many rows a restricted table has; where Dagster shows it of every table, if that may be told exactly."""
    told = row_count(rows)
    return {"rows": told, **({"dagster/row_count": told} if isinstance(told, dg.IntMetadataValue) else {})}


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """Show a table; what it is given is text of ours or labels, never a figure of a measure."""
    lines = [header, ["---"] * len(header), *rows]
    return dg.MetadataValue.md("\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines))


def _cell(cell: object) -> str:
    return str(cell).replace("|", "\\|").replace("\n", " ")


def masked_metadata(staged: "Staged", rulebook: "Rulebook", *, approval_required: bool) -> dict[str, dg.MetadataValue]:
    """Show what assessment and masking found, as far as a reader of what is published may know it."""
    from ddg_pipeline.publishing import public_cells

    public = _public(staged, rulebook, approval_required=approval_required)
    told = {name: public_cells(staged.contract, one, True) for name, one in staged.counts.items()}
    counts = staged.counts.values()
    cells = sum(one.cells for one in counts)
    notes = [[note.field, note.text] for note in public.notes]
    review = {"for_review": markdown_table(["about", "note"], notes)} if notes else {}
    overrides = [[one.entry, one.before, one.after, one.source, one.reason] for one in public.overrides]
    head = ["entry", "before", "now", "source", "reason"]
    otherwise = {"rulebook_overrides": markdown_table(head, overrides)} if overrides else {}
    return {
        "decision": dg.MetadataValue.text(public.decision),
        **_score(public),
        "score_terms": markdown_table(
            ["score", "variable", "riskiest found, and its line of the scoring table"],
            [
                [
                    "not shown" if term.score is None else f"{term.score:+d}",
                    f"{term.variable} (`{term.column}`)" if term.column else term.variable,
                    f"{f'{term.found}: ' if term.found else ''}{term.category} ({term.section})",
                ]
                for term in public.terms
            ],
        ),
        "steps": markdown_table(
            ["step", "question", "result", "summary"],
            [
                [f"{step.step} {step.name}", f"{step.question} ({step.section})", step.result, step.summary]
                for step in public.steps
            ],
        ),
        "safe_harbor": dg.MetadataValue.text(public.safe_harbor),
        "rulebook": dg.MetadataValue.text(f"{rulebook.title} ({rulebook.name})"),
        **otherwise,
        **review,
        "cells": dg.MetadataValue.int(cells),
        "small_cells": dg.MetadataValue.int(sum(one.small for one in counts)),
        "complementary_cells": dg.MetadataValue.int(sum(one.complementary for one in counts)),
        "suppression": markdown_table(
            ["measure", "cells", "zeros", "small", "compl.", "of cells", "of counts"],
            [
                [
                    name,
                    one.cells,
                    one.zeros,
                    one.small,
                    one.complementary,
                    told[name].share_of_cells,
                    told[name].share_of_counts,
                ]
                for name, one in staged.counts.items()
            ],
        ),
        "share_of_cells_suppressed_percent": dg.MetadataValue.int(max(one.share_of_cells_suppressed for one in counts)),
        "share_of_counts_suppressed": dg.MetadataValue.text(
            ", ".join(f"{name}: {one.share_of_counts}" for name, one in told.items())
        ),
        "reasons_shown": dg.MetadataValue.bool(staged.reasons_shown),
    }


def _public(staged: "Staged", rulebook: "Rulebook", *, approval_required: bool = True) -> "PublicAssessment":
    from ddg_pipeline.publishing import public_part

    return public_part(
        staged.assessment,
        rulebook,
        staged.contract.release,
        masked=staged.masked,
        reasons_shown=staged.reasons_shown,
        approval_required=approval_required,
    )


def _score(public: "PublicAssessment") -> dict[str, dg.MetadataValue]:
    """Show the score; where a term of it would tell of the smallest count, how high it is at most."""
    shown: dict[str, dg.MetadataValue] = {"score": dg.MetadataValue.int(public.at_most)}
    if public.total is None:
        text = f"{public.at_most} at most: a term that depends on the smallest count is not shown"
        shown["score_is_at_most"] = dg.MetadataValue.text(text)
    return shown


def gate_metadata(checked: "Checked") -> dict[str, dg.MetadataValue]:
    """Show what Great Expectations found: rules and coordinates, never figures."""
    if checked.gate is None:
        return {"summary": dg.MetadataValue.text("no reviewed suite, so nothing was evaluated")}
    rows = [
        [
            "yes" if outcome.success else "no",
            outcome.type,
            outcome.subject,
            "not counted" if outcome.breaches is None else outcome.breaches,
            "; ".join(outcome.coordinates) or (outcome.error or ""),
        ]
        for outcome in sorted(checked.gate.results, key=lambda outcome: outcome.success)
    ]
    return {
        "summary": dg.MetadataValue.text(checked.gate.describe()),
        "evaluated": dg.MetadataValue.int(len(checked.gate.results)),
        "listed": dg.MetadataValue.int(checked.gate.listed),
        "expectations": markdown_table(["holds", "expectation", "column", "breaches", "where"], rows),
    }


def proof_metadata(checked: "Checked") -> dict[str, dg.MetadataValue]:
    """Show what checking the proof of protection found: rules and coordinates, never figures."""
    proof = checked.proof
    if proof.problems:
        return {
            "summary": dg.MetadataValue.text("not proved: the tables or the proof cannot be read"),
            "problems": dg.MetadataValue.json(list(proof.problems)),
        }
    if proof.verification is None:
        return {"summary": dg.MetadataValue.text("no cell of this release is hidden, so there is nothing to prove")}
    return {
        "summary": dg.MetadataValue.text(proof.verification.summary()),
        "where": dg.MetadataValue.json([str(fault) for fault in proof.verification.faults]),
    }


def audit_metadata(checked: "Checked") -> dict[str, dg.MetadataValue]:
    """Show what the attacker found: kinds and coordinates, never figures."""
    from ddg_pipeline.audit import audit_markdown

    if checked.audit is None:
        return {"summary": dg.MetadataValue.text("nothing is hidden in this release, so there is nothing to attack")}
    return {
        "summary": dg.MetadataValue.text(checked.audit.summary()),
        "report": dg.MetadataValue.md(audit_markdown(checked.audit.redacted())),
    }


def release_metadata(checked: "Checked", certificate: "Certificate", place: Path) -> dict[str, dg.MetadataValue]:
    """Show what was released."""
    staged = checked.staged
    summary = checked.audit.summary() if checked.audit is not None else "released as it is"
    return {
        "path": dg.MetadataValue.path(str(place)),
        "dagster/row_count": dg.MetadataValue.int(certificate.gate.rows),
        "dagster/column_schema": published_schema(place),
        "files": _files(certificate.files),
        "certificate_issued_at": dg.MetadataValue.text(certificate.issued_at.isoformat()),
        "signed_by": dg.MetadataValue.text(certificate.signing_key or "not signed"),
        "audit": dg.MetadataValue.text(summary),
        **_score(_public(staged, checked.rulebook)),
        "decision": dg.MetadataValue.text(certificate.decision),
        "level": dg.MetadataValue.text(certificate.level),
    }


def published_schema(place: Path) -> dg.TableSchemaMetadataValue:
    """Take the columns of the published file from its data package."""
    from ddg_pipeline.publishing.names import DATA_PACKAGE_NAME

    fields = json.loads((place / DATA_PACKAGE_NAME).read_text(encoding="utf-8"))["resources"][0]["schema"]["fields"]
    columns = [dg.TableColumn(one["name"], one["type"], one.get("description", "")) for one in fields]
    return dg.MetadataValue.table_schema(dg.TableSchema(columns))


def _files(hashes: Mapping[str, str]) -> dg.MarkdownMetadataValue:
    """Name files with the beginning of their hashes; whole ones stand in the certificate and make the page too wide."""
    return markdown_table(["file", "sha256"], [[name, f"{sha256[:12]}…"] for name, sha256 in sorted(hashes.items())])


def publication_metadata(receipt: "Receipt") -> dict[str, dg.MetadataValue]:
    """Show what was published, and where."""
    return {
        "path": dg.MetadataValue.path(str(receipt.path)),
        "certificate_sha256": dg.MetadataValue.text(receipt.certificate),
        **{f"{portal}_url": dg.MetadataValue.url(address) for portal, address in receipt.elsewhere.items()},
        "replaced": dg.MetadataValue.text(receipt.replaced or "nothing: the first publication"),
        "files": _files(receipt.files),
        **_targets(receipt),
    }


def _targets(receipt: "Receipt") -> dict[str, dg.MetadataValue]:
    rows = sorted(receipt.targets.items())
    return {"targets": markdown_table(["object store", "version"], rows)} if rows else {}
