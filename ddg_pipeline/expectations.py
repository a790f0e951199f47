"""Great Expectations classes for published statistical tables, for anyone's suites: docs/reference/expectations.md.

Importing this module registers them with Great Expectations (whose import takes seconds):

    import great_expectations as gx
    import ddg_pipeline.expectations as ddg

    batch.validate(ddg.ExpectCountsToExcludeSmallNumbers(column="cases", lower=1, upper=10))

They work on pandas batches, whose cells may be text or typed. A result, in any format and as rendered, holds how often
a rule is broken and in which rows, and never a figure of the table.
"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import pandas as pd
from great_expectations.compatibility.pydantic import Field

from ddg_pipeline.audit_run import audit_frames
from ddg_pipeline.quality.expectations import (
    ExpectAnnotationsToBeKnown,
    ExpectCategoriesToStayNearPrevious,
    ExpectColumnsToReadAsDeclared,
    ExpectCountsToExcludeSmallNumbers,
    ExpectIdentityToHold,
    ExpectNoDirectIdentifiers,
    ExpectPublishedMarginsToAddUp,
    ExpectRowCountToStayNearPrevious,
    ExpectRowsToBeThoseAssessed,
    ExpectStatisticsToBeEmptyWithTheirCounts,
    ExpectSuppressedCellsToBeAtMost,
    ExpectSuppressedPeopleToBeAtMost,
    ExpectTotalToStayNearPrevious,
    ExpectValuesToBeEmptyExactlyWhereAnnotated,
    ExpectWholePercentagesToAddUp,
)
from ddg_pipeline.quality.rules import Breaches
from ddg_pipeline.quality.table_rule import NotComputedError, TableRule
from ddg_pipeline.table_files import read_contract, read_contracts, read_table

# No `from __future__ import annotations` here: Great Expectations' models read the annotations as they are defined.

__all__ = [
    "ExpectAnnotationsToBeKnown",
    "ExpectAttackToFindNothing",
    "ExpectCategoriesToStayNearPrevious",
    "ExpectColumnsToReadAsDeclared",
    "ExpectCountsToExcludeSmallNumbers",
    "ExpectIdentityToHold",
    "ExpectNoDirectIdentifiers",
    "ExpectPublishedMarginsToAddUp",
    "ExpectRowCountToStayNearPrevious",
    "ExpectRowsToBeThoseAssessed",
    "ExpectStatisticsToBeEmptyWithTheirCounts",
    "ExpectSuppressedCellsToBeAtMost",
    "ExpectSuppressedPeopleToBeAtMost",
    "ExpectTotalToStayNearPrevious",
    "ExpectValuesToBeEmptyExactlyWhereAnnotated",
    "ExpectWholePercentagesToAddUp",
    "NotComputedError",
    "TableRule",
]


class ExpectAttackToFindNothing(TableRule):
    """Expect that nobody who reads the table can narrow a hidden small count further than a level allows.

    This runs the attack of ``ddg audit`` (docs/explanation/masking.md), which takes from seconds to minutes. What the
    attack could not decide is a breach: not computed is not safe. A release's own gate runs it once for all linked
    tables, as the check ``attack_audit``, so suites of releases do not list it.

    Args:
        contract: The file of the table's contract; reference tables are looked for beside it.
        level: ``exact``, ``ddg`` or ``full``; left out, the contract's.
        linked: Tables drawn from the same records: the file of each contract, to the CSV or Parquet file.
        references: Where reference tables are that do not lie beside the contract, by name.
        time_limit: Seconds.
    """

    contract: Annotated[str, Field(min_length=1)]
    level: Literal["exact", "ddg", "full"] | None = None
    linked: dict[str, str] = Field(default_factory=dict)
    references: dict[str, str] = Field(default_factory=dict)
    time_limit: Annotated[float, Field(gt=0)] = 600.0
    success_keys: ClassVar[tuple[str, ...]] = ("contract", "level", "linked", "references", "time_limit")

    def breaches(self, frame: pd.DataFrame) -> Breaches:
        """Say what the attack found: the rows of cells that are not safe."""
        paths = [Path(self.contract), *map(Path, self.linked)]
        references = {name: Path(path) for name, path in self.references.items()}
        contracts = read_contracts(paths, references)
        own = contracts[0]
        frames = [frame] + [
            read_table(Path(path), [*contract.dimensions, *contract.published_measures])
            for path, contract in zip(self.linked.values(), contracts[1:], strict=True)
        ]
        report = audit_frames(
            paths, contracts, frames, references, level=self.level, time_limit=self.time_limit
        ).redacted()
        cells = [(one.cell, one.kind.value) for one in report.findings]
        cells += [(one, "undecided") for one in report.undecided]
        rows, notes = np.zeros(len(frame), dtype=bool), []
        labels = frame[list(own.dimensions)].astype("str")
        for cell, what in cells:
            here = np.zeros(len(frame), dtype=bool)
            if cell.table == own.release and set(cell.coordinate) == set(own.dimensions):
                here = np.logical_and.reduce([labels[name] == label for name, label in cell.coordinate.items()])
            rows |= here
            if not here.any():
                notes.append(f"{cell}: {what}")
        if not report.safe and not cells:
            notes.append("the attack did not find the table safe")
        return Breaches(rows, tuple(dict.fromkeys(notes)), report.notes)

    def figure_columns(self) -> set[str]:
        """Say which columns hold figures: the contract's measures."""
        return set(read_contract(Path(self.contract)).published_measures)
