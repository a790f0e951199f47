"""Columns declared as `other` whose labels say what they are."""

import pytest

from ddg_pipeline.errors import InputErrors

OTHER = {"variable": "other"}
SCOPE = [{"variable": "time", "period": "year"}]


@pytest.fixture
def judged(assessed):
    return lambda name, labels: assessed({name: (OTHER, labels)}, counts=(50, 60), scope=SCOPE)


class TestAreRefused:
    @pytest.mark.parametrize(
        ("name", "labels", "variable"),
        [
            ("zip", ["90210", "95814"], "ZIP codes"), ("where", ["90210", "95814", "96001"], "ZIP codes"),
            ("zip3", ["902", "958"], "ZIP codes"), ("ZipCode", ["902XX", "958**"], "ZIP codes"),
            ("grp", ["0-17", "18-64", "65+"], "age"), ("band", ["18-24", "25-64", "65-84", "85+"], "age"),
            ("grp", ["<18", "18-64", "65 and over", "Unknown"], "age"),
            ("x", ["Alameda", "Fresno", "Other"], "residence_geography"), ("x", ["Male", "Female"], "sex"),
            ("gender", ["M", "F"], "sex"), ("x", ["White", "Asian", "Black"], "race"),
        ],
    )  # fmt: skip
    def test_for_what_they_are(self, judged, name, labels, variable):
        with pytest.raises(InputErrors, match=rf"dimensions\.{name}\.variable: found other.* read like {variable}"):
            judged(name, labels)


class TestAreLeftAlone:
    @pytest.mark.parametrize(
        ("name", "labels"),
        [
            ("procedure_code", ["90834", "90837"]), ("cpt", ["90834", "90837"]), ("stage", ["M", "F"]),
            ("bmi", ["<18", "18-24", "25-29", "30+"]), ("score", ["0-17", "18-64", "65+"]),
            ("visits", ["0-1", "2-4", "5+"]),
            ("los", ["0-17", "18-64", "65+"]), ("grp", ["18-24", "25-29", "30+"]), ("grp", ["0-17", "20-64", "65+"]),
            ("answer", ["Yes", "No"]), ("grade", ["1", "2", "3"]),
        ],
    )  # fmt: skip
    def test_what_may_be_anything_else(self, judged, name, labels):
        assert judged(name, labels).score.total


class TestLookAlikes:
    @pytest.mark.parametrize("label", ["\u0410sian", "\uff2dale", "\U0001d400bc", "\uff16\uff15+", "Ma\u200ble"])
    def test_are_refused(self, judged, label):
        with pytest.raises(InputErrors, match="characters that cannot be seen or letters of several scripts"):
            judged("kind", [label, "b"])

    @pytest.mark.parametrize(
        "label", ["\u03b2-lactam", "\u0440\u0443\u0441\u0441\u043a\u0438\u0439", "Ni\u00f1os", "H\u2082O"]
    )
    def test_letters_of_one_script_are_not(self, judged, label):
        assert judged("kind", [label, "b"])


class TestCategoriesThatOverlap:
    @pytest.mark.parametrize(
        ("variable", "labels"),
        [
            ("age", ["Under 35", "Under 36"]), ("age", ["0-17", "0-19", "20+"]), ("age", ["65+", "60+"]),
            ("age", ["0-5", "5-10"]), ("time", ["2019-2021", "2020-2022"]), ("time", ["2024 Q1", "2024"]),
        ],
    )  # fmt: skip
    def test_cannot_add_up(self, assessed, variable, labels):
        with pytest.raises(InputErrors, match=r"dimensions\.it: .* which overlap, .* `additive: false`"):
            assessed({"it": ({"variable": variable}, labels)}, scope=[] if variable == "time" else SCOPE)
        assert assessed({"it": ({"variable": variable, "additive": False}, labels)})

    @pytest.mark.parametrize(
        ("variable", "labels"),
        [
            ("age", ["0-6 days", "7-27 days", "28-364 days", "1-4", "5+"]), ("age", ["0-11 months", "1", "2-4"]),
            ("age", ["[0, 5)", "[5, 10)"]), ("time", ["2020", "2021"]), ("time", ["2020-21", "2021-22"]),
            ("time", ["2020 W53", "2021 W01"]), ("time", ["Jan 2024", "Feb 2024"]),
            ("age", ["0-4 weeks", "1-11 months"]),
        ],
    )  # fmt: skip
    def test_those_that_do_not_are_left_alone(self, assessed, variable, labels):
        assert assessed({"it": ({"variable": variable}, labels)})
