"""No published column identifies a person: step 1's patterns on the bytes that ship."""

import pandas as pd
import pytest

from ddg_pipeline.errors import InputErrors
from ddg_pipeline.quality.identifiers import direct_identifiers, identifier_arguments, judged_by, role_of

SECRET = "123-45-6789"
EDITION = "calhhs-ddg-2.0"


def found(columns=None, /, **cells):
    return direct_identifiers(pd.DataFrame(cells, dtype="str"), EDITION, columns or {})


class TestFinding:
    def test_a_table_of_categories_and_figures_identifies_nobody(self, table, contract, rulebook):
        columns = identifier_arguments(contract, rulebook, table.columns)
        assert direct_identifiers(table, EDITION, columns).count == 0

    def test_a_number_in_any_column_is_found_and_not_quoted(self, table, contract, rulebook):
        columns = identifier_arguments(contract, rulebook, table.columns)
        for name in table.columns:
            changed = table.assign(**{name: table[name].where(table.index != 3, SECRET)})
            notes = direct_identifiers(changed, EDITION, columns).notes
            assert any(name in note and "social security number" in note and "row 4" in note for note in notes), name
            assert SECRET not in str(notes)
            assert "###" not in str(notes)

    def test_a_name_that_says_so_is_found(self):
        (note,) = found({"patient_name": {}}, patient_name=["x"]).notes
        assert note.startswith("patient_name: its name says")

    def test_an_undeclared_column_is_not_named(self):
        (note,) = found(**{SECRET: [SECRET]}).notes
        assert SECRET not in note

    def test_what_is_public_of_providers_passes_where_the_suite_says_so(self):
        cells = {"clinic_phone": ["(916) 555-0100", "(916) 555-0101"]}
        assert found({"clinic_phone": {}}, **cells).count >= 1
        assert found({"clinic_phone": {"passes": ["telephone"]}}, **cells).count == 0


class TestWhatIsToldOfAColumn:
    def test_goes_into_a_suite_and_back(self, contract, rulebook):
        from ddg_pipeline.assessment.identifiers import column_roles

        names = [*contract.columns, "cases_annotation_code"]
        told = identifier_arguments(contract, rulebook, names)
        assert {name: role_of(one) for name, one in told.items()} == column_roles(contract, rulebook, names)
        assert told["county_fips"] == {"variable": "residence_geography", "nobody": ["California"]}
        assert told["rate"] == {"statistic": True}
        assert told["cases"] == {}

    @pytest.mark.parametrize("told", [{"colour": "red"}, {"variable": "shoe_size"}])
    def test_is_refused_if_it_is_anything_else(self, told):
        with pytest.raises(ValueError, match=r"colour|shoe_size"):
            role_of(told)


class TestTheRulebook:
    def test_is_the_gates_own_where_a_gate_judges(self, rulebook):
        own = rulebook.model_copy(update={"direct_identifiers": {}})
        frame = pd.DataFrame({"ssn": [SECRET]}, dtype="str")
        with judged_by("departments-own", own):
            assert direct_identifiers(frame, "departments-own", {}).count == 0
            assert direct_identifiers(frame, EDITION, {}).count == 1
        with pytest.raises(InputErrors, match="departments-own"):
            direct_identifiers(frame, "departments-own", {})
