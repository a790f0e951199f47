"""The release contract as typed data, checked once when it is read.

The keys are the ones a user writes; docs/contract.md is generated from the descriptions here.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

Name = Annotated[str, Field(min_length=1)]
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
PORTAL_NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{1,99}$"
Slug = Annotated[str, Field(pattern=NAME_PATTERN)]
_PERIOD = re.compile(r"^(day|week|month|quarter|half-year|year|[1-9][0-9]? years)$")
_LEVELS_AT_MOST = 50  # of an inline hierarchy
_TERM = re.compile(r"\s*([+-]?)\s*([A-Za-z_][A-Za-z0-9_]*)\s*")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Variable(StrEnum):
    """The kinds of variable that the Publication Scoring Criteria know (DDG 2.0 §4.3.1)."""

    TIME = "time"
    RESIDENCE_GEOGRAPHY = "residence_geography"
    SERVICE_GEOGRAPHY = "service_geography"
    AGE = "age"
    SEX = "sex"
    SEXUAL_ORIENTATION = "sexual_orientation"
    GENDER_IDENTITY = "gender_identity"
    INTERSEX = "intersex"
    RACE = "race"
    RACE_ETHNICITY = "race_ethnicity"
    ETHNICITY = "ethnicity"
    LANGUAGE = "language"
    IMMIGRATION_STATUS = "immigration_status"
    VETERAN_STATUS = "veteran_status"
    EDUCATION = "education"
    INSURANCE_COVERAGE = "insurance_coverage"
    EXPECTED_PAYER = "expected_payer"
    MEANS_TESTED_PROGRAM = "means_tested_program"
    OTHER = "other"


class TableReference(_Strict):
    """A size looked up in a reference table: one row a category, or one row a combination of several dimensions."""

    table: Name = Field(description="A dbt model or seed, or a CSV or Parquet file beside the contract.")
    key: Name | list[Name] = Field(description="The column, or columns, holding the category labels.")
    value: Name = Field(description="The column holding the size, a whole number of people.")


Size = Annotated[
    int | dict[str, int] | TableReference | str,
    Field(
        union_mode="left_to_right",
        description="How many people: one number, a number for each category, a reference table, or a column.",
    ),
]


class TotalOver(_Strict):
    """The population of a cell as a total of the measure itself: all who were tested, by the outcome of the test."""

    total_over: list[Name] = Field(
        min_length=1,
        description="The dimensions that are added up; the others stay as they are in the cell's row. The total is "
        "the published one where the table carries it, else the sum of the categories in the table.",
    )


def _spelling_of_population(value: object) -> str:
    by_total = isinstance(value, TotalOver) or (isinstance(value, dict) and "total_over" in value)
    return "TotalOver" if by_total else "Size"


Population = Annotated[
    Annotated[Size, Tag("Size")] | Annotated[TotalOver, Tag("TotalOver")], Discriminator(_spelling_of_population)
]


def _sizes_are_not_negative(size: int | dict[str, int] | TableReference | str | None) -> Any:
    numbers = [size] if isinstance(size, int) else list(size.values()) if isinstance(size, dict) else []
    if any(number < 0 for number in numbers):
        raise ValueError("a size is a number of people: 0 or more")
    return size


Tree = dict[str, "list[str] | Tree"]


class HierarchyReference(_Strict):
    """Which categories add up to which: a parent column in a reference table, or an inline tree."""

    table: Name | None = Field(default=None, description="A dbt model or seed, or a file beside the contract.")
    child: Name | None = Field(default=None, description="The column of that table holding the finer category.")
    parent: Name | None = Field(default=None, description="The column of that table holding the broader category.")
    tree: dict[str, Any] | None = Field(
        default=None, description="Inline: each broader category with the list (or tree) of what it consists of."
    )

    @model_validator(mode="after")
    def _one_spelling(self) -> Self:
        by_table = (self.table, self.child, self.parent)
        if self.tree is not None and any(by_table):
            raise ValueError("give either `tree`, or `table` with `child` and `parent`, not both")
        if self.tree is None and not all(by_table):
            raise ValueError("give `table`, `child` and `parent` together, or an inline `tree`")
        if self.tree is not None:
            _check_tree(self.tree, "tree")
        return self


def _check_tree(tree: object, path: str, levels: int = _LEVELS_AT_MOST) -> None:
    if not levels:
        raise ValueError(f"a tree may have at most {_LEVELS_AT_MOST} levels")
    if isinstance(tree, list):
        if not tree or not all(isinstance(label, str | int) and not isinstance(label, bool) for label in tree):
            raise ValueError(f"{path} must list category labels; put words such as Yes and No in quotes")
        return
    if not isinstance(tree, dict) or not tree:
        raise ValueError(f"{path} must be a list of labels or a tree of them")
    for label, below in tree.items():
        if isinstance(label, bool):  # what YAML makes of Yes and No
            raise ValueError(f"{path}: put {label} in quotes")  # noqa: TRY004 - pydantic reports ValueErrors
        _check_tree(below, f"{path}.{label}", levels - 1)


def _one_or_several_in_schema(schema: dict[str, Any]) -> None:
    """Let editors accept what `Dimension` does: one mapping where a list may stand."""
    listed = {"type": schema.pop("type"), "items": schema.pop("items")}
    schema["anyOf"] = [listed["items"], listed]


class Implied(_Strict):
    """A characteristic that a column does not show but tells: a children's hospital implies age (§4.1)."""

    variable: Variable = Field(description="What is implied about a person.")
    label: Name = Field(description="The implied category, such as `0-17`.")
    population: int | None = Field(
        default=None, ge=0, description="How many people statewide are in it, where that decides its score."
    )
    categories: list[Name] = Field(
        default=[], description="The categories of the column that imply it. Left out: any of them may."
    )


