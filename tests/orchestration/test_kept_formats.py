"""What was kept of a version that is public is read by later versions of the package, or they say why not."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from ddg_pipeline.format_version import NewerFormatError
from ddg_pipeline.orchestration import kept_versions

KEPT = (
    Path(__file__).parent / "frozen" / "kept-format-1.zip"
).read_bytes()  # as it was written before formats had numbers


def with_format(number: int) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(KEPT)) as old, zipfile.ZipFile(data, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "contract.json":
                content = json.dumps({**json.loads(content), "format": number}).encode()
            new.writestr(name, content)
    return data.getvalue()


class TestAKeptVersion:
    def test_of_before_is_read(self):
        bound = kept_versions.unpacked(KEPT, Path("1.zip"), "pertussis version 1")
        assert bound.contract.release == "pertussis_cases_by_county"
        assert set(bound.references) == {"county_regions"}

    def test_written_anew_is_the_same(self):
        bound = kept_versions.unpacked(KEPT, Path("1.zip"), "pertussis version 1")
        again = kept_versions.unpacked(kept_versions.packed(bound, ()), Path("1.zip"), "pertussis version 1")
        assert again.contract == bound.contract
        assert again.frame.equals(bound.frame)

    def test_of_a_newer_format_asks_for_an_upgrade(self):
        with pytest.raises(NewerFormatError, match=r"1\.zip: format: found 2.*upgrade ddg_pipeline"):
            kept_versions.unpacked(with_format(2), Path("1.zip"), "pertussis version 1")
