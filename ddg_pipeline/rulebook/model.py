"""The guideline's figures and words, typed and checked when they are loaded."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from ddg_pipeline.contract.model import Variable
from ddg_pipeline.rulebook.bands import BandTable, Cited, Entry, Text
from ddg_pipeline.rulebook.labels import normalised

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class SmallNumerator(Entry):
    """Counts of individuals from ``lower`` to ``upper``, both included, are small; zero is not."""

    lower: int = Field(ge=1)
    upper: int = Field(ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.upper < self.lower:
            raise ValueError(f"upper ({self.upper}) is less than lower ({self.lower})")
        return self

    @property
    def values(self) -> int:
        """How many values a small count can have."""
        return self.upper - self.lower + 1


class Thresholds(Cited):
    """When a cell is small (§4.2).

    Attributes:
        numerator: The small counts of individuals.
        denominator: The largest number of people that is still a small denominator.
    """

    numerator: SmallNumerator
    denominator: int = Field(ge=0)


class PublicationScore(Cited):
    """The score up to which a table may be released unmasked (§4.3.1)."""

    cut_off: int


class ProcedureStep(Cited):
    """One box of the guideline's Figure 5."""

    step: int = Field(ge=1, le=6)
    name: Text
    question: Text


class ProtectionLevel(Entry):
    """How little may be inferred about a small count.

    Attributes:
        possible_values: How many values every small count must keep, for a reader who knows all that is published.
        literal_rules: Whether the rules of §4.4.1 hold as written besides.
    """

    possible_values: int = Field(ge=2)
    literal_rules: bool
    description: str = ""


class Masking(Cited):
    """The rules of suppression (§4.4.1).

    Attributes:
        one_more_where_all_at_most: One more cell is suppressed in a row or column whose suppressed counts are all this
            or less.
        one_more_where_sum_below: One more cell is suppressed in a row or column whose suppressed counts sum to less.
        minimum_suppressed_per_row: No row or column with a suppressed cell has fewer of them.
        levels: The levels of protection by the contract's names for them.
    """

    one_more_where_all_at_most: int = Field(ge=0)
    one_more_where_sum_below: int = Field(ge=0)
    minimum_suppressed_per_row: int = Field(ge=2)
    levels: dict[Literal["exact", "ddg", "full"], ProtectionLevel]

    @model_validator(mode="after")
    def _all_levels(self) -> Self:
        missing = sorted({"exact", "ddg", "full"} - set(self.levels))
        if missing:
            raise ValueError(f"levels: {', '.join(missing)} missing")
        return self


class Annotation(Entry):
    """What an annotation column says about one value."""

    code: str
    description: str


class Annotations(Cited):
    """The portal's annotation codes (§4.4.3; Open Data Handbook).

    Attributes:
        hidden: Stands for both reasons of suppression where a contract says ``show_reason: false``.
    """

    none: Annotation
    small: Annotation
    complementary: Annotation
    not_available: Annotation
    unstable: Annotation
    incomplete: Annotation
    hidden: Annotation

    @model_validator(mode="after")
    def _codes_differ(self) -> Self:
        codes = [
            annotation.code
            for annotation in (
                self.none, self.small, self.complementary, self.not_available, self.unstable, self.incomplete
            )
        ]  # fmt: skip
        if len(set(codes)) < len(codes):
            raise ValueError("two annotations with the same code")
        return self


class Symbols(Cited):
    """The marks that stand in a suppressed cell of a table made for people; the first is preferred (§4.4.3)."""

    small: tuple[Text, ...] = Field(min_length=1)
    complementary: tuple[Text, ...] = Field(min_length=1)


class Footnote(Cited):
    """A sentence that stands below a table."""

    text: Text


class Described(Cited):
    """An entry with a description."""

    description: Text


