"""Where no suppression would do, masking says so, by coordinates, and says what would help."""

import re

import numpy as np
import pytest

from ddg_pipeline.errors import RefusedError
from ddg_pipeline.masking import exact, mask, reach

from .build import bound, dimension, line


def refusal(rulebook, *tables):
    with pytest.raises(RefusedError) as caught:
        mask(list(tables), rulebook)
    return str(caught.value)


class TestARefusal:
    def test_names_the_cell_and_the_level(self, rulebook):
        text = refusal(rulebook, line([7, 0, 11], suppression={"level": "full", "show_reason": True}))
        assert "1 small cell cannot be protected at level 'full' with reasons shown: n at a=A1." in text

    def test_never_contains_a_figure(self, rulebook):
        text = refusal(rulebook, line([2, 0, 11], suppression={"show_reason": True}))
        assert "a=A1" in text
        assert not {"2", "11", "13"} & set(re.findall(r"\d+", re.sub(r"§[\d.]+|A\d", "", text)))

    def test_counts_the_cells_that_it_does_not_name(self, rulebook):
        # ten cells of at least 1 whose total is small: 1 each, and 10
        text = refusal(rulebook, line([1] * 10, suppression={"level": "exact"}))
        assert "11 small cells" in text
        assert "and 6 more" in text

    def test_prints_nothing_by_itself(self, rulebook, capfd):
        refusal(rulebook, line([1] * 10, suppression={"level": "exact"}))
        assert capfd.readouterr() == ("", "")

    def test_is_not_given_where_a_weaker_reading_was_not_asked_for(self, rulebook):
        # reasons hidden would do, and nobody insisted on showing them
        [table] = mask([line([1, 11])], rulebook)
        assert not table.reasons_shown


class TestRemedies:
    def test_hiding_the_reasons(self, rulebook):
        text = refusal(rulebook, line([1, 11], suppression={"show_reason": True}))
        assert "- `suppression.show_reason: false`, one code for both reasons: protects it\n" in text

    def test_carrying_the_total(self, rulebook):
        rows = [
            {"a": a, "b": b, "n": n}
            for a, b, n in (("A1", "B1", 7), ("A1", "B2", 0), ("A2", "B1", 30), ("A2", "B2", 0))
        ]
        text = refusal(rulebook, bound(rows, {"a": dimension(), "b": dimension()}))
        assert (
            "- the total of a and b carried in the table, so that it can be suppressed too: protects all of them"
            in text
        )
        assert "n at a=A1, all of b." in text

    def test_a_weaker_level(self, rulebook):
        text = refusal(rulebook, line([2, 11], suppression={"level": "ddg", "show_reason": True}))
        assert "- `suppression.level: exact`: protects it, with less certainty\n" in text

    def test_are_not_offered_where_they_would_not_help(self, rulebook):
        text = refusal(rulebook, line([1] * 10))
        assert "`suppression" not in text
        assert "coarser categories" in text


class TestOutOfTime:
    def test_nothing_is_known_and_nothing_is_published(self, rulebook, monkeypatch):
        def give_up(program, *_arguments, **_options):
            program.gave_up = True

        monkeypatch.setattr(exact._Program, "_run", give_up)
        monkeypatch.setattr(reach, "hopeless", lambda *_arguments: np.zeros(0, dtype=np.int64))
        text = refusal(rulebook, line([1] * 10))
        assert "For 11 of these the solver ran out of time, so that nothing is known" in text
