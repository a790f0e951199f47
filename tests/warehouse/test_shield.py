from __future__ import annotations

import traceback

import pytest

from ddg_pipeline.errors import DdgError, InputError
from ddg_pipeline.warehouse._shield import Shield, without_credentials


class TestAShield:
    def test_leaves_no_way_back_to_the_original(self):
        with pytest.raises(DdgError) as caught, Shield(lambda error: DdgError(type(error).__name__), ValueError):
            int("s3cret")
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None
        assert "invalid literal" not in "".join(traceback.format_exception(caught.value))
        assert str(caught.value) == "ValueError"

    def test_lets_our_own_errors_and_other_kinds_pass(self):
        ours = InputError("place", "field", "found", "expected")
        for kinds in ((Exception,), (ValueError,)):
            with pytest.raises(InputError) as caught, Shield(lambda _: DdgError("other"), *kinds):
                raise ours
            assert caught.value is ours
        with pytest.raises(KeyError), Shield(lambda _: DdgError("other"), ValueError):
            raise KeyError
        with pytest.raises(KeyboardInterrupt), Shield(lambda _: DdgError("other"), Exception):
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:hush@h/d", "postgresql://***"),
        ("postgresql://u:hu@sh/hu:sh@h/d", "postgresql://***"),
        ("postgresql://h/d?password=hu@sh", "postgresql://***"),
        ("${CLAIMS_URL}", "${CLAIMS_URL}"),
        ("data/a@b.csv", "data/a@b.csv"),
    ],
)
def test_credentials_are_blanked_out(text, shown):
    assert without_credentials(text) == shown
