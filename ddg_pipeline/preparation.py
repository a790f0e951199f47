"""Steps 1 to 4 of the guideline for one group of linked tables, and the attack on the result.

Everything here is in memory: tables in, tables and findings out. What is written, checked again and published is the
business of `quality`, `publishing` and `orchestration`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ddg_pipeline.assessment import Assessment, Note, assess, unstable_rows
from ddg_pipeline.audit import (
    AuditReport,
    AuditRules,
    Cell,
    Finding,
    FindingKind,
    PublishedTable,
    audit,
    broken_margins,
    implied_margins,
)
from ddg_pipeline.audit.verify import Verification, verify, verify_unmasked
from ddg_pipeline.audit.verify_proof import read_proof
from ddg_pipeline.contract import BoundTable
from ddg_pipeline.earlier_versions import (
    NO_VERSIONS,
    EarlierVersion,
    Versions,
    hiding,
    still_hidden,
    telling,
    wholes_of,
    with_earlier_versions,
)
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.linked_cells import refuse_renamed, refuse_unrecognised
from ddg_pipeline.masking import (
    MaskedTable,
    Progress,
    Protection,
    Unstable,
    known_already,
    lost_cells,
    mask_and_prove,
    proof_bytes,
    seen_through,
    unmasked,
)
from ddg_pipeline.masking.axes import axis_nodes
from ddg_pipeline.overlaps import (
    refuse_hidden_in_overlaps,
    refuse_small_differences,
    refuse_told_by_totals,
    told_by_totals,
)
from ddg_pipeline.rulebook import SHIPPED, Rulebook, RulebookSource, load_rulebook

if TYPE_CHECKING:
    import pandas as pd

_Key = tuple[str, tuple[tuple[str, str], ...]]  # a measure, and a category for each dimension

_LISTED = 5
_ROUNDS = 6  # of hiding more sums beside earlier versions; each adds a level of a hierarchy or a dimension
_TOTAL = "(total)"  # how the audit calls a total without a label
_MASKING = 4  # the step of the guideline's procedure


@dataclass(frozen=True)
class Prepared:
    """One table, assessed and masked, not yet checked.

    Attributes:
        bound: The table as it was. Restricted.
        assessment: What steps 1 to 3 found.
        masked: The table as it would be published.
        protections: What is hidden in the whole group of linked tables, with the proof; nothing where the tables are
            released as they are, or in a form that hides no cell. Restricted.
    """

    bound: BoundTable
    assessment: Assessment
    masked: MaskedTable
    protections: Sequence[Protection] = ()


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


def prepare(
    tables: Sequence[BoundTable],
    rulebook: Rulebook,
    progress: Progress | None = None,
    versions: Versions = NO_VERSIONS,
    *,
    like_other_periods: bool = False,
) -> list[Prepared]:
    """Assess each table, and mask all of them together if any has to be masked.

    A table that could be released as it is would undo the masking of one it shares records with, so that a group is
    masked or released as a whole.

    Args:
        tables: The group.
        rulebook: The edition.
        progress: Called with the stage, what is done and what there is to do.
        versions: What was published of these releases before.
        like_other_periods: As in `assess_group`.

    Raises:
        InputErrors: A table or contract is wrong, or nobody can tell which cells of linked tables are the same.
        RefusedError: A table carries direct identifiers, or cannot be protected, beside its earlier versions too; or
            categories that overlap in a dimension without sums tell what has to be hidden.
    """
    assessments = assess_group(tables, rulebook, versions, like_other_periods=like_other_periods)
    unstable = [unstable_rows(table, rulebook) for table in tables]
    protections: Sequence[Protection] = ()
    if assessments[0].decision == "mask":
        _refuse_unlinked(tables)
        refuse_renamed(tables)
        if hides_cells(tables):
            refuse_small_differences(tables, rulebook)
        results, protections = _mask_beside(tables, rulebook, progress, unstable, versions)
        if hides_cells(tables):
            refuse_hidden_in_overlaps(tables, results, rulebook)
            frames, shown = [result.frame for result in results], results[0].reasons_shown
            refuse_told_by_totals(tables, frames, rulebook, _values(tables, rulebook), reasons_shown=shown)
    else:
        results = [unmasked(table, rulebook, marked) for table, marked in zip(tables, unstable, strict=True)]
        _refuse_exposed(_beside(tables, results, rulebook, versions))
    return [Prepared(*parts, protections) for parts in zip(tables, assessments, results, strict=True)]


def _refuse_unlinked(tables: Sequence[BoundTable]) -> None:
    refuse_unrecognised(
        [table.place for table in tables],
        [table.axes for table in tables],
        [table.contract.counts for table in tables],
        tables,
    )


def _mask_beside(
    tables: Sequence[BoundTable],
    rulebook: Rulebook,
    progress: Progress | None,
    unstable: Sequence[Unstable],
    versions: Versions,
) -> tuple[list[MaskedTable], Sequence[Protection]]:
    """Mask tables so that they tell nothing together with their earlier versions either.

    What these show is known, and what they hide stays hidden. Where figures were corrected, that need not be enough:
    then the sums that tell by how much a row has grown are hidden too, as long as that helps.

    Returns:
        The masked tables and the proof.
    """
    informed = [with_earlier_versions(table, versions.get(table.contract.release, ())) for table in tables]
    for _ in range(_ROUNDS):
        informed, results, protections = _mask_beside_totals(informed, rulebook, progress, unstable)
        report = _beside(tables, results, rulebook, versions, proof_bytes(protections) if protections else None)
        if report is None or report.safe:
            return results, protections
        wider = [_hiding_wholes(table, report, versions) for table in informed]
        if all(one is before for one, before in zip(wider, informed, strict=True)):
            break
        informed = wider
    _refuse_exposed(report)
    raise AssertionError  # pragma: no cover - what is not safe is refused


def _mask_beside_totals(
    tables: Sequence[BoundTable], rulebook: Rulebook, progress: Progress | None, unstable: Sequence[Unstable]
) -> tuple[list[BoundTable], list[MaskedTable], Sequence[Protection]]:
    """Mask tables so that totals that are no sums tell nothing, by hiding more wherever they do.

    Returns:
        The tables with what has to be hidden besides, the masked ones, and the proof.
    """
    informed = list(tables)
    while True:
        results, protections = mask_and_prove(informed, rulebook, progress, unstable)
        if not hides_cells(tables):
            return informed, results, protections
        wider = [
            hiding(table, _told_by_totals(table, result, rulebook, _values(tables, rulebook)))
            for table, result in zip(informed, results, strict=True)
        ]
        if all(one is before for one, before in zip(wider, informed, strict=True)):
            return informed, results, protections
        informed = wider


def _told_by_totals(table: BoundTable, result: MaskedTable, rulebook: Rulebook, values: int) -> pd.DataFrame:
    return told_by_totals(table, result.frame, rulebook, values, reasons_shown=result.reasons_shown)


def _values(tables: Sequence[BoundTable], rulebook: Rulebook) -> int:
    return rulebook.masking.levels[strongest_level(tables, rulebook)].possible_values


def _beside(
    tables: Sequence[BoundTable],
    results: Sequence[MaskedTable],
    rulebook: Rulebook,
    versions: Versions,
    proof: bytes | None = None,
) -> AuditReport | None:
    """Attack masked tables together with their earlier versions; None where these tell nothing more."""
    masked, shown = results[0].masked, results[0].reasons_shown
    if not any(_attacked_beside(table, versions, masked=masked, reasons_shown=shown) for table in tables):
        return None
    frames = [result.frame for result in results]
    return attack(tables, frames, rulebook, shown, None, proof, versions, masked=masked)


def _hiding_wholes(table: BoundTable, report: AuditReport, versions: Versions) -> BoundTable:
    """Ask to hide what tells by how much rows with exposed cells have grown; the same table if that is all hidden."""
    import pandas as pd

    earlier = versions.get(table.contract.release, ())
    names = {table.contract.release, *(version.name for version in earlier)}
    cells = [finding.cell for finding in report.findings] + list(report.undecided)
    found = [wholes_of(table, earlier, cell.coordinate) for cell in cells if cell.table in names]
    if not found:
        return table
    dimensions = list(table.axes)
    wanted = pd.concat(found).drop_duplicates()
    asked = {tuple(pattern.get(name, [""])[0] for name in dimensions) for pattern in table.contract.suppression.hide}
    fresh = [tuple(row) not in asked for row in wanted.itertuples(index=False, name=None)]
    return hiding(table, wanted[fresh]) if any(fresh) else table


def _refuse_exposed(report: AuditReport | None) -> None:
    """Refuse tables that open small counts together with earlier versions, naming the cells."""
    if report is None or report.safe:
        return
    cells = list(dict.fromkeys([*(str(finding.cell) for finding in report.findings), *map(str, report.undecided)]))
    more = f" and {len(cells) - _LISTED} more" if len(cells) > _LISTED else ""
    raise RefusedError(
        "readers of this version and of those before it could work out small counts, and no further suppression that "
        f"was tried prevents it: {'; '.join(cells[:_LISTED])}{more}.\n"
        "Hold the correction of these rows back until more figures change with it, or take the totals over these rows "
        "out of the table; a version that is public cannot be called back."
    )


def assess_group(
    tables: Sequence[BoundTable],
    rulebook: Rulebook,
    versions: Versions = NO_VERSIONS,
    *,
    like_other_periods: bool = False,
) -> list[Assessment]:
    """Assess each table; the decision is the same for all, to mask if any of them has to be masked.

    A contract that asks for whole percentages gets them whether or not the score asks for masking, so that a release
    does not show counts in one year and percentages in the next. And a figure that an earlier version hides, and that
    is still so, is not shown because the score is lower now, or the small one beside it has grown: that would open what
    it was hidden for.

    Args:
        tables: The group.
        rulebook: The edition.
        versions: What was published of these releases before.
        like_other_periods: Of a release by periods, whether another period is masked: then this one is, too, so that
            one table reads like the next.
    """
    assessments = [_in_its_form(assess(table, rulebook), table, rulebook) for table in tables]
    risky = [assessment.release for assessment in assessments if assessment.decision == "mask"]
    if not risky and like_other_periods:
        reason = "other periods of it are masked, and one table should read like the next"
        return [_masked_for(one, "reporting_periods", reason) for one in assessments]
    if not risky:
        still = [one.contract.release for one in tables if still_hidden(one, versions.get(one.contract.release, ()))]
        reason = f"an earlier version of {', '.join(still)} hides figures that are the same now"
        return [_masked_for(one, "earlier versions", reason) for one in assessments] if still else assessments
    reason = f"masked together with {', '.join(risky)}, which is drawn from the same records"
    return [_masked_for(one, "links", reason) for one in assessments]


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


def _masked_for(assessment: Assessment, about: str, reason: str) -> Assessment:
    """Note on a table that could go out by itself why it cannot."""
    if assessment.decision == "mask":
        return assessment
    steps = tuple(
        replace(step, result="mask", summary=reason[:1].upper() + reason[1:] + ".") if step.step == _MASKING else step
        for step in assessment.steps
    )
    return replace(assessment, decision="mask", steps=steps, notes=(*assessment.notes, Note(about, reason)))


def hides_cells(tables: Sequence[BoundTable]) -> bool:
    """Whether what must not be published of a group is hidden cell by cell, as §4.4.1 has it."""
    return all(table.contract.suppression.form == "cells" for table in tables)


def verify_protection(
    tables: Sequence[BoundTable],
    published: Sequence[pd.DataFrame],
    rulebook: Rulebook,
    proof: bytes | None,
    progress: Progress | None = None,
    versions: Versions = NO_VERSIONS,
) -> Verification | None:
    """Check what is to be published against the proof that masking gave, by arithmetic alone.

    Args:
        tables: The group before masking.
        published: The tables as read back from the bytes that ship, in the same order.
        rulebook: The edition.
        proof: The proof's bytes; None for tables that are released as they are: all of their figures have to be shown.
        progress: Called with the stage, what is done and what there is to do.
        versions: What was published of these releases before: readers know it, so that no move may change it.

    Returns:
        What is wrong, by cell and rule; None for a form that hides no cell, so that there is nothing to prove.

    Raises:
        InputErrors: The tables or the proof cannot be read, or are not those of the group.
    """
    if not hides_cells(tables):
        return None
    if proof is None:
        return verify_unmasked(tables, published, rulebook)
    informed = [with_earlier_versions(table, versions.get(table.contract.release, ())) for table in tables]
    return verify(informed, published, rulebook, read_proof(proof, "proof"), progress)


def attack(
    tables: Sequence[BoundTable],
    published: Sequence[pd.DataFrame],
    rulebook: Rulebook,
    reasons_shown: bool,
    progress: Progress | None = None,
    proof: bytes | None = None,
    versions: Versions = NO_VERSIONS,
    *,
    masked: bool = True,
) -> AuditReport:
    """Audit what is to be published, as its most determined reader would.

    Args:
        tables: The group before masking; tells what the reader knows besides: margins that no table carries.
        published: The tables as read back from the bytes that ship, in the same order.
        rulebook: The edition.
        reasons_shown: Whether the codes tell small cells from complementary ones.
        progress: Called with the stage, what is done and what there is to do.
        proof: The proof that masking gave. Its moves are tried first; nothing of it is believed.
        versions: What was published of these releases before. Of what this shows about their own small counts, only
            that is a finding which was not known before.
        masked: Whether small counts are hidden in the tables. Where not, only what they tell about earlier versions is
            a finding.

    Raises:
        InputErrors: The proof cannot be read; or nobody can tell which cells of linked tables are the same.
    """
    if masked:
        _refuse_unlinked(tables)
        if hides_cells(tables):
            values = _values(tables, rulebook)
            refuse_told_by_totals(tables, published, rulebook, values, reasons_shown=reasons_shown)
    level = strongest_level(tables, rulebook)
    rules = AuditRules.from_rulebook(rulebook, level, show_reason=reasons_shown)
    earlier = [
        one for table in tables for one in _attacked_beside(table, versions, masked=masked, reasons_shown=reasons_shown)
    ]
    tables = [with_earlier_versions(table, versions.get(table.contract.release, ())) for table in tables]
    audited = []
    for bound, frame in zip(tables, published, strict=True):
        if bound.contract.suppression.form == "whole_percentages":
            # that no count is known from elsewhere is the condition of this form; the totals come with the truth
            audited.append(PublishedTable(bound.contract, frame, bound.references, truth=bound.frame))
            continue
        audited.append(_with_what_is_known(bound, frame, rulebook, rules, reasons_shown))
    suggested = None if proof is None else read_proof(proof, "proof")
    if not earlier:
        report = audit(audited, rules, progress=progress, suggested=suggested)
        return _noting_versions(_without_lost(report, tables, audited, rules), tables, versions)
    before = [_earlier_table(version, rulebook, level) for version in earlier]
    own = {table.place: rules for table in audited} | {table.place: rule for table, rule in before}
    old = [table for table, _ in before]
    report = audit([*audited, *old], own, progress=progress, suggested=suggested)
    report = _without_lost(report, tables, audited, rules)
    report = _without_what_was_known(report, old, own, {table.place for table in audited if not masked})
    # nothing else of the report may tell whether a hidden figure was corrected
    return _noting_versions(report.about([table.place for table in audited]), tables, versions)


def _noting_versions(report: AuditReport, tables: Sequence[BoundTable], versions: Versions) -> AuditReport:
    """Note that earlier versions were taken as known, whatever they told."""
    names = [version.name for table in tables for version in versions.get(table.contract.release, ())]
    if not names:
        return report
    note = f"Judged together with what was published before: {', '.join(names)}."
    return replace(report, notes=(*report.notes, note))


def _attacked_beside(
    table: BoundTable, versions: Versions, *, masked: bool, reasons_shown: bool
) -> list[EarlierVersion]:
    """Choose the earlier versions to attack a table with."""
    earlier = versions.get(table.contract.release, ())
    if table.contract.suppression.form != "cells":
        return []
    if not masked:
        return [version for version in earlier if version.masked]
    return telling(table, earlier, reasons_shown=reasons_shown)


def _earlier_table(
    version: EarlierVersion, rulebook: Rulebook, level: Literal["exact", "ddg", "full"]
) -> tuple[PublishedTable, AuditRules]:
    rules = AuditRules.from_rulebook(rulebook, level, show_reason=version.reasons_shown)
    bound = replace(version.bound, contract=version.contract)
    if not version.certain:
        truth = bound.frame.copy()
        for measure, missing in bound.missing.items():
            truth[measure] = truth[measure].astype("float64").mask(missing)
        nothing = truth.iloc[:0][list(bound.axes)]
        return PublishedTable(bound.contract, version.published, bound.references, known=nothing, truth=truth), rules
    table = _with_what_is_known(bound, version.published, rulebook, rules, version.reasons_shown)
    if bound.contract.already_public:
        return replace(table, known=known_already(bound)), rules
    # a margin that nobody published is the same in all versions, or nobody knows what it was
    return replace(table, known=table.known.iloc[:0] if table.known is not None else None), rules


def _without_what_was_known(
    report: AuditReport, old: Sequence[PublishedTable], rules: Mapping[str, AuditRules], open_tables: set[str]
) -> AuditReport:
    """Leave out what is told about small counts of earlier versions by these alone, and of tables that hide nothing."""
    places = {table.place for table in old}
    findings = [finding for finding in report.findings if finding.cell.table not in open_tables]
    undecided = [cell for cell in report.undecided if cell.table not in open_tables]
    notes = report.notes
    if any(finding.cell.table in places for finding in findings) or any(cell.table in places for cell in undecided):
        alone = audit(old, rules)
        known = {(one.kind, str(one.cell), one.dimension, one.lower, one.upper) for one in alone.findings}
        before = [one for one in findings if (one.kind, str(one.cell), one.dimension, one.lower, one.upper) in known]
        lost = {str(cell) for cell in alone.undecided}
        findings = [one for one in findings if one not in before]
        undecided = [cell for cell in undecided if str(cell) not in lost]
        if before:
            listed = "; ".join(dict.fromkeys(str(one.cell) for one in before[:_LISTED]))
            more = f" and {len(before) - _LISTED} more" if len(before) > _LISTED else ""
            notes = (*notes, f"Not protected in earlier versions, by these alone: {listed}{more}.")
    return replace(report, findings=tuple(findings), undecided=tuple(undecided), notes=notes)


def _with_what_is_known(
    bound: BoundTable, frame: pd.DataFrame, rulebook: Rulebook, rules: AuditRules, reasons_shown: bool
) -> PublishedTable:
    """Give the audit a published table with all that its readers know besides.

    That is the margins that the table does not carry, what earlier tables show, by how much margins exceed their parts,
    and what follows of missing counts.
    """
    contract, references, truth = bound.contract, bound.references, bound.frame
    seen = seen_through(bound, frame, rulebook, reasons_shown=reasons_shown)
    if seen is not None:
        contract, references, truth, frame = seen.contract, seen.references, seen.truth, seen.published
    before = PublishedTable(contract, truth, references)
    known = implied_margins(before, rules)
    if seen is not None:
        # nobody publishes who is in none of a margin's parts: that follows from margins, or it does not
        labels = {name: {*axis.labels, *axis.groups} for name, axis in bound.axes.items()}
        real = [known[name].isna() | known[name].isin(own) for name, own in labels.items()]
        known = known[np.logical_and.reduce(real)].reset_index(drop=True)
    if contract.already_public:
        import pandas as pd

        earlier = known_already(bound)
        # margins that both tell are told once
        known = pd.concat([earlier, known]).groupby(list(bound.axes), dropna=False, sort=False).first().reset_index()
    return PublishedTable(
        contract, frame, references, known=known, residuals=broken_margins(before, rules), truth=truth
    )


_CALCULATED = {
    FindingKind.EXACT,
    FindingKind.NARROWED,
    FindingKind.BY_STATISTIC,
    FindingKind.BY_LINK,
    FindingKind.BY_MARGIN,
}
_OF_ROWS = {FindingKind.TOO_FEW_SUPPRESSED, FindingKind.SUM_TOO_SMALL, FindingKind.ALL_VERY_SMALL}


def _without_lost(
    report: AuditReport, tables: Sequence[BoundTable], audited: Sequence[PublishedTable], rules: AuditRules
) -> AuditReport:
    """Leave out what earlier tables tell by themselves, where the contract accepts that (`already_public`).

    That is the value of such a lost cell itself, and that a row has too little hidden in which nothing else is hidden.
    What the report says of every other cell stays as it is, for a reader who knows these figures.
    """
    findings, undecided, notes = report.findings, report.undecided, list(report.notes)
    for bound, table in zip(tables, audited, strict=True):
        lost = lost_cells(bound, rules.lower, rules.upper)
        if not lost:
            continue
        own = _Lost(bound, table, {_key(measure, labels) for measure, labels in lost}, rules.no_data_code)
        findings = tuple(finding for finding in findings if not own.explains(finding))
        undecided = tuple(cell for cell in undecided if not own.has(cell))
        named = "; ".join(
            f"{measure} at {', '.join(f'{name}={label}' for name, label in labels.items())}"
            for measure, labels in lost[:_LISTED]
        )
        more = f" and {len(lost) - _LISTED} more" if len(lost) > _LISTED else ""
        notes.append(f"Small counts that earlier tables of {bound.contract.release} show, as accepted: {named}{more}.")
    return replace(report, findings=findings, undecided=undecided, notes=tuple(notes))


@dataclass(frozen=True)
class _Lost:
    """The cells of one table that are accepted as lost.

    Attributes:
        bound: The table before masking.
        audited: What was audited of it: with rows more for what readers can calculate.
        cells: Measure and coordinate of each.
        no_data: The code beside a figure that there is not.
    """

    bound: BoundTable
    audited: PublishedTable
    cells: set[_Key]
    no_data: str

    def has(self, cell: Cell) -> bool:
        return cell.table == self.bound.contract.release and _key(cell.measure, cell.coordinate) in self.cells

    def explains(self, finding: Finding) -> bool:
        """Say whether a finding is about nothing but lost cells: the value of one, or a row that hides no other."""
        if finding.kind in _CALCULATED:
            return self.has(finding.cell)
        if finding.kind in _OF_ROWS and finding.cell.table == self.bound.contract.release:
            hidden = self._hidden_in_row(finding)
            return bool(hidden) and hidden <= self.cells
        return False

    def _hidden_in_row(self, finding: Finding) -> set[_Key]:
        """List what is hidden in a row: its whole, and its parts by any grouping."""
        cell, along = finding.cell, str(finding.dimension)
        axis = axis_nodes(self.bound.axes[along])
        whole = None if cell.coordinate[along] == _TOTAL else cell.coordinate[along]
        parts = {axis.labels[part] for above, parts in axis.relations if axis.labels[above] == whole for part in parts}
        frame = self.audited.frame
        here = frame[along].isin(parts | {whole}) | ~frame[along].isin(axis.labels)  # what is in none of the parts, too
        for name, label in cell.coordinate.items():
            if name != along:
                here &= frame[name] == label
        code = self.bound.contract.suppression.annotations.code.format(measure=cell.measure)
        empty = frame[cell.measure].isna() | (frame[cell.measure] == "")
        rows = frame[here & empty & (frame[code] != self.no_data)]
        return {_key(cell.measure, row) for row in rows[list(self.bound.axes)].to_dict("records")}


def _key(measure: str, coordinate: Mapping[Any, Any]) -> _Key:
    return measure, tuple(sorted(coordinate.items()))


def strongest_level(tables: Sequence[BoundTable], rulebook: Rulebook) -> Literal["exact", "ddg", "full"]:
    """Give the strongest level of protection that any contract of a group asks for: it holds for all of them."""
    levels = rulebook.masking.levels
    return max((bound.contract.suppression.level for bound in tables), key=lambda name: levels[name].possible_values)
