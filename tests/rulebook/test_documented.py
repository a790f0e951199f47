"""What docs/reference/rulebook.md says about rulebooks is so."""

import re
from pathlib import Path

import pytest

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.rulebook import Rulebook, load_rulebook, parse_rulebook, shipped_rulebooks

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "rulebook.md").read_text(encoding="utf-8")
GUIDE = (Path(__file__).parents[2] / "docs" / "how-to" / "department-rulebook.md").read_text(encoding="utf-8")
OVERLAY = re.search(r"```yaml\n(# rulebooks/.*?)```", GUIDE, re.DOTALL).group(1)


def squeezed(text):
    return " ".join(text.split())


class TestThePage:
    def test_its_overlay_is_right(self):
        mine = parse_rulebook(OVERLAY, "rulebooks/our-department.yaml")
        assert mine.thresholds.denominator == 50_000
        assert list(mine.sign_offs.roles)[-1] == "privacy_officer"

    def test_its_errors_are_what_is_told(self):
        wrong = OVERLAY.replace("thresholds.denominator:", "thresholds.denominators:")
        with pytest.raises(InputErrors) as caught:
            parse_rulebook(wrong, "rulebooks/our-department.yaml")
        assert squeezed(str(caught.value)) in squeezed(PAGE)
        bands = """\
  scoring.events.bands:
    value:
      - {category: "<10", lower: 1, upper: 9, score: 7}
      - {category: "10 or more", lower: 11, score: 5}
    source: x
    reason: y
"""
        with pytest.raises(InputErrors) as caught:
            parse_rulebook(OVERLAY.split("  thresholds.")[0] + bands, "rulebooks/our-department.yaml")
        assert squeezed(str(caught.value)).split(": ", 1)[1] in squeezed(PAGE)

    @pytest.mark.parametrize("name", shipped_rulebooks())
    def test_it_names_every_shipped_rulebook(self, name):
        assert f"| `{name}` |" in PAGE

    @pytest.mark.parametrize("key", sorted(Rulebook.model_fields.keys() - {"extends", "overrides"}))
    def test_its_reference_has_every_key(self, key):
        reference = PAGE.partition("## Reference")[2]
        assert re.search(rf"`{key}[.`]", reference)

    def test_the_editions_titles_and_dates(self):
        for name in ("calhhs-ddg-1.0", "calhhs-ddg-2.0"):
            assert load_rulebook(name).approved.isoformat() in PAGE
