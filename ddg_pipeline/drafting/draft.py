"""Draft a whole contract from a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ddg_pipeline.assessment import assess, find_direct_identifiers, refuse_direct_identifiers
from ddg_pipeline.assessment.identifiers import Finding, find_identifiers_in_columns
from ddg_pipeline.assessment.periods import period_of
from ddg_pipeline.contract import ReleaseContract, Variable, bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.drafting.columns import Kind, kind_of
from ddg_pipeline.drafting.counting import counted, is_of_birth, plan_of
from ddg_pipeline.drafting.dimensions import GAP, draft_dimension, with_margins
from ddg_pipeline.drafting.facts import ColumnFacts, facts_of
from ddg_pipeline.drafting.measures import WHICH_POPULATION, draft_measures, identities_of
from ddg_pipeline.drafting.records import PEOPLE, RecordPlan
from ddg_pipeline.drafting.redundant import redundant_columns
from ddg_pipeline.drafting.result import ColumnDraft, Draft, Remark, ask, reason
from ddg_pipeline.drafting.variables import variable_of
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.rulebook import Rulebook

if TYPE_CHECKING:
    from ddg_pipeline.assessment import Assessment

_LETTER = re.compile(r"[^\W\d_]")
_PLACES = {Variable.RESIDENCE_GEOGRAPHY.value, Variable.SERVICE_GEOGRAPHY.value}
_COUNTS_PEOPLE = {"kind": "count"}
_NOT_COUNTED = ask(
    "left out, because every column more makes groups smaller; add it to the model if the release should tell it."
)
_COLUMNS_OF_A_TABLE_WITH_NOTES = 3  # of two columns, a row with one cell may be a count that is missing
_NOTES = ask(
    "some rows hold nothing but one cell, or none, as notes under a table do. They are no rows of it: take them out of "
    "the file, or leave them out in the model (`where ... is not null`)."
)
_TITLE = "what readers of the portal see first: write what is counted, by what, and of when"
_OF_BIRTH = reason(
    "left out, because it identifies people. It is loaded, so that the model can make bands of ages of it; where no "
    "model does, list it under `ignore_columns` of its source."
)


def draft_contract(
    frame: pd.DataFrame, release: str, title: str, rulebook: Rulebook, *, place: str, people: Sequence[str] = ()
) -> Draft:
    """Draft a contract from a table.

    Args:
        frame: The table: of text, as from CSV, or typed.
        release: The release's name.
        title: Its title.
        rulebook: The edition that it is scored by.
        place: What errors call the table.
        people: Columns that count people, whatever they are called.

    Returns:
        The draft. Its contract is valid; whether the table may be assessed under it, and what is still to be answered,
        the draft says.

    Raises:
        InputErrors: The table has no names of columns, no rows, or nothing that counts people; or ``people`` names
            other columns. No value is quoted.
    """
    _check(frame, people, place)
    facts = {str(name): facts_of(frame[name]) for name in frame.columns}
    kinds = {name: kind_of(column, len(frame), people) for name, column in facts.items()}
    refused = _identifiers(frame, kinds, rulebook)
    small = rulebook.thresholds.numerator.upper
    figures = draft_measures([facts[name] for name, kind in kinds.items() if kind == "figure"], people, small)
    figures = [one for one in figures if one.name not in refused]
    records = _records(frame, facts, kinds, refused, figures, place)
    drafter = _Drafter(frame, facts, kinds, refused, rulebook, release, title)
    if records is None:
        return drafter.of_groups(figures)
    return drafter.of_records(records)


class _Drafter:
    def __init__(
        self,
        frame: pd.DataFrame,
        facts: Mapping[str, ColumnFacts],
        kinds: Mapping[str, Kind],
        refused: Mapping[str, Finding],
        rulebook: Rulebook,
        release: str,
        title: str,
    ) -> None:
        self.frame, self.facts, self.kinds, self.refused = frame, facts, kinds, dict(refused)
        self.rulebook, self.release, self.title = rulebook, release, title
        self.general: dict[str, list[Remark]] = {"release": []}

    def of_groups(self, figures: Sequence[ColumnDraft]) -> Draft:
        drafts = {one.name: one for one in figures} | self._left_out()
        scope: list[dict[str, Any]] = []
        for name in [name for name, kind in self.kinds.items() if kind in ("category", "day") and name not in drafts]:
            column = self.facts[name]
            if len(column.labels) == 1 and not column.has_gaps:
                drafts[name], entry = self._constant(column)
                scope += [one for one in entry if one["variable"] not in {other["variable"] for other in scope}]
        names = [name for name, kind in self.kinds.items() if kind in ("category", "day") and name not in drafts]
        said = redundant_columns({name: self.facts[name] for name in names})
        drafts |= {name: ColumnDraft(name, "left out", {}, remarks) for name, remarks in said.items()}
        for name in names:
            if name not in said:
                drafts[name] = draft_dimension(self.facts[name], self.rulebook)
        if any(kind == "beside" for kind in self.kinds.values()):
            self.general["release"].append(
                ask(
                    "the table has annotations, as one that was published already. Masking needs the true figures: "
                    "start from the table before anything was hidden."
                )
            )
        if self._has_notes():
            self.general["release"].append(_NOTES)
        return self._finished(drafts, scope, self._readable(drafts), None)

    def _has_notes(self) -> bool:
        """Whether some rows hold one cell or none: a row of a table has a label in each column, or a figure."""
        if len(self.facts) < _COLUMNS_OF_A_TABLE_WITH_NOTES:
            return False
        rows = zip(*(column.cells for column in self.facts.values()), strict=True)
        return any(sum(cell is not None for cell in row) <= 1 for row in rows)

    def of_records(self, plan: RecordPlan) -> Draft:
        frame, remarks = counted(self.facts, plan)
        self.general["release"] += remarks
        drafts = self._left_out() | {
            one.name: ColumnDraft(one.name, "left out", {}, (_OF_BIRTH if is_of_birth(one) else _NOT_COUNTED,))
            for one in self.facts.values()
            if one.name not in plan.categories and one.name not in self.refused and self.kinds[one.name] != "serial"
        }
        facts = {name: facts_of(frame[name]) for name in frame.columns}
        for name in frame.columns[:-1]:
            drafts[name] = draft_dimension(facts[name], self.rulebook)
        drafts[PEOPLE] = ColumnDraft(PEOPLE, "measure", _COUNTS_PEOPLE, (WHICH_POPULATION,))
        self.facts = {**self.facts, **facts}
        return self._finished(drafts, [], frame, plan)

    def _left_out(self) -> dict[str, ColumnDraft]:
        found = {
            name: ColumnDraft(name, "left out", {}, (Remark("refused", f"identifies people: {one.describe()}"),))
            for name, one in self.refused.items()
        }
        texts = {
            "serial": Remark(
                "refused",
                "numbers records or people, as its name and its labels say: no release may have it. If it is something "
                "else, call it so.",
            ),
            "beside": reason("it says something about another column; the release writes annotations of its own"),
            "empty": reason("it holds nothing"),
            "moment": ask(
                "left out, because a time of day tells one event from another: should the release tell its day, month "
                "or year? Make it in the model."
            ),
        }
        for name, kind in self.kinds.items():
            if kind in texts and name not in found:
                found[name] = ColumnDraft(name, "left out", {}, (texts[kind],))
        return found

    def _constant(self, column: ColumnFacts) -> tuple[ColumnDraft, list[dict[str, Any]]]:
        """A column with one label says something of the whole table: `scope` says it without a column."""
        variable, _ = variable_of(column.name, column.labels, self.rulebook)
        label = column.labels[0]
        why = reason("the same in every row, so it is no column of the release")
        if variable is Variable.TIME:
            period = period_of([label])
            if period is None:
                return ColumnDraft(column.name, "left out", {}, (why,)), []
            sure = ask(
                "is this the time that the figures are of? If it is only when they were written, take it out of "
                "`scope`."
            )
            entry = {"variable": variable.value, "period": period.word}
            return ColumnDraft(column.name, "left out", {}, (why, sure)), [entry]
        if variable is Variable.OTHER:
            return ColumnDraft(column.name, "left out", {}, (why,)), []
        return ColumnDraft(column.name, "left out", {}, (why,)), [{"variable": variable.value, "label": label}]

    def _readable(self, drafts: Mapping[str, ColumnDraft]) -> pd.DataFrame:
        """The table as the model will have it: gaps among labels named, numbers plain."""
        columns: dict[str, Any] = {}
        for name, draft in drafts.items():
            column = self.facts[name]
            if draft.role == "dimension":
                columns[name] = [GAP if cell is None else cell for cell in column.cells]
            elif draft.role in ("measure", "population"):
                columns[name] = column.numbers
        order = [str(name) for name in self.frame.columns if str(name) in columns]
        return pd.DataFrame(columns)[order]

    def _finished(
        self, drafts: dict[str, ColumnDraft], scope: list[dict[str, Any]], frame: pd.DataFrame, plan: RecordPlan | None
    ) -> Draft:
        while True:
            contract = self._contract(drafts, scope, frame)
            parsed = parse_contract(contract, self.release)
            found = find_direct_identifiers(frame[parsed.columns], parsed, self.rulebook)
            if not found:
                break
            for one in found:  # as the gate looks at it
                self.refused[one.column] = one
                drafts[one.column] = self._left_out()[one.column]
            frame = frame.drop(columns=[one.column for one in found])
        drafts = self._with_sums(drafts, frame, parsed)
        if bool(frame.duplicated(list(parsed.dimensions)).any()):
            self.general["release"].append(
                ask(
                    "without the columns that are left out, rows repeat: add up over them in the model, totals "
                    "left out."
                )
            )
        assessment, still_open = self._assessed(frame[parsed.columns], parsed)
        order = [*map(str, self.frame.columns), *(name for name in drafts if name not in self.frame.columns)]
        columns = tuple(drafts[name] for name in order if name in drafts)
        general = {key: tuple(remarks) for key, remarks in self.general.items() if remarks}
        return Draft(contract, columns, general, plan, assessment, tuple(still_open))

    def _contract(
        self, drafts: Mapping[str, ColumnDraft], scope: list[dict[str, Any]], frame: pd.DataFrame
    ) -> dict[str, Any]:
        dimensions = {one.name: dict(one.declared) for one in drafts.values() if one.role == "dimension"}
        measures = {one.name: dict(one.declared) for one in drafts.values() if one.role == "measure"}
        if not dimensions:
            expected = "a column with the categories that the figures are of; those that identify people do not count"
            raise InputErrors([InputError(self.release, "columns", "no column that classifies rows", expected)])
        order = [str(name) for name in frame.columns]
        contract: dict[str, Any] = {"release": self.release, "title": self.title, "rulebook": self.rulebook.name}
        self.general["title"] = [reason(_TITLE)]
        if found := [*scope, *self._unsaid(scope, dimensions)]:
            contract["scope"] = found
        contract["dimensions"] = {name: dimensions[name] for name in order if name in dimensions}
        contract["measures"] = {name: measures[name] for name in order if name in measures}
        counts = [name for name, one in contract["measures"].items() if one["kind"] == "count" and "unit" not in one]
        if identities := identities_of(self.facts, counts):
            contract["identities"] = identities
            self.general["identities"] = [reason("they hold in every row, and readers calculate with them")]
        return contract

    def _unsaid(self, scope: Sequence[Mapping[str, Any]], dimensions: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """What no column tells, and decides the score: time and place, taken for the riskiest until somebody says."""
        said = {one["variable"] for one in (*scope, *dimensions.values())}
        remarks = []
        if Variable.TIME.value not in said:
            yield {"variable": Variable.TIME.value, "period": "day"}
            remarks.append(ask("which time do the figures cover? `period: day` scores highest; write year, quarter, …"))
        if not said & _PLACES:
            highest = max(self.rulebook.scoring.residence_geography.bands, key=lambda band: band.score)
            yield {"variable": Variable.RESIDENCE_GEOGRAPHY.value, "population": highest.upper or highest.lower}
            remarks.append(
                ask(
                    "where do the people live? No column tells, and so small a population scores highest. Write how "
                    "many people live there; of a county or the state its name in place of that: `label: California`."
                )
            )
        self.general["scope"] = remarks

    def _with_sums(
        self, drafts: dict[str, ColumnDraft], frame: pd.DataFrame, contract: ReleaseContract
    ) -> dict[str, ColumnDraft]:
        names = list(contract.dimensions)
        return {
            name: with_margins(one, frame, [other for other in names if other != name], contract.counts)
            if one.role == "dimension"
            else one
            for name, one in drafts.items()
        }

    def _assessed(self, frame: pd.DataFrame, contract: ReleaseContract) -> tuple[Assessment | None, list[str]]:
        """Say what steps 1 to 3 find, or what keeps them from finding it; their messages name no figure."""
        try:
            refuse_direct_identifiers(frame, contract, self.rulebook)
            return assess(bind(contract, frame, {}, self.release), self.rulebook), []
        except InputErrors as error:
            return None, [f"{one.field}: found {one.found}; {one.expected}" for one in error.errors]
        except InputError as error:
            return None, [f"{error.field}: found {error.found}; {error.expected}"]
        except RefusedError as error:
            return None, str(error).splitlines()


def _check(frame: pd.DataFrame, people: Sequence[str], place: str) -> None:
    names = [str(name) for name in frame.columns]
    if not names or any(not _LETTER.search(name) for name in names):
        # a missing header: the first row of a restricted table stands there
        expected = "a name with a letter in it for every column; is the first line missing?"
        raise InputErrors([InputError(place, "columns", "a name that may be a figure", expected)])
    if len(set(names)) < len(names):
        raise InputErrors([InputError(place, "columns", "two of one name", "a name of its own for every column")])
    if frame.empty:
        raise InputErrors([InputError(place, "rows", "none", "the rows of the table")])
    unknown = [name for name in people if name not in names]
    if unknown:
        raise InputErrors([InputError("command line", "--people", ", ".join(unknown), f"one of {', '.join(names)}")])


def _identifiers(frame: pd.DataFrame, kinds: Mapping[str, Kind], rulebook: Rulebook) -> dict[str, Finding]:
    """Find what identifies people before anything is known of a column: by its name, and by its labels.

    Figures by their names only: a telephone number without its marks is a number, and counts are not looked at.
    """
    found: dict[str, Finding] = {}
    for one in find_identifiers_in_columns(frame, {}, rulebook):
        kind = kinds[one.column]
        if kind not in ("day", "moment") and (kind != "figure" or one.by == "name"):
            found.setdefault(one.column, one)
    return found


def _records(
    frame: pd.DataFrame,
    facts: Mapping[str, ColumnFacts],
    kinds: Mapping[str, Kind],
    refused: Mapping[str, Finding],
    figures: Sequence[ColumnDraft],
    place: str,
) -> RecordPlan | None:
    """Say how records are counted; None where the table counts people already.

    Raises:
        InputErrors: It does neither.
    """
    if any(one.role == "measure" and one.declared.get("kind") == "count" and "unit" not in one.declared
           for one in figures):  # fmt: skip
        return None
    categories = [name for name, kind in kinds.items() if kind in ("category", "day")]
    # a time of day tells one event from another, as a number does
    numbered = [name for name, kind in kinds.items() if kind in ("serial", "moment") or name in refused]
    repeated = bool(categories) and bool(frame[categories].duplicated().any())
    if not categories or not (numbered or repeated or not figures):
        why = " ".join(remark.text for one in figures for remark in one.remarks if remark.kind == "ask")
        expected = f"name the column that counts people by --people. {why}".strip()
        raise InputErrors([InputError(place, "columns", "none that counts people", expected)])
    return plan_of(facts, kinds, refused)
