"""Records of people are told from sparse tables of groups."""

import itertools
import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddg_pipeline.assessment.identifiers import refuse_direct_identifiers
from ddg_pipeline.assessment.record_level import record_level_reasons
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.errors import InputErrors, RefusedError

COUNTY = {"variable": "residence_geography", "population": 900_000}
CASES = {"cases": {"kind": "count"}}
PEOPLE = {
    "county": COUNTY,
    "day": {"variable": "time", "period": "day"},
    "age": {"variable": "age"},
    "sex": {"variable": "sex"},
}


def contract(dimensions, measures=None, **keys):
    raw = {"release": "r", "title": "t", "dimensions": dimensions, "measures": measures or CASES}
    return parse_contract(raw | keys, "c")


def records(number, seed=1):
    """One row a person."""
    chance = random.Random(seed)
    rows = [
        (chance.choice("ABCDEFGH"), f"2020-{1 + n % 12:02d}-{1 + n // 12 % 28:02d}", str(chance.randrange(89)),
         chance.choice("FM"))
        for n in range(number)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(PEOPLE)).assign(cases=1)


def cross(*labels, counts):
    names = ["county", "disease", "age"][: len(labels)]
    frame = pd.DataFrame(list(itertools.product(*labels)), columns=names)
    return frame.assign(cases=list(itertools.islice(itertools.cycle(counts), len(frame))))


DISEASES = {"county": COUNTY, "disease": {"variable": "other"}, "age": {"variable": "age"}}
BANDS = ["0-17", "18-64", "65+"]
RARE = [0, 0, 1, 0, 0, 0, 1, 0]


@pytest.fixture(scope="module")
def reasons(rulebook):
    return lambda frame, dimensions, measures=None, **keys: record_level_reasons(
        frame, contract(dimensions, measures, **keys), rulebook
    )


class TestRecords:
    def test_a_row_for_every_person(self, reasons):
        assert reasons(records(200), PEOPLE) == ["cases counts one person in nearly every row, and nobody in none"]

    def test_a_few_people_who_are_alike_change_nothing(self, reasons):
        frame = records(200)
        frame.loc[:2, "cases"] = 2
        assert reasons(frame, PEOPLE)

    def test_answers_about_a_person(self, reasons):
        """A death in which several drugs were found."""
        chance = random.Random(2)
        frame = records(200).drop(columns="cases")
        for drug in ("heroin", "fentanyl"):
            frame[drug] = [chance.choice([0, 1, 1]) for _ in range(200)]
        measures = {drug: {"kind": "count"} for drug in ("heroin", "fentanyl")}
        assert reasons(frame, PEOPLE, measures) == ["heroin, fentanyl hold nothing but yes (1) and no (0)"]

    def test_a_number_for_every_person(self, reasons):
        """Whatever is counted: visits, here, declared as people by mistake."""
        frame = records(200).assign(code=[f"K{10_000 + n}" for n in range(200)], cases=[1 + n % 4 for n in range(200)])
        assert reasons(frame, PEOPLE | {"code": {"variable": "other"}}) == [
            "code gives nearly every row a number of its own, so it may number people"
        ]

    def test_a_column_that_numbers_the_rows(self, reasons):
        frame = pd.DataFrame({"row": [str(n) for n in range(200)], "cases": 1})
        assert reasons(frame, {"row": {"variable": "other"}})

    def test_without_a_count(self, reasons):
        """As it comes from a source, before it is bound to its contract."""
        frame = pd.concat([records(200), records(20)]).drop(columns="cases")
        assert reasons(frame, PEOPLE) == ["no column counts people, and rows repeat each other's categories"]

    def test_numbers_as_text(self, reasons):
        assert reasons(records(200).astype(str), PEOPLE)

    @given(st.integers(40, 400), st.integers(0, 1000))
    @settings(max_examples=30, deadline=None)
    def test_of_any_number_of_people(self, reasons, number, seed):
        assert reasons(records(number, seed), PEOPLE)


