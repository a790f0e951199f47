"""What the expert review has to look at in a table as a whole: what the contract claims, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from ddg_pipeline.assessment.personal_characteristics import personal_characteristics_of
from ddg_pipeline.assessment.result import Note
from ddg_pipeline.assessment.steps import Findings
from ddg_pipeline.assessment.variables import is_called
from ddg_pipeline.contract import BoundTable, Variable
from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.labels import normalised

_LISTED = 3


def general_notes(bound: BoundTable, rulebook: Rulebook, findings: Findings) -> list[Note]:
    """List what the contract declares or leaves out that could make the table look safer than it is."""
    return [
        *_time(findings),
        *_cells(findings),
        *_claimed_public(findings),
        *_side_by_side(findings),
        *_totals(bound),
        *_unknown(bound, rulebook),
        *_undeclared_high_risk(bound, rulebook, findings),
        *_reliability(findings),
    ]


def _time(findings: Findings) -> Iterator[Note]:
    if not findings.time_is_declared:
        yield Note(
            "dimensions",
            "No time is declared, so the finest period is scored; declare the period, if only under `scope`.",
        )


def _cells(findings: Findings) -> Iterator[Note]:
    counts = findings.counts
    if counts.denominators != "known":
        yield Note(
            "measures",
            "The population behind each cell is not declared, so small denominators cannot be ruled out.",
        )
    if counts.zero_cells == counts.cells:
        yield Note("measures", "All cells are zero, so events take the highest score.")


def _claimed_public(findings: Findings) -> Iterator[Note]:
    contract = findings.contract
    if findings.personal:
        return
    if contract.subject == "projected_budget":
        counts = [name for name, measure in contract.measures.items() if measure.kind is MeasureKind.COUNT]
        yield Note(
            "subject",
            f"The contract declares that all figures are projected{': ' + ', '.join(counts) if counts else ''}; an "
            "expert has to confirm that none is counted or paid.",
        )
        return
    shown = [one.column or one.field for one in personal_characteristics_of(contract)]
    personal = [name for name in dict.fromkeys(shown) if not _is_other(findings, name)]
    if personal:
        yield Note(
            "personal_characteristics",
            f"The contract declares {', '.join(personal)} as expressly public; an expert has to confirm it.",
        )


def _is_other(findings: Findings, name: str) -> bool:
    dimension = findings.contract.dimensions.get(name)
    return dimension is not None and dimension.variable is Variable.OTHER and not dimension.implies


def _side_by_side(findings: Findings) -> Iterator[Note]:
    tables, counts = findings.tables, findings.contract.counts
    if len(tables) > 1:
        yield Note(
            "dimensions",
            f"The file holds {len(tables)} tables side by side, each scored by itself; the riskiest decides.",
        )
    if len(counts) > 1:
        yield Note(
            "measures",
            f"{', '.join(counts)} stand side by side, and each is taken for a table of its own. If they are categories "
            "of one variable, such as diseases or sexes, make it a dimension: it then adds to the score.",
        )


def _totals(bound: BoundTable) -> Iterator[Note]:
    """A category that is declared as the total of the others would not be scored."""
    for name, axis in bound.axes.items():
        if axis.total is None or not axis.additive:
            continue
        others = [other for other in bound.axes if other != name]
        at_total, part = bound.frame[name] == axis.total, bound.frame[name].isin(axis.leaves)
        for measure in bound.contract.counts:
            largest = bound.frame[part].groupby(others, sort=False)[measure].max() if others else None
            if largest is None:
                short = bool((bound.frame.loc[at_total, measure] < bound.frame.loc[part, measure].max()).any())
            else:
                totals = bound.frame[at_total].set_index(others)[measure]
                short = bool((totals < largest.reindex(totals.index)).any())
            if short:
                yield Note(
                    f"dimensions.{name}.total",
                    f"{axis.total!r} is declared as the total, but counts fewer {measure} than one of its categories "
                    "somewhere. A total is not scored: if it is a category, do not declare it so.",
                    rests_on_counts=True,
                )


def _unknown(bound: BoundTable, rulebook: Rulebook) -> Iterator[Note]:
    for name, dimension in bound.contract.dimensions.items():
        odd = [label for label in dimension.unknown if label not in rulebook.unknown_labels]
        carried = [label for label in odd if label in bound.axes[name].labels]
        if carried:
            yield Note(
                f"dimensions.{name}.unknown",
                f"{_some(carried)} means 'not known', as the contract declares, and is not scored; an expert has to "
                "confirm it.",
            )


def _undeclared_high_risk(bound: BoundTable, rulebook: Rulebook, findings: Findings) -> Iterator[Note]:
    """A high-risk population that is named in the table, but not declared."""
    contract = bound.contract
    texts = [contract.release, contract.title, contract.description, *contract.columns]
    texts += [label for axis in bound.axes.values() for label in axis.labels]
    said = f" {' . '.join(normalised(text) for text in dict.fromkeys(texts))} "
    shown = _shown_groups(bound, rulebook)
    for slug in rulebook.high_risk:
        words = normalised(slug)
        if slug not in findings.high_risk and (f" {words} " in said or slug in shown):
            section = rulebook.cite(rulebook.high_risk[slug].section)
            yield Note(
                "high_risk",
                f"The release speaks of {words}, a high-risk population ({section}), which the contract does not "
                f"declare. If it is about such people, add {slug} to `high_risk`.",
            )


def _shown_groups(bound: BoundTable, rulebook: Rulebook) -> set[str]:
    """High-risk populations that stand beside others as a category of a variable, such as noncitizens."""
    found = set()
    for name, dimension in bound.contract.dimensions.items():
        table = rulebook.scoring.category_table(dimension.variable)
        slug = table.more_detail.high_risk if table is not None else None
        if table is not None and slug and any(is_called(label, slug, table) for label in bound.axes[name].leaves):
            found.add(slug)
    return found


def _reliability(findings: Findings) -> Iterator[Note]:
    for one in findings.reliability:
        if one.unreliable_cells or one.flagged_cells:
            more = f", and {one.flagged_cells:,} further ones must be marked" if one.flagged_cells else ""
            yield Note(
                f"survey.estimates.{one.measure}",
                f"{one.unreliable_cells:,} of {one.cells:,} estimates are statistically unreliable{more}: {one.limits} "
                f"({one.section}). The release must say so.",
                rests_on_counts=True,
            )


def _some(labels: list[str]) -> str:
    shown = ", ".join(map(repr, labels[:_LISTED]))
    return shown if len(labels) <= _LISTED else f"{shown} and {len(labels) - _LISTED} more"
