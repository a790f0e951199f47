import pytest

from ddg_pipeline.rulebook import load_rulebook


@pytest.fixture(scope="session")
def rulebook():
    return load_rulebook("calhhs-ddg-2.0")