class TestSparseTables:
    def test_most_counts_may_be_zero_or_one(self, reasons):
        frame = cross([f"County {n}" for n in range(58)], [f"Disease {n}" for n in range(20)], BANDS, counts=RARE)
        assert reasons(frame, DISEASES) == []

    def test_one_in_every_row_of_a_full_cross(self, reasons):
        frame = cross([f"County {n}" for n in range(58)], BANDS[:2], counts=[1]).rename(columns={"disease": "age"})
        assert reasons(frame, {"county": COUNTY, "age": {"variable": "age"}}) == []

    def test_one_in_every_category(self, reasons):
        frame = pd.DataFrame({"disease": [f"Disease {n}" for n in range(60)], "cases": 1})
        assert reasons(frame, {"disease": {"variable": "other"}}) == []

    def test_rows_without_anybody_left_out(self, reasons):
        frame = cross(
            [f"County {n}" for n in range(58)], [f"Disease {n}" for n in range(20)], counts=[1, 0, 0, 2, 0, 1]
        )
        frame = frame[frame.cases > 0]
        assert reasons(frame, {"county": COUNTY, "disease": {"variable": "other"}}) == []

    def test_a_table_with_its_totals(self, reasons):
        frame = records(200)
        whole = pd.DataFrame([("All", "2020", "All", "All", 200)], columns=frame.columns)
        dimensions = PEOPLE | {"county": COUNTY | {"total": "All"}}
        assert reasons(pd.concat([frame, whole]), dimensions) == []
        assert reasons(frame, dimensions) != []

    def test_several_rare_diseases(self, reasons):
        frame = cross([f"County {n}" for n in range(58)], BANDS, counts=RARE).rename(columns={"disease": "age"})
        frame = frame.assign(deaths=[0, 0, 0, 1, 0, 0] * 29)
        measures = CASES | {"deaths": {"kind": "count"}}
        dimensions = {"county": COUNTY, "age": {"variable": "age"}}
        assert reasons(frame, dimensions, measures) == []
        assert reasons(frame[::2], dimensions, measures) == []

    def test_few_rows_say_nothing(self, reasons, rulebook):
        assert reasons(records(rulebook.record_level.least_rows - 1), PEOPLE) == []

    def test_a_code_with_its_meaning(self, reasons):
        frame = pd.DataFrame({"code": [f"{10_000 + n}" for n in range(100)]})
        frame = frame.assign(meaning="Procedure " + frame.code, cases=range(100))
        assert reasons(frame, {"code": {"variable": "other"}, "meaning": {"variable": "other"}}) == []

    def test_tracts_and_their_county(self, reasons):
        frame = pd.DataFrame({"tract": [f"06{n:09d}" for n in range(100)], "sex": ["F", "M"] * 50, "cases": range(100)})
        assert reasons(frame, {"tract": COUNTY, "sex": {"variable": "sex"}}) == []

    def test_codes_crossed_with_sex(self, reasons):
        codes = [f"{10_000 + n}" for n in range(100)]
        frame = pd.DataFrame(list(itertools.product(codes, "FM")), columns=["code", "sex"]).assign(cases=range(200))
        assert reasons(frame, {"code": {"variable": "other"}, "sex": {"variable": "sex"}}) == []

    @given(st.lists(st.sampled_from([0, 1, 2, 5, 30]), min_size=3, max_size=40).filter(lambda counts: 0 in counts))
    @settings(deadline=None)
    def test_no_cross_with_a_zero_is_taken_for_records(self, reasons, counts):
        frame = cross([f"County {n}" for n in range(20)], [f"Disease {n}" for n in range(5)], BANDS, counts=counts)
        assert reasons(frame, DISEASES) == []


class TestWhatIsNotAboutPeople:
    @pytest.mark.parametrize("keys", [{"personal_characteristics": False}, {"subject": "projected_budget"}])
    def test_may_be_listed_one_by_one(self, reasons, keys):
        assert reasons(records(200), PEOPLE, **keys) == []

    def test_facilities_may(self, reasons):
        frame = pd.DataFrame({"license": [f"{100_000 + n}" for n in range(60)], "kind": ["A", "B"] * 30, "cases": 1})
        dimensions = {"license": {"variable": "service_geography", "population": 1}, "kind": {"variable": "other"}}
        assert reasons(frame, dimensions, subject="providers") == []


class TestTheRefusal:
    def test_says_why_and_what_to_do(self, rulebook):
        with pytest.raises(RefusedError) as caught:
            refuse_direct_identifiers(records(200), contract(PEOPLE), rulebook)
        message = str(caught.value)
        assert "records, one a person" in message
        assert "cases counts one person in nearly every row" in message
        assert "DDG 2.0 §1" in message
        assert "Aggregate them first: one row for every combination of categories" in message

    def test_is_told_together_with_direct_identifiers(self, rulebook):
        frame = records(200).assign(mail="jane@example.org")
        frame["mail"] = [f"jane{n}@example.org" for n in range(200)]
        with pytest.raises(RefusedError, match=r"(?s)mail \(all 200 labels look like an e-mail.*one a person"):
            refuse_direct_identifiers(frame, contract(PEOPLE | {"mail": {"variable": "other"}}), rulebook)

    def test_repeated_rows_hint_at_records(self):
        frame = pd.concat([records(20), records(2)])
        with pytest.raises(InputErrors, match="where a row is a person or an event, count them first"):
            bind(contract(PEOPLE), frame)
