"""The guideline's figures and words, typed and checked when they are loaded."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.rulebook.bands import BandTable, Cited, Entry, Text, wrong
from ddg_pipeline.rulebook.direct_identifiers import DirectIdentifier, RecordLevel
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
        zero: What becomes of a count of zero: it is not small, and it is shown. Nothing else can be done with it yet.
        denominator: The largest number of people that is still a small denominator.
    """

    numerator: SmallNumerator
    zero: Literal["shown"]
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


class WholePercentages(Cited):
    """A table without counts, of percentages rounded to whole numbers, instead of suppression (§4.4.4).

    Attributes:
        minimum_total: The least total of individuals that the percentages may be of.
        large_categories: How many categories are large.
        small_categories: How many categories are small, and shown as ``shown_below``.
        below: The percentage that a small category has to be under.
        shown_below: What is shown instead of the small category's percentage.
        footnote: The entry of ``footnotes`` that stands below such a table.
    """

    minimum_total: int = Field(ge=1)
    large_categories: int = Field(ge=1)
    small_categories: int = Field(ge=1)
    below: int = Field(ge=1, le=100)
    shown_below: Text
    footnote: Slug


class Masking(Cited):
    """The rules of suppression (§4.4.1).

    Attributes:
        applies: When small counts are suppressed: where the publication score is over the cut-off or the population is
            a high-risk one, or always.
        one_more_where_all_at_most: One more cell is suppressed in a row or column whose suppressed counts are all this
            or less.
        one_more_where_sum_below: One more cell is suppressed in a row or column whose suppressed counts sum to less.
        minimum_suppressed_per_row: No row or column with a suppressed cell has fewer of them.
        levels: The levels of protection by the contract's names for them.
        whole_percentages: When percentages without counts may stand instead; None where they may not.
    """

    applies: Literal["over_cut_off", "always"]
    one_more_where_all_at_most: int = Field(ge=0)
    one_more_where_sum_below: int = Field(ge=0)
    minimum_suppressed_per_row: int = Field(ge=2)
    levels: dict[Literal["exact", "ddg", "full"], ProtectionLevel]
    whole_percentages: WholePercentages | None = None

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


class HighRiskPopulation(Described):
    """People whose small counts are always suppressed (§5.6.2).

    Attributes:
        words: Whole words, or words in a row, by which a label speaks of them.
        codes: How the codes of their diagnoses and procedures begin, with or without the point.
    """

    words: tuple[Text, ...] = ()
    codes: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9][0-9A-Z.]+$")], ...] = ()

    def is_named_in(self, text: str) -> bool:
        """Say whether a text has one of the words."""
        words = f" {normalised(text)} "
        return any(f" {word} " in words for word in self._normalised)

    def has_code(self, code: str) -> bool:
        """Say whether a code, such as ``F11.20``, begins like one of the codes."""
        return code.replace(".", "").upper().startswith(tuple(one.replace(".", "") for one in self.codes))

    @cached_property
    def _normalised(self) -> tuple[str, ...]:
        return tuple(normalised(word) for word in self.words)


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
    """Scores of a service's own address, instead of the area's population.

    Attributes:
        street: Any address.
        rural: One in a rural area; None where the edition does not tell it from others.
        frontier: One in a frontier area; None likewise.
    """

    street: FixedScore
    rural: FixedScore | None = None
    frontier: FixedScore | None = None

    @property
    def highest(self) -> FixedScore:
        """The one with the highest score."""
        lines = [line for line in (self.street, self.rural, self.frontier) if line is not None]
        return max(lines, key=lambda fixed: fixed.score)


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
    """The Publication Scoring Criteria (§4.3.1, §16.2).

    A table that an edition does not have is None, or missing among the categories; a variable without a table is scored
    as an other variable.
    """

    events: BandTable
    age: AgeTable
    time: BandTable
    residence_geography: BandTable
    service_geography: BandTable
    service_address: ServiceAddress | None = None
    insurance_coverage: BandTable | None = None
    means_tested_program: ProgramTable | None = None
    general: BandTable | None = None
    other: OtherTable
    categories: dict[Slug, CategoryTable]
    interactions: Interactions

    @model_validator(mode="after")
    def _one_table_for_each_variable(self) -> Self:
        seen: set[Variable] = set()
        for name, table in self.categories.items():
            twice = seen & set(table.variables)
            if twice:
                found = f"{', '.join(sorted(twice))} has another table already"
                raise wrong(found, "categories", name, "variables")
            seen |= set(table.variables)
        return self

    def category_table(self, variable: Variable) -> CategoryTable | None:
        """Find the table that scores a variable by its labels; None where there is none."""
        return next((table for table in self.categories.values() if variable in table.variables), None)

    def size_table(self, variable: Variable) -> BandTable | None:
        """Find the table that scores a variable by how many people its smallest category has; None where there is none.

        An `other` variable has one only as far as sizes are declared for it.
        """
        match variable:
            case Variable.RESIDENCE_GEOGRAPHY:
                return self.residence_geography
            case Variable.SERVICE_GEOGRAPHY:
                return self.service_geography
            case Variable.INSURANCE_COVERAGE:
                return self.insurance_coverage
            case Variable.MEANS_TESTED_PROGRAM | Variable.EXPECTED_PAYER:
                return self.means_tested_program
            case Variable.VETERAN_STATUS | Variable.EDUCATION | Variable.OTHER:
                return self.general
            case _:
                return None