AddressKind = Literal["street", "rural", "frontier", "hospital"]


class Dimension(_Strict):
    """One classifying column of the table."""

    variable: Variable = Field(description="What the column says about a person; decides how it is scored.")
    groups: int | None = Field(default=None, ge=1, description="How many groups an `other` variable has.")
    population: Size | None = Field(default=None, description="People living in, or belonging to, each category.")
    members: Size | None = Field(default=None, description="Members of each plan (`insurance_coverage`).")
    enrollment: Size | None = Field(
        default=None, description="People enrolled (`means_tested_program`, `expected_payer`)."
    )
    address: AddressKind | dict[str, AddressKind] | None = Field(
        default=None,
        description="Of a `service_geography` whose categories are addresses or ZIP codes: where they lie, for all or "
        "for each. `hospital` scores as `street` wherever it lies.",
    )
    residents_only: bool = Field(
        default=False,
        description="Of a `service_geography`: only residents may use the service, so it tells residence.",
    )
    implies: list[Implied] = Field(
        default=[], description="Characteristics of people that the column tells without showing them."
    )
    hierarchy: list[HierarchyReference] = Field(
        default=[],
        description="Which categories add up to which; several over the same categories are allowed.",
        json_schema_extra=_one_or_several_in_schema,
    )
    total: Name | None = Field(default=None, description="The label of the margin, where the table carries it.")
    unknown: list[Name] = Field(
        default=[], description="Labels that mean 'not known': they have no size and are hidden first."
    )
    additive: bool = Field(
        default=True, description="False where the categories do not sum: inclusive race, years of unique people."
    )
    period: str | None = Field(
        default=None,
        description="What one category of a `time` variable covers: year, quarter, month, `3 years`, … Left out: read "
        "from the categories.",
    )
    description: str = Field(default="", description="What the data dictionary says about the column.")

    @field_validator("population", "members", "enrollment")
    @classmethod
    def _sizes(cls, size: Any) -> Any:
        return _sizes_are_not_negative(size)

    @field_validator("hierarchy", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator("period")
    @classmethod
    def _known_period(cls, period: str | None) -> str | None:
        if period is not None and not _PERIOD.match(period):
            raise ValueError(
                "must be day, week, month, quarter, half-year, year, or a number of years such as '3 years'"
            )
        return period

    @model_validator(mode="after")
    def _fits_its_variable(self) -> Self:
        if self.variable is not Variable.TIME and self.period is not None:
            raise ValueError("`period` belongs to a `time` variable")
        for key in ("address", "residents_only"):
            if getattr(self, key) and self.variable is not Variable.SERVICE_GEOGRAPHY:
                raise ValueError(f"`{key}` belongs to a `service_geography` variable")
        if self.hierarchy and not self.additive:
            raise ValueError("`hierarchy` says that categories sum, `additive: false` that they do not: keep one")
        return self


class Scope(_Strict):
    """What holds for every row and is therefore no column: a statewide table of one program in one year."""

    variable: Variable = Field(description="What holds for everyone in the table.")
    label: Name | None = Field(
        default=None, description="The category everyone is in: `0-17`, `Female`, `Alpine`; decides how it is scored."
    )
    population: int | None = Field(default=None, ge=0, description="How many people it holds for.")
    members: int | None = Field(default=None, ge=0, description="Members of the one plan.")
    enrollment: int | None = Field(default=None, ge=0, description="People enrolled in the one program.")
    period: str | None = Field(default=None, description="What the whole table covers, as in a `time` dimension.")

    _known_period = field_validator("period")(Dimension._known_period.__func__)  # type: ignore[attr-defined] # noqa: SLF001


class MeasureKind(StrEnum):
    """What the figures of a measure are."""

    COUNT = "count"
    RATE = "rate"
    PERCENT = "percent"
    MEAN = "mean"
    AMOUNT = "amount"


class Measure(_Strict):
    """One column of figures."""

    kind: MeasureKind = Field(description="`count`, or a statistic that is hidden together with the counts behind it.")
    unit: Literal["individuals", "events"] = Field(
        default="individuals", description="What a count counts; events are governed by the individuals behind them."
    )
    individuals: Name | None = Field(
        default=None, description="The count of individuals that decides whether this figure is small."
    )
    population: Population | None = Field(
        default=None,
        description="The denominator, the population that the people in a cell come from: a column of the table, a "
        "size, or, for a count of individuals, `{total_over: [dimension, …]}`: the measure's own total over "
        "dimensions that classify a larger group, such as the outcome of a test. Left out: nobody can say that no "
        "denominator is small, so the table is assessed as if one were (§4.2).",
    )
    numerator: Name | None = Field(default=None, description="The count above the line of a rate, percent or mean.")
    denominator: Name | None = Field(default=None, description="The count or the population column below the line.")
    per: int | None = Field(default=None, ge=1, description="A rate per how many people.")
    decimals: int | None = Field(default=None, ge=0, le=12, description="How many decimals are published.")
    description: str = Field(default="", description="What the data dictionary says about the column.")

    @field_validator("population")
    @classmethod
    def _sizes(cls, size: Any) -> Any:
        return _sizes_are_not_negative(size)

    @model_validator(mode="after")
    def _governed(self) -> Self:
        if self.kind is MeasureKind.COUNT and self.unit == "events" and self.individuals is None:
            raise ValueError("a count of events needs `individuals`: the measure that counts the people behind them")
        if self.kind is MeasureKind.COUNT and self.unit == "individuals" and self.individuals is not None:
            raise ValueError(
                "`individuals` is for events, amounts and statistics; this measure counts individuals itself"
            )
        if self.kind in (MeasureKind.RATE, MeasureKind.PERCENT) and self.numerator is None:
            raise ValueError(f"a {self.kind} needs `numerator`: the count it is computed from")
        if self.kind in (MeasureKind.AMOUNT, MeasureKind.MEAN) and not (self.individuals or self.numerator):
            raise ValueError(f"a measure of kind {self.kind} needs `individuals`: the count of people behind it")
        if isinstance(self.population, TotalOver) and (self.kind is not MeasureKind.COUNT or self.unit == "events"):
            raise ValueError("`population: {total_over: …}` belongs to a count of individuals")
        return self


class AnnotationNames(_Strict):
    """How the annotation columns beside each measure are called (Open Data Handbook, "Guidelines")."""

    code: str = Field(default="{measure}_annotation_code", description="The column of codes.")
    description: str = Field(default="{measure}_annotation_description", description="The column of their meanings.")

    @field_validator("code", "description")
    @classmethod
    def _names_the_measure(cls, pattern: str) -> str:
        if "{measure}" not in pattern or pattern.replace("{measure}", "").count("{"):
            raise ValueError("must contain {measure} and no other placeholder")
        return pattern


class Percentages(_Strict):
    """What is published of a table of percentages without counts (DDG 2.0 §4.4.4)."""

    of: Name = Field(
        description="The dimension with two large categories and a small one, of which the percentages are: in every "
        "combination of the other dimensions they are parts of one whole."
    )


class Suppression(_Strict):
    """How the table is masked, if it has to be (DDG 2.0 §4.4.1)."""

    form: Literal["cells", "whole_percentages"] = Field(
        default="cells",
        description="`cells`: counts, with small and complementary cells suppressed where the table has to be masked. "
        "`whole_percentages`: never a count, only percentages rounded to whole numbers (§4.4.4): docs/masking.md.",
    )
    percentages: Percentages | None = Field(default=None, description="Belongs to `form: whole_percentages`.")
    level: Literal["exact", "ddg", "full"] = Field(
        default="ddg", description="How little may be inferred about a small count: docs/masking.md."
    )
    show_reason: bool | None = Field(
        default=None,
        description="true: codes 1 and 2 tell small from complementary. false: one code for both. "
        "Left out: the reason is told where the table can be protected in spite of it (§4.4.1).",
    )
    prefer: dict[str, list[str]] = Field(
        default={}, description="Per dimension, the categories to hide first where a complementary cell is needed."
    )
    annotations: AnnotationNames = AnnotationNames()

    @model_validator(mode="after")
    def _fits_its_form(self) -> Self:
        if self.form == "cells":
            if self.percentages is not None:
                raise ValueError("`percentages` belongs to `form: whole_percentages`")
            return self
        if self.percentages is None:
            raise ValueError("`form: whole_percentages` needs `percentages: {of: …}`")
        if self.show_reason is not None or self.prefer:
            raise ValueError("`show_reason` and `prefer` belong to `form: cells`: no cell is suppressed here")
        return self


class Publication(_Strict):
    """Where the release goes and what the portal says about it."""

    dataset: Annotated[str, Field(pattern=PORTAL_NAME_PATTERN)] | None = Field(
        default=None, description="The dataset; several releases may share one. Left out: the release's name."
    )
    resource: Annotated[str, Field(pattern=PORTAL_NAME_PATTERN)] | None = Field(
        default=None, description="The resource and its file. Left out: the release's name."
    )
    cadence: Literal["daily", "weekly", "monthly", "quarterly", "half-yearly", "yearly", "irregular"] | None = Field(
        default=None, description="How often it is released: makes a schedule. `irregular` or left out: by hand."
    )
    metadata: dict[str, Any] = Field(default={}, description="What the portal shows beside the data.")


class Identity(_Strict):
    """An additive relation between measures: ``sum(coefficient * measure) = 0`` in every row."""

    terms: dict[str, int]

    @classmethod
    def parse(cls, text: str) -> Identity:
        """Read ``a + b - c = d``.

        Raises:
            ValueError: The text is not a sum of measure names on both sides of one ``=``.
        """
        sides = text.split("=")
        if len(sides) != 2:
            raise ValueError(f"{text!r} must have exactly one '=', as in 'covid + pneumonia - both = any'")
        terms: dict[str, int] = {}
        for side, sign in zip(sides, (1, -1), strict=True):
            position, stripped = 0, side.strip()
            while position < len(stripped):
                match = _TERM.match(stripped, position)
                if not match or (position > 0 and not match.group(1)):
                    raise ValueError(f"{text!r} must be a sum of measure names, as in 'covid + pneumonia - both = any'")
                terms[match.group(2)] = terms.get(match.group(2), 0) + (-sign if match.group(1) == "-" else sign)
                position = match.end()
            if not stripped:
                raise ValueError(f"{text!r} has nothing on one side of '='")
        return cls(terms={name: coefficient for name, coefficient in terms.items() if coefficient})


class SurveyEstimate(_Strict):
    """What tells whether the estimates of one measure are reliable (§5.2, Appendix H)."""

    denominator_cases: Name = Field(
        description="The measure that counts the unweighted sample cases below the line: everyone who was asked."
    )
    numerator_cases: Name | None = Field(
        default=None, description="The measure that counts the unweighted sample cases above the line."
    )
    weighted: Name | None = Field(
        default=None, description="The measure that estimates how many people of the population are in the cell."
    )
    relative_standard_error: Name | None = Field(
        default=None, description="The measure that holds the relative standard error of the estimate, in percent."
    )

    @property
    def helpers(self) -> dict[str, str]:
        """Key to measure, of the keys that are given."""
        return {key: name for key, name in self if name is not None}


class Survey(_Strict):
    """The figures come from a sample of people, not from all of them (§5.2)."""

    limits: Slug = Field(
        description="Whose limits of reliability hold: an entry of `survey_limits` in the rulebook, such as `chis`."
    )
    estimates: dict[Name, SurveyEstimate] = Field(
        min_length=1, description="Every measure that is an estimate, with the measures that tell how reliable it is."
    )


class ReleaseContract(_Strict):
    """What one published table is: everything the plugin needs to assess, mask, check and publish it."""

    release: Slug = Field(description="The name of the release: lower case, digits and underscores.")
    title: Name = Field(description="The title people read on the portal.")
    description: str = Field(default="", description="What the table is, for the portal; a sentence or two.")
    rulebook: Name = Field(
        default="calhhs-ddg-2.0",
        description="The edition of the guideline: a shipped rulebook, the name of one in `rulebooks/` beside the "
        "contract or in the project, or a path to one that ends in .yaml (docs/rulebook.md).",
    )
    personal_characteristics: bool = Field(
        default=True, description="False only for data that is expressly public, such as provider data (§4.1)."
    )
    subject: Literal["people", "providers", "projected_budget", "actual_budget"] = Field(
        default="people",
        description="What the figures are about. `providers`: what a provider is, is public, and only what the table "
        "tells about people is assessed (§5.4). `projected_budget`: needs no assessment (§5.3). `actual_budget`: "
        "amounts tied to people, assessed like any other (§5.3).",
    )
    high_risk: list[Name] = Field(default=[], description="Categories of §5.6.2; any entry forces suppression.")
    scope: list[Scope] = Field(default=[], description="What holds for every row and is therefore no column.")
    dimensions: dict[str, Dimension] = Field(min_length=1)
    measures: dict[str, Measure] = Field(min_length=1)
    identities: list[str] = Field(default=[], description="Additive relations between measures: 'a + b = c'.")
    survey: Survey | None = Field(
        default=None, description="Of figures from a survey: what tells whether its estimates are reliable (§5.2)."
    )
    links: list[Slug] = Field(default=[], description="Releases drawn from the same records, masked together.")
    suppression: Suppression = Suppression()
    publication: Publication = Publication()

    @field_validator("identities")
    @classmethod
    def _identities_parse(cls, identities: list[str]) -> list[str]:
        for identity in identities:
            Identity.parse(identity)
        return identities

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        problems = [*self._unknown_measure_names(), *self._unknown_dimension_names()]
        both = sorted(self.dimensions.keys() & self.measures.keys())
        if both:
            problems.append(f"{', '.join(both)}: is both a dimension and a measure")
        problems += [*self._wrong_totals(), *self._wrong_estimates(), *self._columns_twice()]
        problems += self._wrong_percentages()
        if self.release in self.links:
            problems.append(f"links: names {self.release}, which is the release itself")
        if not self.counts:
            problems.append("measures: none is a count of individuals, so no cell can be judged; declare one")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _unknown_measure_names(self) -> list[str]:
        problems = []
        for name, measure in self.measures.items():
            for key in ("individuals", "numerator"):
                other = getattr(measure, key)
                if other is not None and (other not in self.measures or other == name):
                    problems.append(
                        f"measures.{name}.{key}: {other} must be another measure ({', '.join(self.measures)})"
                    )
        for identity in self.identities:
            for name in Identity.parse(identity).terms:
                if name not in self.measures or self.measures[name].kind is not MeasureKind.COUNT:
                    problems.append(f"identities: {name} in {identity!r} is not a measure of kind count")
        for name, measure in self.measures.items():
            if self._governor(name) is None:
                problems.append(
                    f"measures.{name}: no chain of `individuals` or `numerator` leads to a count of individuals"
                )
            del measure
        return problems

    def _wrong_totals(self) -> list[str]:
        problems = []
        for name, measure in self.measures.items():
            over = measure.population.total_over if isinstance(measure.population, TotalOver) else []
            for dimension in over:
                field = f"measures.{name}.population.total_over: {dimension}"
                if dimension not in self.dimensions:
                    problems.append(f"{field} is not a dimension ({', '.join(self.dimensions)})")
                elif not self.dimensions[dimension].additive and self.dimensions[dimension].total is None:
                    problems.append(f"{field} has categories that do not sum, and no `total` that tells how many")
        return problems

    def _wrong_estimates(self) -> list[str]:
        if self.survey is None:
            return []
        problems, used = [], set(self.survey.estimates)
        for name, estimate in self.survey.estimates.items():
            if name not in self.measures:
                problems.append(f"survey.estimates.{name}: is not a measure ({', '.join(self.measures)})")
            for key, helper in estimate.helpers.items():
                used.add(helper)
                if helper not in self.measures:
                    problems.append(f"survey.estimates.{name}.{key}: {helper} is not a measure")
                elif key.endswith("_cases") and helper not in self.counts:
                    problems.append(f"survey.estimates.{name}.{key}: {helper} is not a count of individuals")
        left = [name for name in self.measures if name not in used]
        if left:
            problems.append(f"survey.estimates: says nothing about {', '.join(left)}; add each with its sample cases")
        return problems

    def _columns_twice(self) -> list[str]:
        """A published table holds its own columns and two annotations a measure; each needs a name of its own."""
        names = list(dict.fromkeys([*self.dimensions, *self.population_columns, *self.measures]))
        names += [name for name in self.published_measures if name not in self.measures]
        for pattern in (self.suppression.annotations.code, self.suppression.annotations.description):
            names += [pattern.format(measure=measure) for measure in self.published_measures]
        twice = sorted({name for name in names if names.count(name) > 1})
        return [f"suppression.annotations: {', '.join(twice)} would be two columns of one name"] if twice else []

    def _wrong_percentages(self) -> list[str]:
        """The counts behind percentages may appear nowhere else (§4.4.4), so nothing else may be made of them."""
        if self.suppression.percentages is None:
            return []
        of, problems = self.suppression.percentages.of, []
        whole = "suppression.form: whole_percentages"
        if of not in self.dimensions:
            problems.append(f"suppression.percentages.of: {of} is not a dimension ({', '.join(self.dimensions)})")
        elif not self.dimensions[of].additive or self.dimensions[of].hierarchy:
            problems.append(
                f"suppression.percentages.of: the categories of {of} must add up to one total, without groups"
            )
        if len(self.measures) != 1:
            others = ", ".join(name for name in self.measures if name not in self.counts[:1])
            problems.append(f"{whole} publishes one count of individuals and nothing made of it: leave out {others}")
        if self.links:
            listed = ", ".join(self.links)
            problems.append(f"{whole} has no links, because the counts may appear nowhere else: {listed}")
        if self.identities or self.survey is not None:
            problems.append(f"{whole} goes with neither `identities` nor `survey`")
        return problems

    def _unknown_dimension_names(self) -> list[str]:
        return [
            f"suppression.prefer.{name}: is not a dimension ({', '.join(self.dimensions)})"
            for name in self.suppression.prefer
            if name not in self.dimensions
        ]

    def _governor(self, name: str) -> str | None:
        seen: set[str] = set()
        while name in self.measures and name not in seen:
            seen.add(name)
            measure = self.measures[name]
            if measure.kind is MeasureKind.COUNT and measure.unit == "individuals":
                return name
            name = measure.individuals or measure.numerator or ""
        return None

    def governor(self, measure: str) -> str:
        """Name the count of individuals that decides whether a figure of ``measure`` is small (DDG 2.0 §4.2)."""
        governor = self._governor(measure)
        if governor is None:  # pragma: no cover - excluded by validation
            raise ValueError(f"{measure} is governed by no count of individuals")
        return governor

    @property
    def counts(self) -> list[str]:
        """The measures that count individuals, each with a suppression pattern of its own."""
        return [name for name, m in self.measures.items() if m.kind is MeasureKind.COUNT and m.unit == "individuals"]

    @property
    def published_measures(self) -> list[str]:
        """The columns of figures that are published: the measures, or in their place the percentages (§4.4.4)."""
        if self.suppression.form == "whole_percentages":
            return [f"{name}_percent" for name in self.measures]
        return list(self.measures)

    @property
    def population_columns(self) -> list[str]:
        """Columns of the table that hold public populations: known to everyone and published as they are."""
        columns: list[str] = []
        sizes = [m.population for m in self.measures.values()]
        sizes += [m.denominator for m in self.measures.values()]
        for dimension in self.dimensions.values():
            sizes += [dimension.population, dimension.members, dimension.enrollment]
        for size in sizes:
            if isinstance(size, str) and size not in self.measures and size not in columns:
                columns.append(size)
        return columns

    @property
    def columns(self) -> list[str]:
        """Every column that the table must have; any other column is refused, because nobody assessed it."""
        names = [*self.dimensions, *self.population_columns, *self.measures]
        return list(dict.fromkeys(names))

    @property
    def parsed_identities(self) -> list[Identity]:
        """The identities, read."""
        return [Identity.parse(identity) for identity in self.identities]

    @property
    def reference_tables(self) -> list[str]:
        """The names of the reference tables that sizes and hierarchies are looked up in."""
        names: list[str] = []
        for dimension in self.dimensions.values():
            sizes = (dimension.population, dimension.members, dimension.enrollment)
            names += [size.table for size in sizes if isinstance(size, TableReference)]
            names += [h.table for h in dimension.hierarchy if h.table]
        names += [m.population.table for m in self.measures.values() if isinstance(m.population, TableReference)]
        return list(dict.fromkeys(names))
