"""Count records: which columns make the groups, and how many people are in each."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ddg_pipeline.assessment.identifier_content import words_in
from ddg_pipeline.assessment.identifiers import Finding
from ddg_pipeline.drafting.columns import Kind
from ddg_pipeline.drafting.dates import days_of
from ddg_pipeline.drafting.dimensions import GAP
from ddg_pipeline.drafting.facts import ColumnFacts
from ddg_pipeline.drafting.records import PEOPLE, RecordPlan
from ddg_pipeline.drafting.result import Remark, ask, reason
from ddg_pipeline.drafting.words import AGES, PLACE, TIME, has

_MOST_LABELS = 80  # more than California has counties
_MOST_COLUMNS = 3  # besides the year: every one more makes groups smaller
_PERSON = frozenset(
    {"person", "patient", "client", "member", "beneficiary", "individual", "decedent", "participant", "mrn"}
)
_FIRST = ("county", "sex", "race", "ethnicity", "gender", "age")


def plan_of(facts: Mapping[str, ColumnFacts], kinds: Mapping[str, Kind], refused: Mapping[str, Finding]) -> RecordPlan:
    """Choose what records are counted by: a year, and few columns about people.

    Args:
        facts: Facts by column.
        kinds: What each column is.
        refused: Columns that identify people.
    """
    days = [name for name, kind in kinds.items() if kind in ("day", "moment") and not is_of_birth(facts[name])]
    free = [name for name, kind in kinds.items() if kind == "category" and name not in refused]
    years = [name for name in free if facts[name].is_year and has(facts[name].words, TIME)]
    groups = [name for name in free if name not in years and _tells_a_group(facts[name])]
    chosen = sorted(groups, key=lambda name: _rank(facts[name]))[:_MOST_COLUMNS]
    ids = [name for name, kind in kinds.items() if kind == "serial" or name in refused]
    person = next(
        (name for name in [*ids, *free] if has(words_in(name).split(), _PERSON) and _numbers(facts[name])), None
    )
    categories = [*years[:1], *(name for name in facts if name in chosen)]
    # a day that is the same in all records, such as that of an extract, is not when something happened
    year_of = next((name for name in days if len(facts[name].labels) > 1), next(iter(days), None))
    return RecordPlan(categories or free[:1], None if years else year_of, person)


def counted(facts: Mapping[str, ColumnFacts], plan: RecordPlan) -> tuple[pd.DataFrame, list[Remark]]:
    """Count the records of each group.

    Args:
        facts: Facts by column of the records.
        plan: How to count.

    Returns:
        The table: categories as text, then the number of people; and what has to be said of it.
    """
    groups = {name: [GAP if cell is None else cell for cell in facts[name].cells] for name in plan.categories}
    remarks = [reason("its rows are records, and not groups: the model counts them")]
    if plan.year_of is not None:
        column = facts[plan.year_of]
        days = days_of(column.labels)
        years = {label: days.year_of(label) for label in column.labels} if days is not None else {}
        groups[plan.year] = [GAP if cell is None else years[cell] for cell in column.cells]
        remarks.append(ask(f"is the year of {plan.year_of} the time that the release is about?"))
    keys = pd.DataFrame(groups)
    if plan.person is not None:
        persons = keys.assign(**{PEOPLE: pd.Series(list(facts[plan.person].cells), dtype="object")})
        table = persons.groupby(list(groups), sort=False)[PEOPLE].nunique().reset_index()
        remarks.append(ask(f"does {plan.person} tell one person from another? Each is counted once in a group."))
    else:
        table = keys.groupby(list(groups), sort=False).size().reset_index(name=PEOPLE)
        remarks.append(
            ask(
                "is every row another person? If one can have several, count the people and not the rows: "
                "count(distinct …) in the model."
            )
        )
    remarks.append(
        ask(
            "groups without a record have no row, and zeros should be published as zeros: join the table of all "
            "combinations in the model."
        )
    )
    return table, remarks


def _tells_a_group(column: ColumnFacts) -> bool:
    if not 1 < len(column.labels) <= _MOST_LABELS:
        return False
    single_ages = has(column.words, AGES) and column.numbers is not None
    return not single_ages and (has(column.words, PLACE) or _rank(column) < len(_FIRST))


def _rank(column: ColumnFacts) -> int:
    return next((place for place, word in enumerate(_FIRST) if word in column.words), len(_FIRST))


def is_of_birth(column: ColumnFacts) -> bool:
    """Say whether a column is called as one of days of birth is."""
    return has(column.words, frozenset({"birth", "dob", "born"}))


def _numbers(column: ColumnFacts) -> bool:
    return len(column.labels) > _MOST_LABELS
