"""What masking promises, tried on random tables against a reader who tries every completion."""

import os

from hypothesis import HealthCheck, event, given, reject, settings

from ddg_pipeline.errors import InputErrors, RefusedError
from ddg_pipeline.masking import mask
from ddg_pipeline.preparation import attack

from . import oracle
from .problems import hidden_cells, problems

EXAMPLES = int(os.environ.get("DDG_EXAMPLES", "40"))
PATTERNS_AT_MOST = 9  # cells that may be hidden, for every pattern of them to be tried


class TestAnyTable:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(problem=problems())
    def test_is_published_safely_or_not_at_all(self, rulebook, problem):
        knowledge = oracle.know(problem.tables)
        masked, refusal = attempt(problem, rulebook)
        event("refused" if refusal else "masked")
        if refusal:
            assert "fails its own proof" not in refusal
            if knowledge.never_shown:
                return  # of rows that are left out, masking assumes more to be known than can be
            try:
                assert_no_pattern_would_do(problem, knowledge)
            except TimeoutError:
                event("too hard for the exhaustive reader")
                reject()
            return
        assert_only_what_must_be_is_hidden(problem, knowledge, masked)
        hidden, _ = hidden_cells(problem, masked)
        shown = {one.reasons_shown for one in masked}
        assert shown == ({True} if problem.show_reason else {False} if problem.show_reason is False else shown)
        if knowledge.never_shown:
            # of margins over rows that are left out the exhaustive reader does not know the true figures
            tables = problem.bound()
            report = attack(tables, [one.frame for one in masked], rulebook, all(shown))
            assert report.safe, report.summary()
            return
        reader = oracle.Reader(knowledge, hidden, all(shown))
        assert oracle.unprotected(reader, problem.level) == []
        if problem.level != "exact":
            assert oracle.broken_rows(knowledge, hidden) == []


def attempt(problem, rulebook):
    try:
        tables = problem.bound()
    except InputErrors as errors:
        if "of which the table has none" in str(errors) or "only totals and groups" in str(errors):
            reject()  # rows were left out until nothing is left to protect
        raise
    try:
        return mask(tables, rulebook), ""
    except RefusedError as refusal:
        return [], str(refusal)


def assert_only_what_must_be_is_hidden(problem, knowledge, masked):
    hidden, codes = hidden_cells(problem, masked)
    assert hidden <= knowledge.carried
    for cell in knowledge.carried:
        value = knowledge.values[cell]
        assert value > 0 or cell not in hidden, "a zero is hidden"
        assert not oracle.SMALLEST <= value <= oracle.LARGEST or cell in hidden, "a small count is shown"
        # a cell that stands in several tables has one code in all of them
        [code] = codes[cell]
        if cell not in hidden:
            assert code == ""
        elif masked[0].reasons_shown:
            assert code == ("1" if value <= oracle.LARGEST else "2")


def assert_no_pattern_would_do(problem, knowledge):
    for reasons in (True, False) if problem.show_reason is None else (problem.show_reason,):
        if len(knowledge.hideable) <= PATTERNS_AT_MOST:
            assert not oracle.some_pattern_protects(knowledge, problem.level, reasons)
        else:
            # whatever is hidden besides can only leave more tables possible
            everything = knowledge.small & knowledge.carried | knowledge.hideable
            reader = oracle.Reader(knowledge, everything, reasons)
            assert oracle.unprotected(reader, problem.level) or oracle.broken_rows(knowledge, everything)