class DirectIdentifier(Described):
    """A kind of column that never stands in a release (§3 Figure 1).

    Attributes:
        columns: Whole column names.
        words: Words, or words in a row, in the name of a dimension.
        not_of: Variables that may carry such a column, because it then describes a service or a period, not a person.
        public_of_providers: Whether it may stand in data that is expressly public, such as a list of providers (§5.4).
    """

    columns: tuple[Text, ...] = ()
    words: tuple[Text, ...] = ()
    not_of: tuple[Variable, ...] = ()
    public_of_providers: bool = False


class UnknownLabels(Cited):
    """Labels that mean that a category is not known."""

    labels: tuple[Text, ...]

    @cached_property
    def _normalised(self) -> frozenset[str]:
        return frozenset(normalised(label) for label in self.labels)

    def __contains__(self, label: str) -> bool:
        return normalised(label) in self._normalised


class AgeTable(BandTable):
    """Age bands by their width in years.

    Attributes:
        open_band_ends_at: The last year of an open band such as 65+.
        highest_single_age: The highest age that may stand outside an open band.
    """

    open_band_ends_at: int
    open_band_section: Text
    highest_single_age: int
    highest_single_age_section: Text


class ProgramTable(BandTable):
    """Programs by their enrolment; larger ones than ``interacts_up_to`` are no interacting variable (Appendix I)."""

    interacts_up_to: int


class OtherTable(BandTable):
    """Variables of which only the number of groups is known."""

    expert_review: bool


class FixedScore(Entry):
    """A category with its score, not part of a band table."""

    category: Text
    score: int


class ServiceAddress(Cited):
    """Scores of a service's own address, instead of the area's population."""

    street: FixedScore
    rural: FixedScore
    frontier: FixedScore

    @property
    def highest(self) -> FixedScore:
        """The one with the highest score."""
        return max((self.street, self.rural, self.frontier), key=lambda fixed: fixed.score)


class CategoryLevel(FixedScore):
    """A set of labels that share a score.

    Attributes:
        labels: The guideline's word for each group, with other spellings of it.
    """

    labels: dict[Text, tuple[Text, ...]] = Field(min_length=1)

    @cached_property
    def spellings(self) -> frozenset[str]:
        """Every spelling of every label, normalised."""
        return frozenset(normalised(text) for word, others in self.labels.items() for text in (word, *others))


class MoreDetail(Entry):
    """What holds for labels that are in none of a table's levels.

    Attributes:
        category: What to call them.
        score: Their score, where the guideline gives one.
        by_population: Whether they score by the general table where their statewide population is declared.
        at_least: The least score they take by population.
        high_risk: The high-risk population they make of the table.
    """

    category: Text
    score: int | None = None
    by_population: bool = False
    at_least: int | None = None
    high_risk: Slug | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.score is None and not self.by_population:
            raise ValueError("give `score`, or `by_population: true`")
        return self


class CategoryTable(Cited):
    """A variable scored by the sets its labels belong to.

    Attributes:
        variables: The contract's variables that it scores.
        levels: The sets, with their scores.
        more_detail: What holds for labels in none of them.
        ignore: Phrases that do not change what a label means.
    """

    variables: tuple[Variable, ...] = Field(min_length=1)
    levels: tuple[CategoryLevel, ...] = Field(min_length=1)
    more_detail: MoreDetail
    ignore: tuple[Text, ...] = ()

    def level(self, label: str) -> CategoryLevel | None:
        """Find the lowest level that lists a label, in any of its spellings; None where none does."""
        for text in (normalised(label), normalised(label, without=self.ignore)):
            fitting = [level for level in self.levels if text in level.spellings]
            if fitting:
                return min(fitting, key=lambda level: level.score)
        return None

    @property
    def listed(self) -> tuple[str, ...]:
        """The guideline's word for every group in any level."""
        return tuple(dict.fromkeys(word for level in self.levels for word in level.labels))


class Interactions(Cited):
    """The term for variables that are crossed with each other.

    Attributes:
        population_variables: Variables that say where, or in which plan, people are; they are no further variables.
        only_population: The term where there is no further variable, by the smallest cell above zero.
        further_variables: The term by the number of further crossed variables.
    """

    population_variables: tuple[Variable, ...]
    only_population: BandTable
    further_variables: BandTable