class SurveyLimit(Described):
    """When an estimate of a survey is statistically unreliable (§5.2, Appendix H); whatever is given has to hold.

    Attributes:
        minimum_denominator: The least number of sample cases, or responses, in the denominator.
        minimum_numerator: The least number of sample cases in the numerator.
        maximum_relative_standard_error: The highest relative standard error, in percent.
        flagged_up_to: The highest number of sample cases in the denominator for which an estimate is still flagged.
        minimum_cell_unweighted: The least number of sample cases in a cell; fewer are suppressed.
        minimum_cell_weighted: The least weighted count in a cell; fewer are suppressed.
    """

    minimum_denominator: int | None = Field(default=None, ge=1)
    minimum_numerator: int | None = Field(default=None, ge=1)
    maximum_relative_standard_error: float | None = Field(default=None, gt=0)
    flagged_up_to: int | None = Field(default=None, ge=1)
    minimum_cell_unweighted: int | None = Field(default=None, ge=1)
    minimum_cell_weighted: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        limits = {name: getattr(self, name) for name in SurveyLimit.model_fields.keys() - Described.model_fields.keys()}
        if not any(limits.values()):
            raise ValueError(f"give at least one of {', '.join(sorted(limits))}")
        if self.flagged_up_to is not None and self.flagged_up_to < (self.minimum_denominator or 1):
            raise ValueError(f"flagged_up_to ({self.flagged_up_to}) is less than minimum_denominator")
        return self


class Surveys(Cited):
    """How figures from a sample are assessed (§5.2).

    Attributes:
        scored_as_population: Whether the scoring criteria hold for them as for counts of the population.
    """

    scored_as_population: bool


class Reliability(Cited):
    """A limit of reliability for any figure whose relative standard error is known, survey or not.

    Attributes:
        maximum_relative_standard_error: The highest relative standard error, in percent; above it a figure is
            statistically unstable.
    """

    maximum_relative_standard_error: float = Field(gt=0)


class Role(Entry):
    """Someone who has to sign."""

    description: Text


class SignOffs(Cited):
    """Who has to approve a release (§4.6), in order."""

    roles: dict[Slug, Role] = Field(min_length=1)


class Override(Entry):
    """What an overlay says otherwise than the rulebook that it extends.

    Attributes:
        entry: The dotted path of the entry.
        before: What stood there, as plain data; None where nothing did.
        after: What stands there now.
        source: The document that says so, with its date.
        reason: Why it is so.
        by: The name of the overlay.
    """

    entry: Text
    before: Any = None
    after: Any = None
    source: Text
    reason: Text
    by: Text


