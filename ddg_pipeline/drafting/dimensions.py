"""Draft a dimension: its variable, its total, labels for "not known", and which categories consist of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ddg_pipeline.contract import Variable
from ddg_pipeline.drafting.facts import ColumnFacts
from ddg_pipeline.drafting.margins import parts_and_total
from ddg_pipeline.drafting.nesting import nested_bands
from ddg_pipeline.drafting.result import ColumnDraft, Remark, ask, reason
from ddg_pipeline.drafting.variables import variable_of
from ddg_pipeline.drafting.words import reads_like_a_total
from ddg_pipeline.populations import county
from ddg_pipeline.rulebook import Rulebook
from ddg_pipeline.rulebook.labels import normalised

GAP = "Unknown"
"""What stands for an empty cell, in the model that is drafted and where a draft is tried."""

_ONE_EACH = frozenset({"residence_geography", "age", "sex"})
"""Variables in which a person seldom is in two categories; the stricter reading needs no question there."""

_PERIODS_ADD_UP = (
    "can one person be counted in several periods? Deaths and new cases cannot, so that periods add up; people who "
    "were in care, enrolled or ill at any time of a period can: then write `additive: false`. As it stands periods are "
    "taken to add up, which hides more."
)
_CATEGORIES_ADD_UP = (
    "can one person be in several of its categories? In one place or stage at a time nobody is, so that they add up; "
    "with several diseases, services or races people are: then write `additive: false`. As it stands they are taken to "
    "add up, which hides more."
)


def draft_dimension(column: ColumnFacts, rulebook: Rulebook) -> ColumnDraft:
    """Draft a dimension from its name and labels alone; `with_margins` looks at the figures.

    Args:
        column: The column.
        rulebook: The edition.
    """
    unknown = [label for label in column.labels if label in rulebook.unknown_labels]
    named = [label for label in column.labels if label not in unknown]
    totals = [label for label in named if reads_like_a_total(normalised(label))]
    leaves = [label for label in named if label not in totals]
    variable, remarks = variable_of(column.name, leaves, rulebook)
    if variable is Variable.RESIDENCE_GEOGRAPHY and not any(county(label, column.name) for label in leaves):
        # a state among states, and no total
        kept = [label for label in totals if normalised(label) in ("california", "state", "us")]
        totals = [label for label in totals if label not in kept]
        leaves = [label for label in named if label not in totals]
    declared: dict[str, Any] = {"variable": variable.value}
    if unknown:
        declared["unknown"] = unknown
    if column.has_gaps:
        remarks.append(
            ask(f"some rows hold nothing here, which is refused: write a label, such as {GAP}, in the model.")
        )
    if len(totals) == 1:
        declared["total"] = totals[0]
    elif len(totals) > 1:
        named_so = ", ".join(repr(one) for one in totals[:5])
        remarks.append(ask(f"several labels read like a total ({named_so}): which one is it? Write it under `total`."))
    if variable is Variable.AGE:
        tree, overlap = nested_bands(leaves)
        if tree is not None:
            declared["hierarchy"] = {"tree": tree}
            remarks.append(reason("some bands consist of others, to the year"))
        if overlap:
            remarks.append(
                ask(
                    "some age bands overlap, and none consists of the others: leave some out, or write `additive: "
                    "false`. Until then the table is refused."
                )
            )
    return ColumnDraft(column.name, "dimension", declared, tuple(remarks))


def with_margins(draft: ColumnDraft, frame: pd.DataFrame, others: Sequence[str], counts: Sequence[str]) -> ColumnDraft:
    """Add to a drafted dimension what the figures say about its total; none of them is told.

    Args:
        draft: The dimension.
        frame: Labels as text, counts as numbers.
        others: The other dimensions.
        counts: The counts.
    """
    total = draft.declared.get("total")
    inner = draft.declared.get("hierarchy", {}).get("tree", {})
    parts = [label for label in dict.fromkeys(frame[draft.name]) if label != total and label not in inner]
    remarks: list[Remark] = []
    if total is not None:
        match parts_and_total(frame, draft.name, total, parts, others, counts):
            case "equal":
                remarks.append(reason(f"{total!r} is the sum of its parts, in every row"))
            case "less":
                remarks.append(
                    ask(
                        f"{total!r} counts people beyond its parts in some rows. Readers can subtract, so what is left "
                        "over is judged like a cell: if a part was left out, put its rows in."
                    )
                )
            case "more":
                remarks.append(
                    ask(
                        f"the parts are more than {total!r} in some rows. If one person can be in several of them, "
                        "write `additive: false`; if some consist of others, say so under `hierarchy`. Until then the "
                        "table is refused."
                    )
                )
            case _:
                remarks.append(ask(f"is {total!r} the total of the others? No row could tell."))
    elif len(parts) > 1 and draft.declared["variable"] not in _ONE_EACH:
        time = draft.declared["variable"] == Variable.TIME.value
        remarks.append(ask(_PERIODS_ADD_UP if time else _CATEGORIES_ADD_UP))
    return ColumnDraft(draft.name, draft.role, draft.declared, (*draft.remarks, *remarks))