class Scoring(Cited):
    """The Publication Scoring Criteria (§4.3.1, §16.2)."""

    events: BandTable
    age: AgeTable
    time: BandTable
    residence_geography: BandTable
    service_geography: BandTable
    service_address: ServiceAddress
    insurance_coverage: BandTable
    means_tested_program: ProgramTable
    general: BandTable
    other: OtherTable
    categories: dict[Slug, CategoryTable]
    interactions: Interactions

    @model_validator(mode="after")
    def _one_table_for_each_variable(self) -> Self:
        seen: set[Variable] = set()
        for name, table in self.categories.items():
            twice = seen & set(table.variables)
            if twice:
                raise ValueError(f"categories.{name}: {', '.join(sorted(twice))} has another table already")
            seen |= set(table.variables)
        return self

    def category_table(self, variable: Variable) -> CategoryTable | None:
        """Find the table that scores a variable by its labels; None where there is none."""
        return next((table for table in self.categories.values() if variable in table.variables), None)


class Role(Entry):
    """Someone who has to sign."""

    description: Text


class SignOffs(Cited):
    """Who has to approve a release (§4.6), in order."""

    roles: dict[Slug, Role] = Field(min_length=1)


class Rulebook(Cited):
    """One edition of the guideline.

    Attributes:
        name: What a contract calls it.
        title: What people call it.
        approved: When it was approved.
        thresholds: When a cell is small.
        publication_score: The score up to which a table may be released unmasked.
        procedure: The six steps of Figure 5.
        masking: The rules of suppression.
        annotations: The portal's annotation codes.
        symbols: The marks in tables made for people.
        footnotes: Sentences that stand below a table.
        high_risk: Populations whose small counts are always suppressed.
        direct_identifiers: What never stands in a release.
        unknown_labels: Labels that describe nobody.
        scoring: The Publication Scoring Criteria.
        sign_offs: Who has to approve.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Text
    approved: dt.date
    thresholds: Thresholds
    publication_score: PublicationScore
    procedure: tuple[ProcedureStep, ...]
    masking: Masking
    annotations: Annotations
    symbols: Symbols
    footnotes: dict[Slug, Footnote]
    high_risk: dict[Slug, Described]
    direct_identifiers: dict[Slug, DirectIdentifier]
    unknown_labels: UnknownLabels
    scoring: Scoring
    sign_offs: SignOffs

    @property
    def cut_off(self) -> int:
        """The highest publication score that may be released unmasked."""
        return self.publication_score.cut_off

    def step(self, number: int) -> ProcedureStep:
        """Give a step of the procedure."""
        return self.procedure[number - 1]

    def cite(self, section: str) -> str:
        """Cite a section of this edition, such as "DDG 2.0 §4.4.1"."""
        return f"{self.section} {section}"

    @field_validator("procedure")
    @classmethod
    def _six_steps(cls, procedure: tuple[ProcedureStep, ...]) -> Any:
        numbers = [step.step for step in procedure]
        if numbers != list(range(1, 7)):
            raise ValueError(f"the steps must be 1 to 6, in order; found {numbers}")
        return procedure

    @model_validator(mode="after")
    def _entries_agree(self) -> Self:
        values = self.thresholds.numerator.values
        for level_name, level in self.masking.levels.items():
            if level.possible_values > values:
                found = level.possible_values
                raise ValueError(
                    f"masking.levels.{level_name}.possible_values: {found}, but a small count has only {values} values"
                )
        if self.masking.levels["full"].possible_values != values:
            raise ValueError(f"masking.levels.full.possible_values: must be {values}, every value of a small count")
        for name, table in self.scoring.categories.items():
            slug = table.more_detail.high_risk
            if slug is not None and slug not in self.high_risk:
                raise ValueError(f"scoring.categories.{name}.more_detail.high_risk: {slug} is not in high_risk")
        return self
