"""``pytest docs``: every command that a page shows is run, as it stands there. How: tests/shown_commands.py."""

from shown_commands import CommandParser, set_up, tear_down
from sybil import Sybil
from sybil.parsers.markdown import SkipParser

pytest_collect_file = Sybil(
    parsers=[SkipParser(), CommandParser()],
    patterns=["*.md"],
    excludes=["how-to/examples.md"],  # tests/docs/test_examples.py runs that one
    setup=set_up,
    teardown=tear_down,
).pytest()
