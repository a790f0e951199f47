"""The Great Expectations suite of a release: built from its contract and rulebook, kept as JSON that people review.

A suite file has Great Expectations' own form, so that any of its tools can read it. It says nothing that depends on the
restricted data: what only the assessed table can tell, its number of rows and the digest of their coordinates, enters
when the gate runs, as the suite parameters ``rows`` and ``coordinates``; so does, as ``previous``, the file of the
release before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ddg_pipeline.contract.measure import Measure, MeasureKind
from ddg_pipeline.contract.model import ReleaseContract
from ddg_pipeline.contract.variables import Variable
from ddg_pipeline.errors import InputError
from ddg_pipeline.quality.annotations import annotation_columns, hidden_notes, shown_notes
from ddg_pipeline.quality.code_lists import code_lists, hierarchies_of
from ddg_pipeline.quality.datastore import datastore_types
from ddg_pipeline.quality.hand_written import beside_generated, is_written_by_hand, rule_of
from ddg_pipeline.quality.identifiers import identifier_arguments
from ddg_pipeline.quality.margins import broken_margins
from ddg_pipeline.quality.percentages import FORM, percentage_arguments, percentage_pattern, shown_below
from ddg_pipeline.quality.rules import rows_digest

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook

Suite = dict[str, Any]
_WHOLE = "^(0|[1-9][0-9]*)$"


def published_columns(contract: ReleaseContract, table_columns: Sequence[str]) -> list[str]:
    """List the columns of the published file: the table's own, in its order, and beside each measure its annotation.

    Where percentages are published in place of counts, they stand where the counts stood.
    """
    published = dict(zip(contract.measures, contract.published_measures, strict=True))
    found = []
    for column in table_columns:
        found.append(published.get(column, column))
        if column in published:
            found += annotation_columns(contract, published[column])
    return found


def row_parameters(contract: ReleaseContract, table: pd.DataFrame) -> dict[str, Any]:
    """Take from the assessed table what the gate compares the published rows with.

    Args:
        contract: The contract.
        table: The table that was assessed, with its dimensions as text (`BoundTable.frame`).

    Returns:
        ``rows``, their number, and ``coordinates``, the digest of their categories. Neither tells a figure.
    """
    return {"rows": len(table), "coordinates": rows_digest(table, list(contract.dimensions))}


def build_suite(
    contract: ReleaseContract,
    rulebook: Rulebook,
    *,
    columns: Sequence[str],
    masked: bool,
    reasons_shown: bool = True,
    references: Mapping[str, pd.DataFrame] | None = None,
    tolerated_margins: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
) -> Suite:
    """Derive the suite of a release.

    Args:
        contract: The contract.
        rulebook: The edition it names.
        columns: The columns of the published file, in order (`published_columns`).
        masked: The assessment's decision: True where counts under the threshold must be hidden.
        reasons_shown: Whether the annotation codes tell small cells from complementary ones.
        references: The reference tables that the contract names; hierarchies and code lists come from them.
        tolerated_margins: For each measure, the coordinates of margins that are known not to add up in the source
            (`margin_exceptions`).

    Raises:
        InputError: ``columns`` are not those of the contract, or a masked release has no annotation columns.
    """
    if reasons_shown and contract.suppression.show_reason is False:
        raise InputError(
            contract.release, "suppression.show_reason", "false", "then the codes must not tell the reasons either"
        )
    annotated = _annotated(contract, columns, masked)
    build = _Builder(contract, rulebook, masked, annotated, reasons_shown)
    expectations = [
        *_of_the_table(contract, columns),
        *_of_types_and_identifiers(contract, rulebook, columns),
        *_of_dimensions(contract, code_lists(contract, references)),
        *(entry for name in contract.population_columns for entry in _of_population(name)),
        *build.of_measures(),
        *build.of_identities(),
        *build.of_margins(references or {}, tolerated_margins or {}),
        *build.of_shares(references or {}),
        *_of_drift(contract),
    ]
    return {
        "name": contract.series,
        "meta": {
            "key": list(contract.dimensions),
            "types": _types(contract, columns),
            "masked": masked,
            "reasons_shown": reasons_shown,
            "rulebook": contract.rulebook,
            **({"form": contract.suppression.form} if contract.suppression.form == FORM else {}),
        },
        "expectations": expectations,
    }


def suite_text(suite: Suite) -> str:
    """Write a suite as JSON that changes only where the suite does: sorted keys, one value a line."""
    return json.dumps(suite, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write_suite(suite: Suite, directory: Path) -> Path:
    """Write ``<directory>/<release>.json``."""
    path = directory / f"{suite['name']}.json"
    directory.mkdir(parents=True, exist_ok=True)
    path.write_text(suite_text(suite), encoding="utf-8")
    return path


def suite_differences(found: Suite, expected: Suite) -> list[str]:
    """Say in which rules a suite differs from the one that its contract asks for; empty where it matches.

    Expectations written by hand may stand beside the contract's, but not in place of one, nor of the same type and
    column as one.
    """
    differences = []
    if found.get("name") != expected.get("name"):
        differences.append(f"name: {found.get('name')!r} instead of {expected.get('name')!r}")
    known, asked = found.get("meta") or {}, expected.get("meta") or {}
    differences += [
        f"meta.{key}: {known.get(key)!r} instead of {asked.get(key)!r}"
        for key in dict.fromkeys([*asked, *known])
        if known.get(key) != asked.get(key)
    ]
    listed = found.get("expectations", [])
    have = _by_rule(entry for entry in listed if not is_written_by_hand(entry))
    want = _by_rule(expected.get("expectations", []))
    differences += [f"{rule}: missing" for rule in want if rule not in have]
    differences += [f"{rule}: not asked for by the contract" for rule in have if rule not in want]
    differences += [f"{rule}: changed" for rule in want if rule in have and have[rule] != want[rule]]
    return [*differences, *beside_generated(expected, [entry for entry in listed if is_written_by_hand(entry)])]


def _by_rule(expectations: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    named: dict[str, Mapping[str, Any]] = {}
    for entry in expectations:
        rule = rule_of(entry)
        while rule in named:
            rule += "'"
        named[rule] = entry
    return named


def _annotated(contract: ReleaseContract, columns: Sequence[str], masked: bool) -> bool:
    place = contract.release
    annotations = {name: annotation_columns(contract, name) for name in contract.published_measures}
    flat = [column for pair in annotations.values() for column in pair]
    own = [*contract.dimensions, *contract.population_columns, *contract.published_measures]
    missing = [name for name in own if name not in columns]
    extra = [name for name in columns if name not in own and name not in flat]
    if missing or extra or len(set(columns)) != len(columns):
        raise InputError(place, "columns", f"{', '.join(columns)}", f"each of {', '.join(own)} once, and annotations")
    present = [column for column in flat if column in columns]
    if present and len(present) != len(flat):
        raise InputError(place, "columns", f"only {', '.join(present)}", f"all or none of {', '.join(flat)}")
    if masked and not present:
        raise InputError(place, "columns", "no annotation columns", f"{', '.join(flat)}: the table is masked")
    return bool(present)


def _entry(kind: str, description: str, **kwargs: Any) -> dict[str, Any]:
    # `origin` tells generated expectations from those that people add by hand
    return {"type": kind, "kwargs": kwargs, "description": description, "meta": {"origin": "contract"}}


def _of_the_table(contract: ReleaseContract, columns: Sequence[str]) -> list[dict[str, Any]]:
    key = list(contract.dimensions)
    return [
        _entry(
            "expect_table_columns_to_match_ordered_list",
            "Exactly the columns that were assessed, in order.",
            column_list=list(columns),
        ),
        _entry("expect_table_row_count_to_be_between", "An empty table is no release.", min_value=1),
        _entry(
            "expect_table_row_count_to_equal",
            "As many rows as were assessed.",
            value={"$PARAMETER": "rows"},
        ),
        _entry(
            "expect_rows_to_be_those_assessed",
            "The rows that were assessed, none dropped, added or relabelled.",
            columns=key,
            sha256={"$PARAMETER": "coordinates"},
        ),
        _entry("expect_column_values_to_be_unique", "One row for each category.", column=key[0])
        if len(key) == 1
        else _entry(
            "expect_compound_columns_to_be_unique", "One row for each combination of categories.", column_list=key
        ),
    ]


def _types(contract: ReleaseContract, columns: Sequence[str]) -> dict[str, str]:
    kinds = datastore_types(contract)
    return {name: kinds[name] for name in columns}


def _of_types_and_identifiers(
    contract: ReleaseContract, rulebook: Rulebook, columns: Sequence[str]
) -> list[dict[str, Any]]:
    return [
        _entry(
            "expect_columns_to_read_as_declared",
            "Categories and codes are text, figures plain numbers, as the data dictionary says.",
            types=_types(contract, columns),
        ),
        _entry(
            "expect_no_direct_identifiers",
            "No column identifies people, by its name or by what stands in it (§3 Figure 1).",
            rulebook=contract.rulebook,
            columns={name: told for name, told in identifier_arguments(contract, rulebook, columns).items() if told},
        ),
    ]


def _of_drift(contract: ReleaseContract) -> list[dict[str, Any]]:
    """Compare with the release before, within the contract's limits."""
    limits, previous = contract.limits, {"$PARAMETER": "previous"}
    periods = [name for name, one in contract.dimensions.items() if one.variable is Variable.TIME]
    found = []
    if limits.rows is not None:
        found.append(
            _entry(
                "expect_row_count_to_stay_near_previous",
                f"The number of rows changes by {limits.rows} percent at most.",
                previous=previous,
                percent=limits.rows,
                periods=periods,
            )
        )
    for name in contract.dimensions:
        new = limits.of_dimension(name, "new_categories", periods=name in periods)
        vanished = limits.of_dimension(name, "vanished_categories", periods=name in periods)
        if new is not None or vanished is not None:
            told = [
                *([f"{new} new"] if new is not None else []),
                *([f"{vanished} gone"] if vanished is not None else []),
            ]
            found.append(
                _entry(
                    "expect_categories_to_stay_near_previous",
                    f"At most {' and '.join(told)} of the categories since the release before.",
                    column=name,
                    previous=previous,
                    **({"new": new} if new is not None else {}),
                    **({"vanished": vanished} if vanished is not None else {}),
                )
            )
    totals = {name: one.total for name, one in contract.dimensions.items() if one.total is not None}
    for name, measure in contract.measures.items():
        percent = limits.of_measure(name, "total_change")
        # rounded percentages, and rates, have no total
        if percent is not None and contract.suppression.form != FORM and _rounding(measure) is not None:
            found.append(
                _entry(
                    "expect_total_to_stay_near_previous",
                    f"The total changes by {percent} percent at most, over what both releases show.",
                    column=name,
                    previous=previous,
                    percent=percent,
                    dimensions=list(contract.dimensions),
                    totals=totals,
                )
            )
    return found


