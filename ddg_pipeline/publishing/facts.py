"""What the other rooms found about a release, in the form in which the package tells it.

Everything here may be published: a count of cells is, a count of people is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.quality.gate import GateResult
from ddg_pipeline.quality.percentages import FORM

if TYPE_CHECKING:
    from ddg_pipeline.masking import CellCounts


class AuditSummary(TypedDict):
    """What the attack audit says: `AuditReport.to_json_dict` with the level; other keys are not published.

    Attributes:
        safe: Whether every small cell was proven to be protected.
        level: The level of protection that was proven.
        summary: The result in a sentence without any figure of a cell.
        notes: What else a reader should know.
    """

    safe: bool
    level: str
    summary: str
    notes: NotRequired[list[str]]


@dataclass(frozen=True)
class ReleaseFacts:
    """Everything the package tells besides the table itself.

    Attributes:
        assessment: Steps 1 to 3 as ``ddg assess --json`` prints them: ``decision``, ``score`` with ``total`` and
            ``terms``, ``steps``.
        masking: By measure, how many cells there are of each kind.
        reasons_shown: Whether the annotation codes tell small cells from complementary ones.
        audit: The audit's summary.
        gate: What the gate said about the staged file.
        public: The certificates of the versions that were public already, and so known to readers, when it was masked.
        approval_required: Whether anybody has to approve it before it is published.
    """

    assessment: Mapping[str, Any]
    masking: Mapping[str, CellCounts]
    reasons_shown: bool
    audit: AuditSummary
    gate: GateResult
    public: tuple[str, ...] = ()
    approval_required: bool = True

    @property
    def decision(self) -> Literal["mask", "release"]:
        """What the assessment decided; anything it does not say clearly means `mask`."""
        return "release" if self.assessment.get("decision") == "release" else "mask"

    @property
    def masked(self) -> bool:
        """Whether counts under the threshold are hidden."""
        return self.decision == "mask"


@dataclass(frozen=True)
class PublicCells:
    """How many cells of a measure are hidden, as far as that may be told.

    Attributes:
        cells: Rows of the table.
        suppressed: How many are hidden.
        small: How many of them because they are small; None where reasons are not shown.
        complementary: How many to protect those; None where reasons are not shown.
        share_of_cells: Their share of the rows, in words.
        share_of_counts: The share of the people counted in them, in words.
    """

    cells: int
    suppressed: int
    small: int | None
    complementary: int | None
    share_of_cells: str
    share_of_counts: str


def public_cells(contract: ReleaseContract, counts: CellCounts, reasons_shown: bool) -> PublicCells:
    """Reduce a measure's cell counts to what the published file itself shows.

    Where one code stands for both reasons, the number of small cells would tell more than the codes do. The share of
    people is whole percent; where no dimension adds up, no total is known to a reader, and even that could narrow a
    hidden count, so it is left out.
    """
    if contract.suppression.form == FORM:
        # every count is left out, and no cell is empty
        return PublicCells(counts.cells, 0, None, None, _percent(0, 0), _percent(0, 0))
    suppressed = counts.small + counts.complementary
    totals_known = any(dimension.additive for dimension in contract.dimensions.values())
    return PublicCells(
        cells=counts.cells,
        suppressed=suppressed,
        small=counts.small if reasons_shown else None,
        complementary=counts.complementary if reasons_shown else None,
        share_of_cells=_percent(counts.share_of_cells_suppressed, suppressed),
        share_of_counts=_percent(counts.share_of_counts_suppressed, suppressed) if totals_known else "not shown",
    )


def _percent(whole: int, suppressed: int) -> str:
    return "<1 %" if suppressed and not whole else f"{whole} %"
