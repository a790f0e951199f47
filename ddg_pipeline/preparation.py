"""Steps 1 to 4 of the guideline for one group of linked tables, and the attack on the result.

Everything here is in memory: tables in, tables and findings out. What is written, checked again and published is the
business of `quality`, `publishing` and `orchestration`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ddg_pipeline.assessment import Assessment, Note, assess
from ddg_pipeline.audit import AuditReport, AuditRules, PublishedTable, audit, broken_margins, implied_margins
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.masking import MaskedTable, Progress, mask, unmasked
from ddg_pipeline.rulebook import SHIPPED, Rulebook, RulebookSource, load_rulebook

if TYPE_CHECKING:
    import pandas as pd

_MASKING = 4  # the step of the guideline's procedure


@dataclass(frozen=True)
class Prepared:
    """One table, assessed and masked, not yet checked.

    Attributes:
        bound: The table as it was. Restricted.
        assessment: What steps 1 to 3 found.
        masked: The table as it would be published.
    """

    bound: BoundTable
    assessment: Assessment
    masked: MaskedTable


def rulebook_of(tables: Sequence[BoundTable], source: RulebookSource = SHIPPED) -> Rulebook:
    """Load the one rulebook that a group of linked tables names.

    Args:
        tables: The group.
        source: Where rulebooks are found; by default only those that are shipped.

    Raises:
        InputErrors: They name several, or one that is not known.
    """
    names = sorted({table.contract.rulebook for table in tables})
    if len(names) > 1:
        releases = ", ".join(table.contract.release for table in tables)
        raise InputErrors(
            [InputError(releases, "rulebook", ", ".join(names), "the same rulebook for releases that are linked")]
        )
    return load_rulebook(names[0], source, ", ".join(table.contract.release for table in tables))


def prepare(tables: Sequence[BoundTable], rulebook: Rulebook, progress: Progress | None = None) -> list[Prepared]:
    """Assess each table, and mask all of them together if any has to be masked.

    A table that could be released as it is would undo the masking of one it shares records with, so that a group is
    masked or released as a whole.

    Raises:
        InputErrors: A table or contract is wrong.
        RefusedError: A table carries direct identifiers, or cannot be protected.
    """
    assessments = assess_group(tables, rulebook)
    if assessments[0].decision == "mask":
        results = mask(tables, rulebook, progress)
    else:
        results = [unmasked(table, rulebook) for table in tables]
    return [Prepared(*parts) for parts in zip(tables, assessments, results, strict=True)]


def assess_group(tables: Sequence[BoundTable], rulebook: Rulebook) -> list[Assessment]:
    """Assess each table; the decision is the same for all, to mask if any of them has to be masked.

    A contract that asks for whole percentages gets them whether or not the score asks for masking, so that a release
    does not show counts in one year and percentages in the next.
    """
    assessments = [_in_its_form(assess(table, rulebook), table, rulebook) for table in tables]
    risky = [assessment.release for assessment in assessments if assessment.decision == "mask"]
    return [_masked_with(assessment, risky) for assessment in assessments] if risky else assessments


def _in_its_form(assessment: Assessment, table: BoundTable, rulebook: Rulebook) -> Assessment:
    """Say of a table whose contract asks for whole percentages what step 4 makes of it (§4.4.4)."""
    form = rulebook.masking.whole_percentages
    if table.contract.suppression.form != "whole_percentages" or form is None:
        return assessment
    said = f"No count is published, only whole percentages, as the contract asks ({rulebook.cite(form.section)})."
    steps = tuple(
        replace(step, result="mask", summary=f"{said} Without that: {step.summary[:1].lower()}{step.summary[1:]}")
        if step.step == _MASKING
        else step
        for step in assessment.steps
    )
    return replace(assessment, decision="mask", steps=steps, notes=(*assessment.notes, Note("suppression.form", said)))


def _masked_with(assessment: Assessment, risky: Sequence[str]) -> Assessment:
    """Note on a table that could go out by itself that a linked one cannot."""
    if assessment.decision == "mask":
        return assessment
    reason = f"masked together with {', '.join(risky)}, which is drawn from the same records"
    steps = tuple(
        replace(step, result="mask", summary=reason[:1].upper() + reason[1:] + ".") if step.step == _MASKING else step
        for step in assessment.steps
    )
    return replace(assessment, decision="mask", steps=steps, notes=(*assessment.notes, Note("links", reason)))


def attack(
    tables: Sequence[BoundTable],
    published: Sequence[pd.DataFrame],
    rulebook: Rulebook,
    reasons_shown: bool,
    progress: Progress | None = None,
) -> AuditReport:
    """Audit what is to be published, as its most determined reader would.

    Args:
        tables: The group before masking; tells what the reader knows besides: margins that no table carries.
        published: The tables as read back from the bytes that ship, in the same order.
        rulebook: The edition.
        reasons_shown: Whether the codes tell small cells from complementary ones.
        progress: Called with the stage, what is done and what there is to do.
    """
    rules = AuditRules.from_rulebook(rulebook, strongest_level(tables, rulebook), show_reason=reasons_shown)
    audited = []
    for bound, frame in zip(tables, published, strict=True):
        if bound.contract.suppression.form == "whole_percentages":
            # that no count is known from elsewhere is the condition of this form; the totals come with the truth
            audited.append(PublishedTable(bound.contract, frame, bound.references, truth=bound.frame))
            continue
        before = PublishedTable(bound.contract, bound.frame, bound.references)
        audited.append(
            PublishedTable(
                bound.contract,
                frame,
                bound.references,
                known=implied_margins(before, rules),
                residuals=broken_margins(before, rules),
                truth=bound.frame,
            )
        )
    return audit(audited, rules, progress=progress)


def strongest_level(tables: Sequence[BoundTable], rulebook: Rulebook) -> Literal["exact", "ddg", "full"]:
    """Give the strongest level of protection that any contract of a group asks for: it holds for all of them."""
    levels = rulebook.masking.levels
    return max((bound.contract.suppression.level for bound in tables), key=lambda name: levels[name].possible_values)