def _of_dimensions(contract: ReleaseContract, lists: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    found = []
    for name in contract.dimensions:
        found.append(_entry("expect_column_values_to_not_be_null", "Every row has a category.", column=name))
        if name in lists:
            found.append(
                _entry(
                    "expect_column_values_to_be_in_set", "A label of the code list.", column=name, value_set=lists[name]
                )
            )
    return found


def _of_population(name: str) -> list[dict[str, Any]]:
    return [
        _entry("expect_column_values_to_not_be_null", "A public population is never suppressed.", column=name),
        _entry("expect_column_values_to_match_regex", "A whole number.", column=name, regex=_WHOLE),
    ]


class _Builder:
    """The part of a suite that depends on the rulebook: codes, thresholds, what is hidden with what."""

    def __init__(
        self, contract: ReleaseContract, rulebook: Rulebook, masked: bool, annotated: bool, reasons_shown: bool
    ) -> None:
        self._contract, self._masked, self._annotated = contract, masked, annotated
        self._reasons_shown = reasons_shown
        self._rulebook, self._numerator = rulebook, rulebook.thresholds.numerator

    def of_measures(self) -> list[dict[str, Any]]:
        if self._contract.suppression.form == FORM:
            return self._of_percentages()
        return [entry for name in self._contract.measures for entry in self.of_measure(name)]

    def _of_percentages(self) -> list[dict[str, Any]]:
        """Whole percentages in place of a count (§4.4.4): nothing is empty, and no annotation says that it were."""
        (name,) = self._contract.published_measures
        code, description = annotation_columns(self._contract, name)
        shown = [{"code": note.code, "description": note.description} for note in shown_notes(self._rulebook)]
        pattern = percentage_pattern(self._rulebook)
        return [
            _entry("expect_column_values_to_not_be_null", "Every category shows its percentage.", column=name),
            _entry(
                "expect_column_values_to_match_regex",
                f"A whole percentage, or {shown_below(self._rulebook)}.",
                column=name,
                regex=pattern,
            ),
            _entry(
                "expect_whole_percentages_to_add_up",
                "In every whole the large and small categories that §4.4.4 allows, which add up to 100.",
                **percentage_arguments(self._contract, self._rulebook),
            ),
            _entry(
                "expect_annotations_to_be_known",
                "Nothing is suppressed, so that there is nothing to annotate.",
                code_column=code,
                description_column=description,
                annotations=shown,
            ),
        ]

    def of_measure(self, name: str) -> list[dict[str, Any]]:
        measure = self._contract.measures[name]
        is_count = measure.kind is MeasureKind.COUNT
        found = [
            _entry(
                "expect_column_values_to_match_regex",
                "A whole number, or empty." if is_count else "A number as it is published, or empty.",
                column=name,
                regex=_WHOLE if is_count else _decimal(measure),
            )
        ]
        if is_count:
            found += self._of_count(name)
        if self._annotated:
            found += self._of_annotation(name)
        behind = _counts_behind(self._contract, name)
        if self._masked and behind:
            found.append(
                _entry(
                    "expect_statistics_to_be_empty_with_their_counts",
                    "Hidden together with the counts behind it (§4.4.1 item 3).",
                    column=name,
                    counts=behind,
                    code_column=annotation_columns(self._contract, name)[0],
                    other_codes=[self._rulebook.annotations.not_available.code],
                )
            )
        return found

    def of_identities(self) -> list[dict[str, Any]]:
        return [
            _entry("expect_identity_to_hold", f"{text}, in every row that shows all of it.", terms=identity.terms)
            for text, identity in zip(self._contract.identities, self._contract.parsed_identities, strict=True)
        ]

    def of_margins(
        self, references: Mapping[str, pd.DataFrame], tolerated: Mapping[str, Sequence[Mapping[str, str]]]
    ) -> list[dict[str, Any]]:
        contract = self._contract
        found = []
        for margin in _margins(contract, references):
            name = margin["column"]
            if self._annotated and contract.measures[name].kind is MeasureKind.COUNT:
                margin["code_column"] = annotation_columns(contract, name)[0]
                margin["hidden_ranges"] = self._hidden_ranges(contract.measures[name])
            found.append(
                _entry(
                    "expect_published_margins_to_add_up",
                    "Parts add up to their margin; what hidden parts leave over is possible for them.",
                    tolerated=[dict(coordinate) for coordinate in tolerated.get(name, [])],
                    **margin,
                )
            )
        return found

    def of_shares(self, references: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
        """Limit how much is suppressed, where anything can be."""
        contract, limits = self._contract, self._contract.limits
        if not self._masked or contract.suppression.form == FORM:
            return []
        found = []
        for name in contract.measures:
            percent = limits.of_measure(name, "suppressed_cells")
            if percent is not None:
                found.append(
                    _entry(
                        "expect_suppressed_cells_to_be_at_most",
                        f"At most {percent} percent of the cells are suppressed.",
                        column=name,
                        percent=percent,
                        code_column=annotation_columns(contract, name)[0],
                        other_codes=[self._rulebook.annotations.not_available.code],
                    )
                )
        adding = {name: one.total for name, one in contract.dimensions.items() if one.additive}
        if not adding or None in adding.values():
            return found  # no published figure tells how many people there are
        trees = {name: [dict(one.parent_of) for one in hierarchies_of(contract, name, references)] for name in adding}
        for name in contract.counts:
            percent = limits.of_measure(name, "suppressed_people")
            if percent is not None:
                found.append(
                    _entry(
                        "expect_suppressed_people_to_be_at_most",
                        f"At most {percent} percent of the people counted stand in suppressed cells.",
                        column=name,
                        percent=percent,
                        dimensions=list(contract.dimensions),
                        totals=adding,
                        hierarchies={dimension: tree for dimension, tree in trees.items() if tree},
                    )
                )
        return found

    def _of_count(self, name: str) -> list[dict[str, Any]]:
        found = [
            _entry(
                "expect_column_proportion_of_non_null_values_to_be_between",
                "A measure that is hidden everywhere is no release.",
                column=name,
                min_value=0,
                strict_min=True,
            )
        ]
        if self._masked:
            low, high = self._numerator.lower, self._numerator.upper
            found.append(
                _entry(
                    "expect_counts_to_exclude_small_numbers",
                    f"No count from {low} to {high} is published (§4.4.1 item 1).",
                    column=name,
                    lower=low,
                    upper=high,
                )
            )
        if not self._annotated:
            found.append(_entry("expect_column_values_to_not_be_null", "Nothing is suppressed.", column=name))
        return found

    def _of_annotation(self, name: str) -> list[dict[str, Any]]:
        code, description = annotation_columns(self._contract, name)
        survey = self._contract.survey
        shown = shown_notes(self._rulebook, estimate=survey is not None and name in survey.estimates)
        hidden = hidden_notes(self._rulebook, masked=self._masked, reasons_shown=self._reasons_shown)
        return [
            _entry(
                "expect_annotations_to_be_known",
                "Codes of the portal's standard, each with its description.",
                code_column=code,
                description_column=description,
                annotations=[{"code": note.code, "description": note.description} for note in [*shown, *hidden]],
            ),
            _entry(
                "expect_values_to_be_empty_exactly_where_annotated",
                "A suppressed value is empty and says why; every other, a true zero too, is shown.",
                column=name,
                code_column=code,
                shown_codes=list(dict.fromkeys(note.code for note in shown)),
                hidden_codes=[note.code for note in hidden],
            ),
        ]

    def _hidden_ranges(self, measure: Measure) -> dict[str, list[int | None]]:
        low, high, notes = self._numerator.lower, self._numerator.upper, self._rulebook.annotations
        missing: dict[str, list[int | None]] = {notes.not_available.code: [0, None]}
        if not self._masked:
            return missing
        if not self._reasons_shown:
            return {notes.hidden.code: [low, None]} | missing
        # several events may come from one person: few people say nothing about how many events at most
        greatest_small = high if measure.unit == "individuals" else None
        return {notes.small.code: [low, greatest_small], notes.complementary.code: [high + 1, None]} | missing


def margin_exceptions(
    contract: ReleaseContract, table: pd.DataFrame, references: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, list[dict[str, str]]]:
    """Name the margins that do not add up in the source itself, for ``tolerated_margins`` of `build_suite`.

    They become part of the suite, where reviewers see them; a coordinate tells no figure, and the attacker of the audit
    is assumed to know of the difference.

    Args:
        contract: The contract.
        table: The table before masking (`BoundTable.frame`).
        references: The reference tables that the contract names.

    Returns:
        For each measure that has any, the coordinates of such margins, each naming every dimension.
    """
    found: dict[str, list[dict[str, str]]] = {}
    dimensions = list(contract.dimensions)
    for margin in _margins(contract, references or {}):
        rows = table.loc[broken_margins(table, **margin).rows, dimensions].astype("str")
        named = found.setdefault(margin["column"], [])
        named += [row for row in rows.to_dict("records") if row not in named]  # type: ignore[misc] # keys are text
    return {name: rows for name, rows in found.items() if rows}


def _margins(contract: ReleaseContract, references: Mapping[str, pd.DataFrame]) -> Iterator[dict[str, Any]]:
    """Give the arguments of `broken_margins` for every measure along every dimension that adds up."""
    if contract.suppression.form == FORM:
        return  # rounded percentages do not add up along other dimensions
    for dimension, declared in contract.dimensions.items():
        trees = [dict(hierarchy.parent_of) for hierarchy in hierarchies_of(contract, dimension, references)]
        if not declared.additive or not (trees or declared.total is not None):
            continue
        for name, measure in contract.measures.items():
            rounding = _rounding(measure)
            if rounding is not None:
                yield {
                    "column": name,
                    "dimensions": list(contract.dimensions),
                    "dimension": dimension,
                    "hierarchies": trees,
                    "rounding": rounding,
                    **({"total": declared.total} if declared.total is not None else {}),
                }


def _decimal(measure: Measure) -> str:
    if measure.decimals == 0:
        return "^-?(0|[1-9][0-9]*)$"
    digits = "+" if measure.decimals is None else f"{{1,{measure.decimals}}}"
    return rf"^-?(0|[1-9][0-9]*)(\.[0-9]{digits})?$"


def _counts_behind(contract: ReleaseContract, name: str) -> list[str]:
    """List the counts of individuals that a figure is derived from; none for such a count itself."""
    measure = contract.measures[name]
    if measure.kind is MeasureKind.COUNT and measure.unit == "individuals":
        return []
    direct = [part for part in (measure.individuals, measure.numerator, measure.denominator) if part is not None]
    governors = [contract.governor(part) for part in [name, *direct] if part in contract.measures]
    return list(dict.fromkeys(governors))


def _rounding(measure: Measure) -> float | None:
    """Say how far one published figure may be from the true one; None where figures of the kind do not add up."""
    if measure.kind is MeasureKind.COUNT:
        return 0.0
    if measure.kind is MeasureKind.AMOUNT and measure.decimals is not None:
        return float(0.5 * 10.0**-measure.decimals)
    return None
