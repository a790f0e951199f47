"""What Great Expectations answers about a table: yes, no, or nothing, because it could not be computed.

A result can carry figures, and so can an exception, so a yes or no is all that is asked for and kept.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ddg_pipeline.quality.rules import Breaches

_NO_EXCEPTION = {"raised_exception", "exception_traceback", "exception_message"}


@dataclass(frozen=True)
class Answer:
    """What came of one expectation.

    Attributes:
        holds: Whether it holds; None where Great Expectations raised an exception or said nothing.
        found: What an expectation of ours found; None for those of others, and where it found nothing out.
    """

    holds: bool | None
    found: Breaches | None


def answers(frame: pd.DataFrame, expectations: Sequence[Any]) -> list[Answer]:
    """Ask about all of them at once, and once more alone about each that raised, so that it spoils no other.

    Args:
        frame: The table.
        expectations: Instances of expectation classes; their ``meta`` is overwritten.
    """
    from ddg_pipeline.quality.table_rule import recording

    with _quiet(), recording() as recorded:
        batch = _batch(frame)
        held = dict(_asked(batch, list(enumerate(expectations))))
        for number, expectation in enumerate(expectations):
            if held.get(number) is None:
                held |= _asked(batch, [(number, expectation)])
        return [Answer(held.get(number), recorded.get(number)) for number in range(len(expectations))]


def _asked(batch: Any, numbered: Sequence[tuple[int, Any]]) -> Mapping[int, bool | None]:
    from great_expectations import ExpectationSuite

    from ddg_pipeline.quality.table_rule import NUMBER

    try:
        for number, expectation in numbered:
            expectation.meta = {NUMBER: number}
        suite = ExpectationSuite(name="asked", expectations=[expectation for _, expectation in numbered])
        results = batch.validate(suite, result_format="BOOLEAN_ONLY").results
        return {result.expectation_config.meta[NUMBER]: _holds(result) for result in results}
    except Exception:  # noqa: BLE001 - its message may quote a figure; what was not computed is no yes
        return {}


def _holds(result: Any) -> bool | None:
    told = result.exception_info
    if set(told) != _NO_EXCEPTION or told["raised_exception"]:
        return None
    return bool(result.success) if isinstance(result.success, bool | np.bool_) else None


def _batch(frame: pd.DataFrame) -> Any:
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = great_expectations.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    asset = context.data_sources.add_pandas("staged").add_dataframe_asset("release")
    return asset.add_batch_definition_whole_dataframe("bytes").get_batch({"dataframe": frame})


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Great Expectations from logging: it logs exceptions with their messages, and those may quote cells."""
    top = logging.getLogger("great_expectations")
    below = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith(f"{top.name}.")]
    levels = {logger: logger.level for logger in (top, *(logger for logger in below if logger.level))}
    for logger in levels:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
