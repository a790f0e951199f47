"""What our expectation classes share: the whole table as a metric, and results that hold no figure of it."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.expectation_configuration import parse_result_format
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.quality.rules import Breaches, MissingColumnError

# No `from __future__ import annotations` here: Great Expectations' models read the annotations as they are defined.

_FRAME = "table.published_frame"
_EVERY_ROW = "COMPLETE"
_LISTED = 20


NUMBER = "number"  # the key in an expectation's ``meta`` under which `recording` keeps what it found
_recorded: ContextVar[dict[int, Breaches] | None] = ContextVar("recorded", default=None)


@contextmanager
def recording() -> Iterator[dict[int, Breaches]]:
    """Keep what our expectations find while Great Expectations asks them: its own results hold less."""
    found: dict[int, Breaches] = {}
    token = _recorded.set(found)
    try:
        yield found
    finally:
        _recorded.reset(token)


class NotComputedError(Exception):
    """A rule could not be evaluated; the message tells why and holds no cell of the table."""


class PublishedFrame(TableMetricProvider):
    """The whole table as a metric, so that a rule can look at several columns at once."""

    metric_name = _FRAME

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(
        cls,  # noqa: N805 - Great Expectations calls it on the class
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],  # noqa: ARG002
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> pd.DataFrame:
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE)
        return frame


class TableRule(BatchExpectation):
    """Base of our expectations: what `breaches` finds decides, and a result tells how many and where, never by what.

    Attributes:
        figures: The parameters that name columns of figures. Such a column never names a row in a result, even where
            somebody asks for it.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = (_FRAME,)
    figures: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def breaches(self, frame: pd.DataFrame) -> Breaches:
        """Say where the table breaks the rule.

        Raises:
            MissingColumnError: The table lacks a column that the rule is about.
        """

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        frame = metrics[_FRAME]
        try:
            found = self.breaches(frame)
        except MissingColumnError as missing:
            raise NotComputedError(f"there is no column {missing}") from None
        except (InputError, InputErrors) as error:  # ours: they hold no figure
            raise NotComputedError(str(error)) from None
        except Exception as error:  # noqa: BLE001 - Great Expectations reports its message, which may quote a cell
            raise NotComputedError(f"could not be computed: {type(error).__name__}") from None
        recorded = _recorded.get()
        if recorded is not None and self.meta is not None and NUMBER in self.meta:
            recorded[self.meta[NUMBER]] = found
        wanted = parse_result_format((runtime_configuration or {}).get("result_format") or {})
        return {"success": found.count == 0, "result": self._told(found, frame, wanted)}

    def _told(self, found: Breaches, frame: pd.DataFrame, wanted: dict[str, Any]) -> dict[str, Any]:
        """Say how often and where a rule is broken; the keys are those of Great Expectations.

        Rows are counted from 0. Where ``unexpected_index_column_names`` is asked for, they are named by these columns.
        """
        rows: list[int] = np.flatnonzero(found.rows).tolist()
        told: dict[str, Any] = {
            "observed_value": found.count,
            "element_count": len(frame),
            "unexpected_count": len(rows),
            "unexpected_percent": 100.0 * len(rows) / len(frame) if len(frame) else 0.0,
        }
        may_name = set(map(str, frame.columns)) - self.figure_columns()
        asked = wanted.get("unexpected_index_column_names") or []
        names = [name for name in ([asked] if isinstance(asked, str) else asked) if name in may_name]
        if names:
            told["unexpected_index_column_names"] = names
        if len(rows):
            told["partial_unexpected_index_list"] = _places(frame, rows[:_LISTED], names)
            if wanted.get("result_format") == _EVERY_ROW:
                told["unexpected_index_list"] = _places(frame, rows, names)
        if found.notes or found.remarks:
            told["details"] = {"breaches": list(found.notes), "remarks": list(found.remarks)}
        return told

    def figure_columns(self) -> set[str]:
        """Say which columns this expectation knows to hold figures."""
        held: set[str] = set()
        for parameter in self.figures:
            value = getattr(self, parameter)
            held |= {value} if isinstance(value, str) else set(value)
        return held


def _places(frame: pd.DataFrame, rows: Sequence[int], names: list[str]) -> list[Any]:
    if not names:
        return list(rows)
    named = frame[names].iloc[list(rows)].astype("object")
    return [{name: None if pd.isna(row[name]) else row[name] for name in names} for row in named.to_dict("records")]
