"""Charts are images in Markdown, with their figures in words, short enough to be shown at once."""

from __future__ import annotations

import re
import urllib.parse
import xml.etree.ElementTree as ET

import pytest

from ddg_pipeline.orchestration.plots import Bar, bar_chart

AT_ONCE = 1000  # Dagster shows Markdown from here on at a click only


def svg(markdown):
    address = re.fullmatch(r"!\[[^\]]*\]\(<data:image/svg\+xml,([^<>]*)>\)", markdown)
    assert address is not None
    return ET.fromstring(urllib.parse.unquote(address[1]))


class TestABarChart:
    def test_is_a_readable_image(self):
        root = svg(bar_chart("Shares", [Bar("Other & <unknown>", 65, "65 %"), Bar("Tuolumne (East)", 10, "10 %")], 100))
        texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
        assert texts == ["Other & <unknown> 65 %", "Tuolumne (East) 10 %"]
        (bars,) = [one for one in root.iter("{http://www.w3.org/2000/svg}path") if one.get("stroke")]
        lengths = [int(length) for length in re.findall(r"h(\d+)", bars.get("d"))]
        assert lengths[0] == pytest.approx(6.5 * lengths[1], rel=0.05)

    def test_negative_values_go_to_the_left(self):
        root = svg(bar_chart("Score", [Bar("events", 7, "+7"), Bar("time", -5, "-5")]))
        (bars,) = [one for one in root.iter("{http://www.w3.org/2000/svg}path") if one.get("stroke")]
        assert re.search(r"h-\d+", bars.get("d"))

    def test_who_cannot_see_it_reads_it(self):
        assert bar_chart("Rows [suppressed]: Amador 59 %", [Bar("Amador", 59, "59 %")]).startswith(
            "![Rows (suppressed): Amador 59 %]("
        )

    def test_seven_terms_and_their_sum_are_shown_at_once(self):
        bars = [Bar("residence geography", number, f"+{number}") for number in range(8)]
        assert len(bar_chart("Score 21; masked over 12", bars)) < AT_ONCE

    def test_nothing_to_show_is_no_error(self):
        assert svg(bar_chart("Nothing", [Bar("none", 0, "0 %")])) is not None
