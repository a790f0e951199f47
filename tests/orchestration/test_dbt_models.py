"""What dbt only warns of when it parses a project."""

from __future__ import annotations

import pytest

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.orchestration.dbt_models import written_contracts


class TestATestOfAModelThatIsNotThere:
    def test_is_not_left_out_in_silence(self, small):
        tests = small.project.dbt_project / "tests"
        tests.mkdir()
        (tests / "nobody_is_lost.sql").write_text("select 1 from {{ ref('stg_casess') }} where false\n")
        with pytest.raises(InputErrors) as caught:
            written_contracts(small.project)
        assert "nobody_is_lost" in str(caught.value)
        assert "stg_casess" in str(caught.value)
