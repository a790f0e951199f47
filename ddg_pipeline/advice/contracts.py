"""The contract of a coarser table, rewritten from that of the finer one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ddg_pipeline.advice.age_bands import whole_range
from ddg_pipeline.advice.changes import Drop, Merge, NotPossibleError
from ddg_pipeline.advice.periods import period_of as in_words
from ddg_pipeline.advice.sizes import Sizes, coarser_reference, size_of_all, sizes_of
from ddg_pipeline.assessment.periods import months_of, period_of
from ddg_pipeline.contract import BoundTable, ReleaseContract, Variable
from ddg_pipeline.contract.bind import Axis
from ddg_pipeline.contract.sizes import TableReference
from ddg_pipeline.rulebook import Rulebook

Raw = dict[str, Any]
_YEAR = months_of("year")

_STAYS_IN_SCOPE = (
    Variable.RESIDENCE_GEOGRAPHY,
    Variable.SERVICE_GEOGRAPHY,
    Variable.INSURANCE_COVERAGE,
    Variable.EXPECTED_PAYER,
    Variable.MEANS_TESTED_PROGRAM,
)


def raw_contract(contract: ReleaseContract) -> Raw:
    """Give a contract as the mapping that a YAML file would hold: what is at its default is left out."""
    return contract.model_dump(mode="json", exclude_defaults=True)


class Rewriter:
    """Rewrites the contract of one table for one change.

    Attributes:
        raw: The contract so far.
        references: The reference tables that it names so far.
    """

    def __init__(self, bound: BoundTable, rulebook: Rulebook) -> None:
        self.bound, self.rulebook = bound, rulebook
        self.raw = raw_contract(bound.contract)
        for key in ("reporting_period", "reporting_periods"):  # an alternative to the table of one period is one table
            self.raw.pop(key, None)
        self.references: dict[str, pd.DataFrame] = dict(bound.references)

    def merge(self, change: Merge, groups: Mapping[str, frozenset[str]]) -> None:
        """Declare the broader categories of a dimension.

        Args:
            change: The merge.
            groups: The groups above the broader categories that stay, each with the finer categories it consists of.
        """
        name = change.dimension
        axis, declared = self.bound.axes[name], self.raw["dimensions"][name]
        becomes = {leaf: label for label, members in change.members.items() for leaf in members}
        self._without_percentages_of(name)
        self._merge_sizes(change, groups)
        hierarchy = _trees(axis, change, groups)
        declared.pop("hierarchy", None)
        if hierarchy:
            declared["hierarchy"] = hierarchy
        if "groups" in declared:
            declared["groups"] -= len(axis.leaves) - len(change.members)
        if change.period is not None:
            declared["period"] = change.period
        self._merge_labels(declared, change, becomes)
        preferred = self.raw.get("suppression", {}).get("prefer", {}).get(name)
        if preferred:
            stay = {*change.members, *groups, axis.total}
            self.raw["suppression"]["prefer"][name] = [one for one in preferred if one in stay]
        self._rewrite_wishes(name, [*change.members, *groups, *([] if axis.total is None else [axis.total])])
        for measure in self.raw["measures"]:
            self._merge_population(measure, name, {k: v for k, v in becomes.items() if k != v}, list(change.members))

    def drop(self, change: Drop) -> None:
        """Take a dimension out, and keep what holds for everyone in the table under ``scope``."""
        name = change.dimension
        self._without_percentages_of(name)
        self._keep_in_scope(name)
        axis = self.bound.axes[name]
        self.raw.get("suppression", {}).get("prefer", {}).pop(name, None)
        self._rewrite_wishes(name, [] if axis.total is None else [axis.total], drop=True)
        self.raw.get("limits", {}).get("dimensions", {}).pop(name, None)
        everyone = axis.total or ""
        for measure in self.raw["measures"]:
            self._merge_population(measure, name, dict.fromkeys(axis.leaves, everyone), [everyone], drop=True)
        del self.raw["dimensions"][name]

    def _without_percentages_of(self, dimension: str) -> None:
        """Show counts again where the dimension goes whose categories had percentages."""
        suppression = self.raw.get("suppression", {})
        if suppression.get("percentages", {}).get("of") == dimension:
            del suppression["form"], suppression["percentages"]

    def leave_out(self, measures: Mapping[str, str]) -> None:
        """Take measures out that the coarser table cannot have."""
        for name in measures:
            del self.raw["measures"][name]
            self.raw.get("limits", {}).get("measures", {}).pop(name, None)

    def _rewrite_wishes(self, dimension: str, stay: Sequence[str], *, drop: bool = False) -> None:
        """Leave of the cells to keep open or to hide those that the coarser table still has.

        A sum of cells that were to be hidden need not be hidden, nor one of cells to keep be kept.

        Raises:
            NotPossibleError: Everything in the coarser table would have to be hidden.
        """
        suppression = self.raw.get("suppression", {})
        for key in ("keep", "hide"):
            left = []
            for pattern in suppression.pop(key, []):
                labels = [label for label in pattern.get(dimension, stay) if label in stay]
                rest = {name: those for name, those in pattern.items() if name != dimension}
                if dimension in pattern and not labels:
                    continue
                if not drop and dimension in pattern:
                    rest = {name: labels if name == dimension else those for name, those in pattern.items()}
                if not rest and key == "hide":
                    raise NotPossibleError(f"{dimension}: `suppression.hide` hides everything that would be left")
                left += [rest] if rest else []  # a pattern of nothing but the total would keep every cell open
            if left:
                suppression[key] = left

    def _merge_sizes(self, change: Merge, groups: Mapping[str, frozenset[str]]) -> None:
        sizes = sizes_of(self.bound, change.dimension, self.rulebook)
        if sizes is None or sizes.alike:
            return
        found = sizes.joined(change.members) | sizes.joined({label: tuple(leaves) for label, leaves in groups.items()})
        total = self.bound.axes[change.dimension].total
        if total is not None and total in sizes.of:
            found[total] = sizes.of[total]
        self.raw["dimensions"][change.dimension][sizes.key] = found

    def _merge_labels(self, declared: Raw, change: Merge, becomes: Mapping[str, str]) -> None:
        unknown = set(declared.pop("unknown", []))
        still = [label for label, members in change.members.items() if unknown.issuperset(members)]
        if still:
            declared["unknown"] = still
        address = declared.pop("address", None)
        if address is not None:
            whole = isinstance(address, str)
            same = {label: address if whole else address.get(label) for label in becomes if becomes[label] == label}
            same = {label: kind for label, kind in same.items() if kind is not None}
            if same:
                declared["address"] = address if whole and len(same) == len(becomes) else same
        implied = []
        for one in declared.pop("implies", []):
            telling = set(one.get("categories", []))
            labels = [label for label, members in change.members.items() if telling.issuperset(members)]
            if not telling or labels:
                implied.append(one | ({"categories": labels} if telling else {}))
        if implied:
            declared["implies"] = implied

    def _merge_population(
        self, measure: str, dimension: str, into: Mapping[str, str], stay: Sequence[str], *, drop: bool = False
    ) -> None:
        """Coarsen the population behind a measure, where the contract and not the table holds it."""
        declared = self.raw["measures"][measure]
        size = self.bound.contract.measures[measure].population
        axis = self.bound.axes[dimension]
        if isinstance(size, TableReference):
            carried = [label for label in (*axis.labels, *stay) if label not in into]
            if drop:
                carried = [axis.total] if axis.total is not None else []
            coarser = coarser_reference(self.bound, size, dimension, into, carried)
            if coarser is not None:
                self._reference(measure, size, coarser, dimension if drop else None)
        elif isinstance(size, dict) and set(axis.leaves) <= size.keys():
            members: dict[str, list[str]] = {}
            for leaf, label in into.items():
                members.setdefault(label, []).append(leaf)
            joined = Sizes("population", size).joined(members)
            if drop:
                declared["population"] = joined[axis.total or ""]
            else:
                declared["population"] = {k: v for k, v in size.items() if k not in into} | joined
        elif drop and isinstance(declared.get("population"), dict) and "total_over" in declared["population"]:
            over = [name for name in declared["population"]["total_over"] if name != dimension]
            if over:
                declared["population"] = {"total_over": over}
            else:
                del declared["population"]  # it is its own total; whose population that is, nobody said

    def _reference(self, measure: str, size: TableReference, table: pd.DataFrame, gone: str | None) -> None:
        keys = [size.key] if isinstance(size.key, str) else list(size.key)
        rest = [key for key in keys if key != gone]
        if not rest:
            self.raw["measures"][measure]["population"] = int(table[size.value].iloc[0])
            return
        name = f"{measure}_population"
        self.references[name] = table[[*rest, size.value]].reset_index(drop=True)
        self.raw["measures"][measure]["population"] = {
            "table": name,
            "key": rest[0] if len(rest) == 1 else rest,
            "value": size.value,
        }

    def _keep_in_scope(self, name: str) -> None:
        declared, axis = self.bound.contract.dimensions[name], self.bound.axes[name]
        scope: list[Raw] = []
        if declared.variable is Variable.TIME:
            period = self._whole_period(name)
            if period is not None:  # else the table is scored as one whose period nobody declared
                scope.append({"variable": "time", "period": period})
        elif declared.variable in _STAYS_IN_SCOPE:
            variable = Variable.RESIDENCE_GEOGRAPHY if declared.residents_only else declared.variable
            size = size_of_all(self.bound, name, self.rulebook)
            entry: Raw = {"variable": str(variable)}
            if size is not None:
                entry[size[0]] = size[1]
            elif axis.total is not None:
                entry["label"] = axis.total
            scope.append(entry)
        elif declared.variable is Variable.AGE:
            unknown = [label for label in axis.leaves if label in declared.unknown]
            band = whole_range(axis, {*unknown, *(one for one in axis.leaves if one in self.rulebook.unknown_labels)})
            if band is not None:
                scope.append({"variable": "age", "label": band})
        for one in declared.implies:
            if set(one.categories or axis.labels) >= set(axis.leaves):
                people = {} if one.population is None else {"population": one.population}
                scope.append({"variable": str(one.variable), "label": one.label} | people)
        if scope:
            self.raw["scope"] = [*self.raw.get("scope", []), *scope]

    def _whole_period(self, name: str) -> str | None:
        """Say what all periods together cover, and never more than that.

        A period whose length is not known in months stays what it is; so does one of several years among others that
        do not add up with it, because they may overlap: 2021-2023, 2022-2024.
        """
        axis = self.bound.axes[name]
        known = [leaf for leaf in axis.leaves if leaf not in axis.declared.unknown]
        known = [leaf for leaf in known if leaf not in self.rulebook.unknown_labels]
        read = period_of(known)
        period = axis.declared.period or (read.word if read else None)
        if period is None or (not axis.additive and months_of(period) > _YEAR):
            return period
        return in_words(months_of(period) * len(known)) or period


def _trees(axis: Axis, change: Merge, groups: Mapping[str, frozenset[str]]) -> list[Raw]:
    """Write what is left of each hierarchy above the broader categories, one flat tree a hierarchy."""
    found: list[Raw] = []
    extents = {label: frozenset(members) for label, members in change.members.items()} | dict(groups)
    for hierarchy in axis.hierarchies:
        own = [label for label in groups if label in hierarchy.parents]
        tree: dict[str, list[str]] = {}
        for label, extent in extents.items():
            above = [group for group in own if extents[group] > extent]
            if above:
                tree.setdefault(min(above, key=lambda group: len(extents[group])), []).append(label)
        if axis.total is not None and axis.total in hierarchy.parents and tree:
            below = {child for children in tree.values() for child in children}
            tree[axis.total] = [group for group in tree if group not in below]
        if tree and {"tree": tree} not in found:
            found.append({"tree": tree})
    return found
