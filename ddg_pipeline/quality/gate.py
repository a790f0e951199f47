"""The gate: Great Expectations judges the bytes that ship, read back from disk; everything uncertain is a failure.

Great Expectations fails open in places (an empty table, an all-null column or an unknown type passes) and its results
can carry figures. So it is asked for a yes or no only (`answers`); what was listed must have been evaluated; breaches
are counted by our own functions, for its expectations too, and rows are named by their categories; an exception is
reported by the name of its class, never by its message or traceback.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.quality.answers import Answer, answers
from ddg_pipeline.quality.builtin_breaches import builtin_breaches
from ddg_pipeline.quality.csv_text import read_csv_file
from ddg_pipeline.quality.datastore import read_as_datastore
from ddg_pipeline.quality.hand_written import subject
from ddg_pipeline.quality.hashing import sha256_of, sha256_of_bytes, sha256_of_file
from ddg_pipeline.quality.identifiers import judged_by
from ddg_pipeline.quality.rules import Breaches, MissingColumnError, coordinates, rows_digest
from ddg_pipeline.quality.suite import Suite
from ddg_pipeline.quality.suite_file import check_suite, expectation_classes, parameters_of

if TYPE_CHECKING:
    from ddg_pipeline.rulebook import Rulebook

COORDINATES_LISTED = 20
PREVIOUS = "previous"  # the suite parameter of the release before
FILE, DATASTORE = "file", "datastore"  # the two ways in which the bytes are read


@dataclass(frozen=True)
class ExpectationOutcome:
    """What became of one expectation.

    Attributes:
        type: The expectation's type.
        description: The rule in words.
        subject: The column, or columns, it is about; empty for the table as a whole.
        success: Whether it was evaluated and holds.
        breaches: How often it is broken; None where it failed and the breaches could not be counted.
        coordinates: Rows that break it, by their categories, at most `COORDINATES_LISTED`; for the table as a whole,
            what is wrong. Never a figure of a measure.
        error: Why it could not be evaluated; None where it was.
        readings: How the bytes were read where it does not hold: ``file``, the text of the CSV; ``datastore``, the rows
            as the portal's datastore would hold them. Empty where it holds for both.
        remarks: What should be known though it is no breach, such as that there was nothing to compare with.
    """

    type: str
    description: str
    subject: str
    success: bool
    breaches: int | None
    coordinates: tuple[str, ...]
    error: str | None
    readings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class GateResult:
    """What the gate says about one file.

    Attributes:
        passed: Whether every listed expectation was evaluated and holds, for at least one row.
        results: One outcome for each listed expectation, in order.
        listed: How many expectations the suite lists.
        rows: How many rows the file has; 0 where it could not be read.
        sha256: The hash of the bytes that were judged; empty where there is no file.
        suite_sha256: The hash of the suite.
        parameters: The suite parameters that were compared with.
    """

    passed: bool
    results: tuple[ExpectationOutcome, ...]
    listed: int
    rows: int
    sha256: str
    suite_sha256: str
    parameters: Mapping[str, Any]

    @property
    def failures(self) -> list[ExpectationOutcome]:
        """The outcomes that are no success."""
        return [outcome for outcome in self.results if not outcome.success]

    def to_json(self) -> dict[str, Any]:
        """Give the result as plain data; it holds no figure of a measure."""
        return asdict(self) | {"parameters": dict(self.parameters)}

    def describe(self) -> str:
        """Say in a few lines what failed, by rule and coordinate."""
        if self.passed:
            remarks = dict.fromkeys(remark for outcome in self.results for remark in outcome.remarks)
            return "; ".join([f"{self.listed} expectations hold for {self.rows} rows", *remarks])
        lines = [f"{len(self.failures)} of {self.listed} expectations do not hold"]
        for outcome in self.failures:
            about = f" ({outcome.subject})" if outcome.subject else ""
            count = "" if outcome.breaches is None else f": {outcome.breaches} times"
            where = f": {'; '.join(outcome.coordinates)}" if outcome.coordinates else ""
            if outcome.readings == (DATASTORE,):
                about += " as the portal's datastore reads it"
            lines.append(f"{outcome.type}{about}{count}{where}{f': {outcome.error}' if outcome.error else ''}")
        return "\n".join(lines)


def validate(
    path: Path,
    suite: Suite,
    parameters: Mapping[str, Any] | None = None,
    *,
    rulebook: Rulebook | None = None,
    previous: Path | None = None,
) -> GateResult:
    """Judge the bytes of a file by a suite. Imports Great Expectations.

    They are read twice: as the text that stands there, and as the portal's datastore would hold them. Every expectation
    must hold for both. A file that is missing or is no CSV of the published dialect fails, as does every rule that
    could not be evaluated.

    Args:
        path: The staged CSV.
        suite: The suite (`build_suite` or `load_suite`).
        parameters: The values of its suite parameters (`row_parameters`).
        rulebook: The rulebook that the suite's ``meta`` names; by default it is looked for among those that are
            shipped, and in the working directory.
        previous: The CSV of the release before; None for the first one.

    Raises:
        InputErrors: The suite cannot be evaluated as it stands.
        InputError: A suite parameter is missing.
    """
    given = dict(parameters or {}) | {PREVIOUS: "" if previous is None else str(previous)}
    check_suite(suite, f"{suite.get('name', 'suite')}.json")
    absent = sorted(parameters_of(suite) - set(given))
    if absent:
        raise InputError(f"{suite['name']}.json", "parameters", f"no {', '.join(absent)}", "take them from the table")
    listed, suite_sha256 = len(suite["expectations"]), sha256_of(suite)
    # what is kept names the bytes that were compared with, and no place of this machine
    kept = given | {PREVIOUS: "none" if previous is None else _sha256(previous)}
    try:
        data, frame = read_csv_file(path)
    except InputError as error:
        rule = "The file is CSV in the published dialect."
        unread = ExpectationOutcome("file_is_published_csv", rule, "", False, None, (), str(error), (FILE,))
        return GateResult(False, (unread,), listed, 0, _sha256(path), suite_sha256, kept)
    with judged_by(str(suite["meta"].get("rulebook", "")), rulebook):
        outcomes = tuple(_evaluate(frame, suite, given, path.name))
    passed = bool(len(outcomes) == listed and len(frame) and all(outcome.success for outcome in outcomes))
    return GateResult(passed, outcomes, listed, len(frame), sha256_of_bytes(data), suite_sha256, kept)


def _sha256(path: Path) -> str:
    return sha256_of_file(path) if path.is_file() else ""


def _evaluate(frame: pd.DataFrame, suite: Suite, parameters: Mapping[str, Any], place: str) -> list[ExpectationOutcome]:
    classes = expectation_classes()
    naming = _Naming.of(frame, suite, parameters)
    read, outcomes = {FILE: frame}, []
    try:
        read[DATASTORE] = read_as_datastore(frame, suite["meta"]["types"], place)
    except InputErrors as error:
        rule = "The portal's datastore holds the rows as they stand in the file."
        outcomes.append(
            ExpectationOutcome("rows_fit_the_datastore", rule, "", False, None, (), str(error), (DATASTORE,))
        )
    entries = [
        entry | {"kwargs": {key: _with_parameter(value, parameters) for key, value in entry["kwargs"].items()}}
        for entry in suite["expectations"]
    ]
    found = {reading: _outcomes(rows, entries, classes, naming) for reading, rows in read.items()}
    return [*outcomes, *(_of_both(dict(zip(found, one, strict=True))) for one in zip(*found.values(), strict=True))]


def _outcomes(
    frame: pd.DataFrame, entries: Sequence[Mapping[str, Any]], classes: Mapping[str, Any], naming: _Naming
) -> list[ExpectationOutcome]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = [_made(classes[entry["type"]], entry["kwargs"]) for entry in entries]
        asked = [number for number, expectation in enumerate(made) if not isinstance(expectation, _Refused)]
        answered = dict(zip(asked, answers(frame, [made[number] for number in asked]), strict=True))
        return [
            _outcome(made[number], answered.get(number, _NOT_ASKED), frame, entry, naming)
            for number, entry in enumerate(entries)
        ]


def _of_both(found: Mapping[str, ExpectationOutcome]) -> ExpectationOutcome:
    """Give the outcome of the first reading that breaks the rule, and say which of them do."""
    broken = [reading for reading, outcome in found.items() if not outcome.success]
    return replace(found[broken[0] if broken else FILE], readings=tuple(broken))


@dataclass(frozen=True)
class _Naming:
    """How rows of this file may be named in a finding.

    Attributes:
        key: The dimensions.
        known: The labels that may be told; None tells all, because the rows are those that were assessed.
    """

    key: list[str]
    known: Mapping[str, frozenset[str]] | None

    @classmethod
    def of(cls, frame: pd.DataFrame, suite: Suite, parameters: Mapping[str, Any]) -> _Naming:
        key = suite["meta"]["key"]
        if set(key) <= set(frame.columns) and rows_digest(frame, key) == parameters.get("coordinates"):
            return cls(key, None)
        in_set = "expect_column_values_to_be_in_set"
        lists = [entry["kwargs"] for entry in suite["expectations"] if entry["type"] == in_set]
        return cls(key, {kwargs["column"]: frozenset(map(str, kwargs["value_set"])) for kwargs in lists})

    def name(self, frame: pd.DataFrame, found: Breaches | None) -> tuple[str, ...]:
        if found is None:
            return ()
        listed = COORDINATES_LISTED
        rows = coordinates(frame, self.key, found.rows, listed, self.known) if found.rows.any() else ()
        return (*found.notes, *rows)[:listed]


def _made(kind: Any, kwargs: Mapping[str, Any]) -> Any:
    """Make an expectation; where its class refuses the arguments, say by what."""
    try:
        return kind(**kwargs)
    except (InputError, InputErrors) as ours:
        return _Refused(str(ours))
    except Exception as error:  # noqa: BLE001 - its message may quote a figure; what cannot be asked is a failure
        return _Refused(f"could not be computed: {type(error).__name__}")


_NOT_ASKED = Answer(None, None)


@dataclass(frozen=True)
class _Refused:
    """An expectation that could not be made.

    Attributes:
        why: Why, in words that hold no figure.
    """

    why: str


def _outcome(
    expectation: Any, answer: Answer, frame: pd.DataFrame, entry: Mapping[str, Any], naming: _Naming
) -> ExpectationOutcome:
    success, error, found = False, None, None
    try:
        if isinstance(expectation, _Refused):
            error = expectation.why
        else:
            error = "Great Expectations raised an exception" if answer.holds is None else None
            found = answer.found
            if found is None:
                own = getattr(expectation, "breaches", None)
                found = own(frame) if own else builtin_breaches(frame, entry["type"], entry["kwargs"])
            success = answer.holds is True and (found is None or found.count == 0)
    except MissingColumnError as missing:
        error = f"there is no column {missing}"
    except (InputError, InputErrors) as ours:
        error = str(ours)
    except Exception as other:  # noqa: BLE001 - its message may quote a figure; not computed is a failure
        error = f"could not be computed: {type(other).__name__}"
    rule, about = entry.get("description", ""), subject(entry)
    if success:
        return ExpectationOutcome(entry["type"], rule, about, True, 0, (), None, (), found.remarks if found else ())
    count = found.count if found is not None and found.count else None
    return ExpectationOutcome(entry["type"], rule, about, False, count, naming.name(frame, found), error)


def _with_parameter(value: Any, parameters: Mapping[str, Any]) -> Any:
    return parameters[value["$PARAMETER"]] if isinstance(value, dict) and "$PARAMETER" in value else value
