"""The hash of the installed code: the same for the same files, another for edited ones."""

import shutil
from pathlib import Path

import pytest

import ddg_pipeline
from ddg_pipeline.quality.code_files import code_sha256, files_sha256


@pytest.fixture
def installed(tmp_path):
    """The package as it is installed elsewhere."""
    return shutil.copytree(Path(ddg_pipeline.__file__).parent, tmp_path / "ddg_pipeline")


def test_is_the_same_wherever_it_is_installed_and_compiled(installed):
    (installed / "__pycache__").mkdir(exist_ok=True)
    (installed / "__pycache__" / "errors.cpython-399.pyc").write_bytes(b"compiled")
    (installed / ".errors.py.swp").write_bytes(b"an editor's")
    assert files_sha256(installed) == code_sha256()


@pytest.mark.parametrize("name", ["errors.py", "rulebook/calhhs-ddg-2.0.yaml", "publishing/templates/report.html.j2"])
def test_tells_an_edited_file(installed, name):
    with (installed / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert files_sha256(installed) != code_sha256()


def test_tells_an_added_and_a_renamed_file(installed):
    (installed / "more.py").write_text("")
    added = files_sha256(installed)
    (installed / "more.py").rename(installed / "other.py")
    assert len({code_sha256(), added, files_sha256(installed)}) == 3
