"""Which columns are days, which have a time of day, and how they are declared for loading."""

from __future__ import annotations

import pytest

from ddg_pipeline.drafting.dates import days_of


@pytest.mark.parametrize(
    ("labels", "type_", "written"),
    [
        (["2025-07-14", "2024-01-02"], "date", None),
        (["2025-7-4"], "date", "%Y-%m-%d"),
        (["07/14/2025"], "date", "%m/%d/%Y"),
        (["14.07.2025"], "date", "%d.%m.%Y"),
        (["2025-07-14 00:00:00"], "date", None),
        (["2025-07-14 23:05", "2025-07-15"], "timestamp", None),
        (["2025-07-14T23:05:01.25"], "timestamp", None),
        (["7/14/2025 9:05"], "timestamp", "%m/%d/%Y %H:%M"),
        (["7/14/2025 9:05 PM"], "timestamp", "%m/%d/%Y %I:%M %p"),
    ],
)
def test_one_way_to_write_days_fits_every_text(labels, type_, written):
    days = days_of(labels)
    assert (days.type, days.format) == (type_, written)
    assert {days.year_of(label) for label in labels} <= {"2024", "2025"}


@pytest.mark.parametrize(
    "labels", [[], ["2025-02-30"], ["2025-07-14T23:05Z"], ["2025-07-14", "07/14/2025"], ["930"], ["2025-07"]]
)
def test_what_could_not_be_loaded_is_no_day(labels):
    assert days_of(labels) is None
