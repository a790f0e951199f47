"""The page of expectations: every example is run, and no class is left out."""

import doctest
import re
from pathlib import Path

import ddg_pipeline.expectations as ddg

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "expectations.md"


def test_has_only_examples_that_are_true(monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    names, runner = {}, doctest.DocTestRunner()
    for number, block in enumerate(blocks):
        example = doctest.DocTestParser().get_doctest(block, names, f"block {number}", str(PAGE), 0)
        runner.run(example, clear_globs=False)
        names = example.globs
    assert runner.tries > 30
    assert runner.failures == 0


def test_shows_every_class():
    text = PAGE.read_text(encoding="utf-8")
    classes = [name for name in ddg.__all__ if name.startswith("Expect")]
    assert classes
    assert [name for name in classes if f"**`{name}`**" not in text or f"ddg.{name}(" not in text] == []
