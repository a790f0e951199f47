"""The release contract as typed data, checked once when it is read.

The keys are the ones a user writes; docs/reference/contract.md is generated from the descriptions here.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from ddg_pipeline.contract.already_public import AlreadyPublic
from ddg_pipeline.contract.dimension import Dimension, Scope
from ddg_pipeline.contract.limits import Limits
from ddg_pipeline.contract.measure import Identity, Measure, MeasureKind
from ddg_pipeline.contract.portal_metadata import Cadence, PortalMetadata
from ddg_pipeline.contract.reporting_periods import ReportingPeriod, ReportingPeriods
from ddg_pipeline.contract.review import Review
from ddg_pipeline.contract.sizes import TableReference, TotalOver
from ddg_pipeline.contract.strict import PORTAL_NAME_PATTERN, Name, Slug, Strict
from ddg_pipeline.contract.suppression import Suppression
from ddg_pipeline.contract.survey import Survey
from ddg_pipeline.contract.variables import Variable

_LONGEST_OF_PERIODS = 40  # of a release's name; a period is added to it


class Publication(Strict):
    """Where the release goes and what the portal says about it."""

    dataset: Annotated[str, Field(pattern=PORTAL_NAME_PATTERN)] | None = Field(
        default=None, description="The dataset; several releases may share one. Left out: the release's name."
    )
    resource: Annotated[str, Field(pattern=PORTAL_NAME_PATTERN)] | None = Field(
        default=None, description="The resource and its file. Left out: the release's name."
    )
    cadence: Cadence | None = Field(
        default=None, description="How often it is released: makes a schedule. `irregular` or left out: by hand."
    )
    metadata: PortalMetadata = Field(
        default=PortalMetadata(), description="What the portal shows beside the data (docs/reference/metadata.md)."
    )


class ReleaseContract(Strict):
    """What one published table is: everything the plugin needs to assess, mask, check and publish it."""

    release: Slug = Field(description="The name of the release: lower case, digits and underscores.")
    title: Name = Field(description="The title people read on the portal.")
    description: str = Field(default="", description="What the table is, for the portal; a sentence or two.")
    rulebook: Name = Field(
        default="calhhs-ddg-2.0",
        description="The edition of the guideline: a shipped rulebook, the name of one in `rulebooks/` beside the "
        "contract or in the project, or a path to one that ends in .yaml (docs/reference/rulebook.md).",
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
    not_high_risk: list[Name] = Field(
        default=[],
        description="Categories of §5.6.2 that labels seem to speak of, but do not; left out, such labels force "
        "suppression.",
    )
    scope: list[Scope] = Field(default=[], description="What holds for every row and is therefore no column.")
    dimensions: dict[str, Dimension] = Field(min_length=1)
    measures: dict[str, Measure] = Field(min_length=1)
    identities: list[str] = Field(default=[], description="Additive relations between measures: 'a + b = c'.")
    survey: Survey | None = Field(
        default=None, description="Of figures from a survey: what tells whether its estimates are reliable (§5.2)."
    )
    reporting_periods: ReportingPeriods | None = Field(
        default=None, description="Where each period of a `time` dimension is released by itself; left out: one table."
    )
    reporting_period: SkipJsonSchema[ReportingPeriod | None] = Field(default=None)
    links: list[Slug] = Field(default=[], description="Releases drawn from the same records, masked together.")
    already_released: list[Slug] = Field(
        default=[],
        description="Releases of the same people that are masked by themselves, or that were in this project before: "
        "whatever the ledger has of them is known to readers. Those in the project name each other.",
    )
    unrelated: dict[Slug, Name] = Field(
        default={},
        description="Releases that share a source table with this one, or did, and tell nothing about it, each with "
        "the reason, such as that no person is counted in both. Reviewers read it.",
    )
    already_public: list[AlreadyPublic] = Field(
        default=[],
        description="Tables of the same people that are public already, such as earlier releases. Their figures are "
        "known to readers and cannot be hidden any more.",
    )
    suppression: Suppression = Suppression()
    limits: Limits = Limits()
    review: Review = Review()
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
        for name in sorted(self.dimensions.keys() & self.measures.keys()):
            problems.append(f"measures.{name}: {name} is both a dimension and a measure; list it in one place")
        problems += [*self._wrong_totals(), *self._wrong_estimates(), *self._columns_twice()]
        problems += [*self._wrong_percentages(), *self._unknown_limits(), *self._wrong_periods()]
        problems += self._wrong_relations()
        if not self.counts:
            problems.append("measures: none is a count of individuals, so no cell can be judged; declare one")
        if problems:
            raise ValueError("\n".join(problems))  # one line for each; parse.py tells them one by one
        return self

    def _wrong_relations(self) -> list[str]:
        """A release has one thing to do with another, or nothing."""
        told = {"links": self.links, "already_released": self.already_released, "unrelated": list(self.unrelated)}
        problems = [
            f"{key}: leave out {self.release}, which is the release itself"
            for key, names in told.items()
            if self.release in names
        ]
        every = [name for names in told.values() for name in dict.fromkeys(names)]
        for name in sorted({name for name in every if every.count(name) > 1}):
            keys = [key for key, names in told.items() if name in names]
            problems.append(f"{keys[0]}: {name} is also under {keys[1]}; write it where it belongs")
        return problems

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
                    f"measures.{name}: no chain of `individuals` or `numerator` leads to a count of individuals; write "
                    "under `individuals` which measure counts the people behind it"
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
        if self.already_public:
            problems.append(f"{whole} publishes no count, so that `already_public` counts have no place in it")
        if self.already_released:
            listed = ", ".join(self.already_released)
            problems.append(f"{whole}: the counts may appear nowhere else, and `already_released` has {listed}")
        return problems

    def _wrong_periods(self) -> list[str]:
        """Periods are released one by one, so that nothing in one of them may speak of another."""
        periods = self.reporting_periods
        if periods is None:
            return []
        name, problems = periods.dimension, []
        dimension = self.dimensions.get(name)
        field = "reporting_periods.dimension"
        if dimension is None:
            return [f"{field}: is not a dimension ({', '.join(self.dimensions)})"]
        if dimension.variable is not Variable.TIME:
            problems.append(f"{field}: {name} is no `time` variable")
        if dimension.total is not None or dimension.hierarchy:
            problems.append(
                f"{field}: {name} has a total or groups over periods, which no single period has; leave them out of "
                "the table, or release it as a whole"
            )
        if self.suppression.show_reason is None and self.suppression.form == "cells":
            problems.append(
                "suppression.show_reason: say true or false, so that one period's table reads like the next one's; "
                "false protects in every case, true tells readers more and may be refused for a period (§4.4.1)"
            )
        if self.already_public:
            problems.append(
                "already_public: of a release by periods, bring what was published into the ledger "
                "(`ddg ledger import`), which knows the periods apart"
            )
        problems += [
            f"suppression.{key}: names {name}, and each period is masked by itself"
            for key in ("keep", "hide")
            if any(name in pattern for pattern in getattr(self.suppression, key))
        ]
        if name in self.suppression.prefer:
            problems.append(f"suppression.prefer.{name}: each period is masked by itself")
        if len(self.release) > _LONGEST_OF_PERIODS:
            problems.append(
                f"release: with `reporting_periods`, {_LONGEST_OF_PERIODS} characters at most: periods are added to it"
            )
        return problems

    def _unknown_dimension_names(self) -> list[str]:
        named = [(f"suppression.prefer.{name}", name) for name in self.suppression.prefer]
        for key in ("keep", "hide"):
            for number, pattern in enumerate(getattr(self.suppression, key)):
                named += [(f"suppression.{key}[{number}].{name}", name) for name in pattern]
        problems = [
            f"{field}: is not a dimension ({', '.join(self.dimensions)})"
            for field, name in named
            if name not in self.dimensions
        ]
        for number, earlier in enumerate(self.already_public):
            problems += [
                f"already_public[{number}].at.{name}: is a column of this release too; its categories are matched"
                for name in earlier.at
                if name in self.columns
            ]
        return problems

    def _unknown_limits(self) -> list[str]:
        problems = [
            f"limits.dimensions.{name}: is not a dimension ({', '.join(self.dimensions)})"
            for name in self.limits.dimensions
            if name not in self.dimensions
        ]
        for name, limits in self.limits.measures.items():
            if name not in self.measures:
                problems.append(f"limits.measures.{name}: is not a measure ({', '.join(self.measures)})")
            elif limits.suppressed_people is not None and name not in self.counts:
                problems.append(
                    f"limits.measures.{name}.suppressed_people: {name} does not count people; write it under "
                    f"{', '.join(self.counts)}"
                )
        return problems

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
    def full_title(self) -> str:
        """The title; of one reporting period, with the period."""
        return self.title if self.reporting_period is None else f"{self.title}, {self.reporting_period.label}"

    @property
    def series(self) -> str:
        """The release whose name people wrote: of one reporting period, that of all of them."""
        return self.release if self.reporting_period is None else self.reporting_period.of

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
        names += [earlier.table for earlier in self.already_public]
        names += [m.population.table for m in self.measures.values() if isinstance(m.population, TableReference)]
        return list(dict.fromkeys(names))