class Rulebook(Cited):
    """One edition of the guideline, or what an overlay makes of it.

    Attributes:
        name: What a contract calls it.
        title: What people call it.
        approved: When it was approved; None where that is not known.
        thresholds: When a cell is small.
        publication_score: The score up to which a table may be released unmasked.
        procedure: The six steps of Figure 5.
        masking: The rules of suppression.
        annotations: The portal's annotation codes.
        symbols: The marks in tables made for people.
        footnotes: Sentences that stand below a table.
        high_risk: Populations whose small counts are always suppressed.
        direct_identifiers: What never stands in a release.
        record_level: When a table is taken for records, one row a person.
        unknown_labels: Labels that describe nobody.
        scoring: The Publication Scoring Criteria.
        surveys: How figures from a sample are assessed.
        survey_limits: When an estimate is unreliable, by survey; `general` is for those that have none of their own.
        reliability: A limit of reliability for any figure; None where there is none.
        sign_offs: Who has to approve.
        extends: The rulebook that this one is an overlay of; None for a complete one.
        overrides: What all overlays below this one said otherwise, the first one first.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    title: Text
    approved: dt.date | None
    thresholds: Thresholds
    publication_score: PublicationScore
    procedure: tuple[ProcedureStep, ...]
    masking: Masking
    annotations: Annotations
    symbols: Symbols
    footnotes: dict[Slug, Footnote]
    high_risk: dict[Slug, HighRiskPopulation]
    direct_identifiers: dict[Slug, DirectIdentifier]
    record_level: RecordLevel
    unknown_labels: UnknownLabels
    scoring: Scoring
    surveys: Surveys
    survey_limits: dict[Slug, SurveyLimit]
    reliability: Reliability | None = None
    sign_offs: SignOffs
    extends: str | None = None
    overrides: tuple[Override, ...] = ()

    @property
    def cut_off(self) -> int:
        """The highest publication score that may be released unmasked."""
        return self.publication_score.cut_off

    def step(self, number: int) -> ProcedureStep:
        """Give a step of the procedure."""
        return self.procedure[number - 1]

    def cite(self, section: str) -> str:
        """Cite a section of this edition, such as "DDG 2.0 §4.4.1"; other sources are cited as they are."""
        return f"{self.section} {section}" if section.startswith(("§", "Appendix")) else section

    @field_validator("procedure")
    @classmethod
    def _six_steps(cls, procedure: tuple[ProcedureStep, ...]) -> Any:
        numbers = [step.step for step in procedure]
        if numbers != list(range(1, 7)):
            raise ValueError(f"the steps must be 1 to 6, in order; found {numbers}")
        return procedure

    @model_validator(mode="after")
    def _entries_agree(self) -> Self:
        numerator, masking = self.thresholds.numerator, self.masking
        for level_name, level in masking.levels.items():
            if level.possible_values > numerator.values:
                found = f"{level.possible_values}, but a small count has only {numerator.values} values"
                raise wrong(found, "masking", "levels", level_name, "possible_values")
        if masking.levels["full"].possible_values != numerator.values:
            found = f"must be {numerator.values}, every value of a small count, or `every`"
            raise wrong(found, "masking", "levels", "full", "possible_values")
        if masking.one_more_where_sum_below <= numerator.upper:
            found = f"must be more than {numerator.upper}, the largest small count"
            raise wrong(found, "masking", "one_more_where_sum_below")
        percentages = masking.whole_percentages
        if percentages is not None:
            if percentages.footnote not in self.footnotes:
                found = f"{percentages.footnote} is not in footnotes"
                raise wrong(found, "masking", "whole_percentages", "footnote")
            if numerator.upper * 100 >= percentages.below * percentages.minimum_total:
                found = f"{numerator.upper} of so few is not under {percentages.below} percent, as it is shown"
                raise wrong(found, "masking", "whole_percentages", "minimum_total")
        for name, table in self.scoring.categories.items():
            slug = table.more_detail.high_risk
            if slug is not None and slug not in self.high_risk:
                found = f"{slug} is not in high_risk"
                raise wrong(found, "scoring", "categories", name, "more_detail", "high_risk")
        return self
