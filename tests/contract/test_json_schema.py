import jsonschema
import pytest

from ddg_pipeline.contract.json_schema import contract_json_schema


@pytest.fixture(scope="module")
def validator():
    schema = contract_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class TestJsonSchema:
    def test_accepts_what_the_parser_accepts(self, validator, raw):
        validator.validate(raw)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda c: c.pop("title"),
            lambda c: c.update(unknown=1),
            lambda c: c.update(release="Not a slug"),
            lambda c: c["dimensions"]["county"].update(variable="geography"),
            lambda c: c["measures"]["patients"].update(kind="number"),
            lambda c: c.update(dimensions={}),
        ],
    )
    def test_rejects_what_an_editor_should_mark(self, validator, raw, spoil):
        spoil(raw)
        assert not validator.is_valid(raw)
