"""What the expert review has to look at in a table as a whole: what the contract claims, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ddg_pipeline.assessment.consistency import consistency_notes
from ddg_pipeline.assessment.derived import DerivedCounts
from ddg_pipeline.assessment.high_risk import FoundInLabels
from ddg_pipeline.assessment.measure_names import CategoryMeasures, category_measures
from ddg_pipeline.assessment.personal_characteristics import personal_characteristics_of, tells_about_people
from ddg_pipeline.assessment.result import Note
from ddg_pipeline.assessment.steps import Findings
from ddg_pipeline.assessment.variables import is_called
from ddg_pipeline.contract import BoundTable, ReleaseContract, Variable
from ddg_pipeline.contract.columns import quoted
from ddg_pipeline.contract.measure import MeasureKind
from ddg_pipeline.errors import InputError
from ddg_pipeline.populations import county
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.labels import normalised

_LISTED = 3
_LONGEST_NAME = 3  # words in the name of a county, such as San Luis Obispo
# What tells how many people a table could be about; geography, health plans and programs count as one variable (§16.2).
_OF_A_POPULATION = frozenset(
    {
        Variable.RESIDENCE_GEOGRAPHY,
        Variable.SERVICE_GEOGRAPHY,
        Variable.INSURANCE_COVERAGE,
        Variable.EXPECTED_PAYER,
        Variable.MEANS_TESTED_PROGRAM,
    }
)


def general_notes(
    bound: BoundTable,
    rulebook: Rulebook,
    findings: Findings,
    found: FoundInLabels,
    told: Sequence[str],
    derived: Sequence[DerivedCounts],
) -> list[Note]:
    """List what the contract declares or leaves out that could make the table look safer than it is.

    Args:
        bound: The table with its contract.
        rulebook: The edition.
        findings: What steps 1 to 3 rest on.
        found: The high-risk populations that labels speak of.
        told: The columns of a table about providers that are taken for what is told about the people they serve.
        derived: What follows from the rows by subtraction.
    """
    return [
        *_time(findings),
        *_place(findings),
        *_cells(findings),
        *_claimed_public(findings),
        *_side_by_side(findings, category_measures(bound.contract, rulebook)),
        *_totals(bound),
        *_unknown(bound, rulebook),
        *_services(bound.contract, told),
        *_high_risk_in_labels(bound.contract, rulebook, found),
        *_undeclared_high_risk(bound, rulebook, findings, found),
        *_reliability(findings),
        *consistency_notes(bound, rulebook, derived),
    ]


NO_TIME = Note(
    "dimensions", "No time is declared, so the finest period is scored; declare the period, if only under `scope`."
)
NO_PLACE = Note(
    "scope",
    "No geography is declared, so none is scored; a statewide table declares the state under `scope` "
    "(`{variable: residence_geography, label: California}`), a table of a smaller place how many people live "
    "there (`{variable: residence_geography, population: …}`): where few do, the score is higher.",
)


def _time(findings: Findings) -> Iterator[Note]:
    if not findings.time_is_declared:
        yield NO_TIME


def _place(findings: Findings) -> Iterator[Note]:
    if findings.personal and not declares_a_place(findings.contract):
        yield NO_PLACE


def undeclared_county(contract: ReleaseContract, place: str) -> Iterator[InputError]:
    """Refuse a table that names a county, but declares no geography: the county would not be scored."""
    if not tells_about_people(contract) or declares_a_place(contract):
        return
    for field in ("release", "title", "description"):
        named = _county_in(getattr(contract, field))
        if named is not None:
            yield InputError(
                place,
                field,
                f"{named} County, but no geography is declared",
                "declare where the people live, as a dimension or under scope: "
                f"{{variable: residence_geography, label: {named}}}, or the state",
            )


def declares_a_place(contract: ReleaseContract) -> bool:
    """Say whether a contract tells where the people live or are served, or of which plan or program they are.

    Otherwise nothing is scored for it, which is neither the score of the state nor that of a small place.
    """
    declared = {dimension.variable for dimension in contract.dimensions.values()}
    declared |= {scope.variable for scope in contract.scope}
    declared |= {implied.variable for dimension in contract.dimensions.values() for implied in dimension.implies}
    return not declared.isdisjoint(_OF_A_POPULATION)


def _county_in(text: str) -> str | None:
    """Find "Alpine County" or "County of San Luis Obispo" in a text; a bare Orange may be something else."""
    words = normalised(text).split()
    for position, word in enumerate(words):
        if word != "county":
            continue
        after = position + 2 if words[position + 1 : position + 2] == ["of"] else None
        for length in range(_LONGEST_NAME, 0, -1):
            names = [words[max(0, position - length) : position]]
            names += [words[after : after + length]] if after is not None else []
            for name in names:
                is_name = len(name) == length and " ".join(name).replace(" ", "").isalpha()
                found = county(" ".join(name)) if is_name else None
                if found is not None:
                    return found.name
    return None


def _cells(findings: Findings) -> Iterator[Note]:
    counts = findings.counts
    if counts.denominators != "known":
        why = {
            "unknown": "The population behind each cell is not declared",
            "bounded": "The populations at hand may hold more people than each cell comes from",
        }[counts.denominators]
        yield Note("measures", f"{why}, so small denominators cannot be ruled out.")
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


def _services(contract: ReleaseContract, told: Sequence[str]) -> Iterator[Note]:
    """Say of a table about providers which `other` columns are taken for what (§5.4)."""
    if contract.subject != "providers":
        return
    for name in told:
        if name not in contract.dimensions:
            yield Note(
                "measures",
                f"{name} reads like what is told about the people who are served, so the table is assessed.",
            )
    for name, dimension in contract.dimensions.items():
        if name in told:
            yield Note(
                f"dimensions.{name}",
                f"The labels of {name} read like diagnoses, procedures or high-risk populations, so they are taken "
                "for what is told about the people who are served, and the table is assessed.",
            )
        elif dimension.variable is Variable.OTHER and not dimension.implies:
            counts = ", ".join(contract.counts)
            yield Note(
                f"dimensions.{name}",
                f"{name} stands beside counts of individuals ({counts}) and is taken for what a provider is, which is "
                "public. If it says something about the people who are served, declare it under `implies`.",
            )


def _is_other(findings: Findings, name: str) -> bool:
    dimension = findings.contract.dimensions.get(name)
    return dimension is not None and dimension.variable is Variable.OTHER and not dimension.implies


def _side_by_side(findings: Findings, categories: Sequence[CategoryMeasures]) -> Iterator[Note]:
    told = {name for one in categories for name in one.labels}
    tables, counts = findings.tables, [name for name in findings.contract.counts if name not in told]
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
                f"{quoted(carried, _LISTED)} means 'not known', as the contract declares, and is not scored; an expert "
                "has to confirm it.",
            )


def _high_risk_in_labels(contract: ReleaseContract, rulebook: Rulebook, found: FoundInLabels) -> Iterator[Note]:
    """A high-risk population that labels speak of, and the contract does not declare, or denies."""
    for slug, places in found.places.items():
        if slug not in contract.high_risk:
            section = rulebook.cite(rulebook.high_risk[slug].section)
            yield Note(
                "high_risk",
                f"{_words_of(places, contract)} speak of {normalised(slug)}, a high-risk population ({section}), so "
                f"the table is taken to show it. Add {slug} to `high_risk`; if the labels mean something else, to "
                "`not_high_risk`.",
            )
    for slug, places in found.denied.items():
        yield Note(
            "not_high_risk",
            f"The contract declares that labels of {', '.join(places)} do not speak of {normalised(slug)}; an expert "
            "has to confirm it.",
        )


def _words_of(places: Sequence[str], contract: ReleaseContract) -> str:
    kind = "Labels" if all(place not in contract.measures for place in places) else "Labels or names"
    return f"{kind} of {', '.join(places)}"


def _undeclared_high_risk(
    bound: BoundTable, rulebook: Rulebook, findings: Findings, found: FoundInLabels
) -> Iterator[Note]:
    """A high-risk population that is named outside the labels, or less surely in them, but not declared."""
    contract = bound.contract
    texts = [contract.release, contract.title, contract.description, *contract.columns]
    labels = [label for axis in bound.axes.values() for label in axis.labels]
    said = f" {' . '.join(normalised(text) for text in dict.fromkeys([*texts, *labels]))} "
    shown = _shown_groups(bound, rulebook)
    for slug, population in rulebook.high_risk.items():
        words = normalised(slug)
        if slug in findings.high_risk or slug in found.denied:
            continue
        if f" {words} " in said or slug in shown or any(population.is_named_in(text) for text in texts):
            section = rulebook.cite(population.section)
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
