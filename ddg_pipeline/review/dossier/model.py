"""A dossier as plain data: what page and Word document are written from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ddg_pipeline.publishing import PublicCells
from ddg_pipeline.publishing.public_assessment import PublicCounts, PublicNote, PublicOverride, PublicStep, PublicTerm
from ddg_pipeline.review.dossier.facts import Approval, EarlierVersion, PublicTable


@dataclass(frozen=True)
class Edition:
    """The rulebook that a release was judged by.

    Attributes:
        name: What contracts call it.
        title: What people call it.
        approved: The date on which it was approved; empty where that is not known.
        extends: The rulebook that it is an overlay of; empty for a complete one.
        overrides: What it says otherwise, with sources.
        masks_always: Whether it masks small counts whatever the score.
    """

    name: str
    title: str
    approved: str
    extends: str
    overrides: tuple[PublicOverride, ...]
    masks_always: bool = False


@dataclass(frozen=True)
class Score:
    """The publication score, as far as it is published.

    Attributes:
        total: The score; None where it is withheld.
        at_most: The score, or the most that it can be.
        cut_off: The highest score that may be released without masking.
        verdict: How the two compare, in words.
        dimensions: The columns of the table that was scored.
        tables: How many tables the file holds side by side.
        terms: One for each variable.
    """

    total: int | None
    at_most: int
    cut_off: int
    verdict: str
    dimensions: tuple[str, ...]
    tables: int
    terms: tuple[PublicTerm, ...]


@dataclass(frozen=True)
class Hidden:
    """How many cells of a group of rows are empty for protection, as the published file shows it.

    Attributes:
        label: The category that the rows have in common.
        is_total: Whether it is the total of its dimension.
        cells: Rows.
        hidden: How many of them are empty.
        small: How many of those because they are small; None where the codes do not tell.
        complementary: How many to protect those; None likewise.
    """

    label: str
    is_total: bool
    cells: int
    hidden: int
    small: int | None
    complementary: int | None

    @property
    def percent(self) -> float:
        """The share that is hidden, in percent."""
        return 100 * self.hidden / self.cells if self.cells else 0.0

    @property
    def share(self) -> str:
        """The same in words: whole percent, and never 0 or 100 where that is not exact."""
        return percent_text(self.hidden, self.cells)


def percent_text(part: int, whole: int) -> str:
    """Write a share in whole percent: ``<1 %`` for more than nothing, ``>99 %`` for less than everything."""
    if not part or not whole:
        return "0 %"
    percent = round(100 * part / whole)
    if percent < 1:
        return "<1 %"
    return ">99 %" if percent >= 100 and part < whole else f"{percent} %"


@dataclass(frozen=True)
class CountyTile:
    """A county on the tile map.

    Attributes:
        name: The county, without that word.
        column: Where it lies, from the west, from 0.
        row: Where it lies, from the north, from 0.
        hidden: What is hidden of it; None where the table has no row for it.
        shade: From 0 (nothing hidden) to 4 (more than three quarters); None where the table has no row for it.
    """

    name: str
    column: int
    row: int
    hidden: Hidden | None
    shade: int | None


@dataclass(frozen=True)
class DimensionHidden:
    """What is hidden along one dimension.

    Attributes:
        name: The column.
        variable: What it says about people.
        categories: Its categories in the order of the table; of very many, those of which most is hidden.
        left_out: How many categories are not listed.
        tiles: The map, where the categories are California's counties; else empty.
    """

    name: str
    variable: str
    categories: tuple[Hidden, ...]
    left_out: int
    tiles: tuple[CountyTile, ...]


@dataclass(frozen=True)
class MeasureHidden:
    """What is hidden of a count of people, and of what goes with it.

    Attributes:
        measure: The column.
        cells: How many cells are hidden, as the report has it.
        tied: The statistics that are empty wherever it is.
        dimensions: The same by dimension; empty where nothing is hidden.
    """

    measure: str
    cells: PublicCells
    tied: tuple[str, ...]
    dimensions: tuple[DimensionHidden, ...]


@dataclass(frozen=True)
class CategoriesChange:
    """Categories of a dimension that one of two versions has."""

    dimension: str
    added: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True)
class MeasureChange:
    """How a measure differs between two versions, in cells that both have.

    Attributes:
        measure: The column.
        total: How its published total changed, in percent or in words.
        revised: Cells that both show, with different figures.
        now_hidden: Cells that the version before showed and this one hides: readers know their figures.
        now_shown: Cells that the version before hid and this one shows.
        share_before: The share of cells hidden before; empty for what is no count of people.
        share_now: The same now.
        revised_cells: Some of the revised, by their categories, with both figures where everyone has them.
        hidden_cells: Some of those shown before and hidden now, by their categories.
    """

    measure: str
    total: str
    revised: int
    now_hidden: int
    now_shown: int
    share_before: str
    share_now: str
    revised_cells: tuple[str, ...] = ()
    hidden_cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """What changed since the version before.

    Attributes:
        issued_at: When that passed the gate.
        certificate_sha256: The hash of its certificate.
        rows_before: Its rows.
        rows_added: Rows that only this version has.
        rows_gone: Rows that only that one has.
        columns_added: Columns that only this version has.
        columns_gone: Columns that only that one has.
        categories: Categories that came or went, for dimensions where any did.
        measures: The measures that both have.
        same: Whether contract, rulebook, suite and code are the same, by what people call them.
        score_before: The score of the version before, in words.
        same_file: Whether the table is the same, byte for byte.
        published: Whether that version was ever public; None where nobody said so.
    """

    issued_at: dt.datetime
    certificate_sha256: str
    rows_before: int
    rows_added: int
    rows_gone: int
    columns_added: tuple[str, ...]
    columns_gone: tuple[str, ...]
    categories: tuple[CategoriesChange, ...]
    measures: tuple[MeasureChange, ...]
    same: Mapping[str, bool]
    score_before: str
    same_file: bool
    published: bool | None = None

    @property
    def shown_before(self) -> bool:
        """Whether readers of the version before know figures that this one hides."""
        return any(one.now_hidden for one in self.measures)


@dataclass(frozen=True)
class Certified:
    """What the certificate binds the release to.

    Attributes:
        sha256: The hash of the certificate itself.
        issued_at: When the release passed the gate.
        level: The level of protection.
        checks: The checks of the gate.
        expectations: How many expectations were evaluated.
        files: Hash by file.
        bound: Hash of contract, rulebook, suite, audit and code, by what people call them.
        code_version: The version of the software.
        signing_key: The fingerprint of the key that signed it; empty where nothing is signed.
    """

    sha256: str
    issued_at: dt.datetime
    level: str
    checks: tuple[str, ...]
    expectations: int
    files: Mapping[str, str]
    bound: Mapping[str, str]
    code_version: str
    signing_key: str


@dataclass(frozen=True)
class Audit:
    """What the attack on the release showed."""

    level: str
    guarantee: str
    summary: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RuleText:
    """What the rulebook holds under a section.

    Attributes:
        heading: What it is about.
        lines: What it says.
        table: Lines of a scoring table, with their scores; empty where it is none.
        note: Which reading was taken, where the guideline leaves a choice.
        source: The sections that the rulebook cites for it.
    """

    heading: str
    lines: tuple[str, ...]
    table: tuple[tuple[str, int], ...]
    note: str
    source: str


@dataclass(frozen=True)
class CitedSection:
    """A section of the guideline that the dossier cites.

    Attributes:
        section: Such as ``§4.4.1``.
        anchor: Its place on the page.
        texts: What the rulebook holds under it.
        see: Other sections under which the rulebook's texts for it stand.
    """

    section: str
    anchor: str
    texts: tuple[RuleText, ...]
    see: tuple[str, ...]


@dataclass(frozen=True)
class Dossier:
    """Everything that page and Word document say.

    Attributes:
        release: The release.
        version: Its number in the public store; None where it is not there.
        title: What readers call it.
        description: What it is.
        dataset: The dataset on the portal.
        file: The data file.
        rows: Its rows.
        columns: Its columns.
        cadence: How often it is released; empty where the contract does not say.
        edition: The rulebook.
        decision: Whether it was masked.
        form: In which form it is masked.
        forced_by: High-risk populations that it shows, in words.
        score: The publication score.
        steps: The six steps.
        safe_harbor: Whether Safe Harbor is met, and why not.
        notes: What the expert has to look at.
        small_cell_rule: By which rule cells are empty.
        reasons_shown: Whether the codes tell small cells from complementary ones.
        counts: Cells of each kind, from step 2.
        measures: What is hidden.
        audit: What the attack showed.
        already_public: What else is public.
        history: Earlier versions, the oldest first.
        changes: What changed since the version before; None for a first one.
        certified: What the certificate binds it to.
        approvals: The sign-offs.
        sections: The sections cited.
    """

    release: str
    version: int | None
    title: str
    description: str
    dataset: str
    file: str
    rows: int
    columns: tuple[str, ...]
    cadence: str
    edition: Edition
    decision: Literal["mask", "release"]
    form: Literal["cells", "whole_percentages"]
    forced_by: tuple[str, ...]
    score: Score
    steps: tuple[PublicStep, ...]
    safe_harbor: str
    notes: tuple[PublicNote, ...]
    small_cell_rule: str
    reasons_shown: bool
    counts: tuple[PublicCounts, ...]
    measures: tuple[MeasureHidden, ...]
    audit: Audit
    already_public: tuple[PublicTable, ...]
    history: tuple[EarlierVersion, ...]
    changes: Changes | None
    certified: Certified
    approvals: tuple[Approval, ...]
    sections: tuple[CitedSection, ...]

    @property
    def masked(self) -> bool:
        """Whether cells are suppressed in it."""
        return self.decision == "mask" and self.form == "cells"
