"""What a draft holds: a contract, and for each column why it is what it is and what has to be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ddg_pipeline.assessment import Assessment
    from ddg_pipeline.drafting.records import RecordPlan

Role = Literal["dimension", "measure", "population", "left out"]


@dataclass(frozen=True)
class Remark:
    """One thing that a draft says about itself.

    Attributes:
        kind: ``reason``: what was read from the table. ``ask``: what a person has to answer; until then the draft
            stands on the stricter reading. ``refused``: a column that identifies people.
        text: A sentence or two, without any figure of the table.
    """

    kind: Literal["reason", "ask", "refused"]
    text: str


def reason(text: str) -> Remark:
    """Make a remark on what was read from the table."""
    return Remark("reason", text)


def ask(text: str) -> Remark:
    """Make a question for a person."""
    return Remark("ask", text)


@dataclass(frozen=True)
class ColumnDraft:
    """What is made of one column.

    Attributes:
        name: The column.
        role: What it is; ``left out`` where it must not be in the table that is published, or nobody can say yet.
        declared: What the contract declares of it; empty of a population and of what is left out.
        remarks: Why, and what has to be asked.
    """

    name: str
    role: Role
    declared: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A drafted contract.

    Attributes:
        contract: The contract as plain values; valid by the contract's model, as far as that can tell without a person.
        columns: One for every column of the table, in its order.
        general: Remarks on the table as a whole and on what is no column, by the contract's key they stand at; the
            table itself under ``release``.
        records: How the table becomes an aggregate; None where it is one already.
        assessment: What steps 1 to 3 say of the table under this draft; None where something has to be answered first.
        open: What has to be answered or mended before the table can be assessed, in the words of the assessment.
    """

    contract: Mapping[str, Any]
    columns: tuple[ColumnDraft, ...]
    general: Mapping[str, Sequence[Remark]]
    records: RecordPlan | None
    assessment: Assessment | None
    open: tuple[str, ...]

    @property
    def questions(self) -> list[str]:
        """Everything that a person has to answer, each with the column or key it is about."""
        found = [
            f"{place}: {one.text}" for place, remarks in self.general.items() for one in remarks if one.kind == "ask"
        ]
        found += [
            f"{column.name}: {one.text}" for column in self.columns for one in column.remarks if one.kind == "ask"
        ]
        return found

    @property
    def left_out(self) -> list[str]:
        """The columns that the contract does not declare, so that the published table may not have them."""
        return [column.name for column in self.columns if column.role == "left out"]

    def to_json_dict(self) -> dict[str, Any]:
        """Give the draft as plain values, ready for JSON."""

        def plain(remarks: Sequence[Remark]) -> list[dict[str, str]]:
            return [{"kind": one.kind, "text": one.text} for one in remarks]

        score = None
        if self.assessment is not None:
            total = self.assessment.to_json_dict()["score"]
            score = {"total": total["total"], "cut_off": self.assessment.cut_off, "terms": total["terms"]}
        return {
            "contract": dict(self.contract),
            "columns": [
                {"column": one.name, "role": one.role, "declared": dict(one.declared), "remarks": plain(one.remarks)}
                for one in self.columns
            ],
            "general": {key: plain(remarks) for key, remarks in self.general.items()},
            "records": self.records is not None,
            "questions": self.questions,
            "decision": None if self.assessment is None else self.assessment.decision,
            "score": score,
            "open": list(self.open),
        }
