"""Every field filled in: contract before department before what can be told."""

import pytest

from ddg_pipeline.contract.portal_metadata import Cadence, Language, License, Periodicity, PortalMetadata
from ddg_pipeline.publishing.metadata import facts_of_package, metadata_values
from ddg_pipeline.publishing.metadata.codes import codes
from ddg_pipeline.publishing.metadata.coverage import Coverage
from ddg_pipeline.publishing.metadata.project_open_data import ACCRUAL_CODES
from ddg_pipeline.publishing.metadata.value_names import VALUE_NAMES


@pytest.fixture
def values(make_contract, make_facts, rulebook, department):
    def values(more="", defaults=department, **facts):
        contract = make_contract(more and f"  metadata: {{{more}}}\n")
        return metadata_values(contract, rulebook, make_facts(contract, **facts), defaults)

    return values


class TestNames:
    def test_are_exactly_those_that_a_mapping_may_use(self, values):
        assert tuple(values()) == VALUE_NAMES


class TestDefaults:
    def test_come_from_the_release_itself(self, values):
        found = values(defaults=None)
        assert found["title"] == "Cases by county and year"
        assert found["description"] == "Reported cases."
        assert (found["accrual_periodicity"], found["accrual_periodicity.code"]) == ("Annual", "R/P1Y")
        assert (found["temporal_coverage"], found["temporal_coverage.interval"]) == (
            "2022 to 2024",
            "2022-01-01/2024-12-31",
        )
        assert (found["spatial_coverage"], found["geographic_granularity"]) == ("California", "County")
        assert found["tags"] == ["county", "year"]
        assert found["modified"] == "2026-11-02"
        assert found["department"] is None

    def test_say_how_small_numbers_were_treated_in_the_rulebook_s_words(self, values, rulebook):
        masked, plain = values()["deidentification_method"], values(masked=False)["deidentification_method"]
        assert rulebook.footnotes["suppression"].text in masked
        assert "a true zero is 0" in masked
        assert plain.startswith("Not suppressed: ")
        assert rulebook.title in plain

    def test_do_not_say_which_cells_are_small_where_the_codes_do_not(self, values, rulebook):
        silent = values(reasons_shown=False)["deidentification_method"]
        assert rulebook.footnotes["reason_not_shown"].text in silent

    def test_name_somebody_to_ask(self, values):
        assert values()["contact_name"] == "Department of Public Health"
        assert values("program: Immunization")["contact_name"] == "Immunization"
        assert values("program: Immunization, contact_name: Open data team")["contact_name"] == "Open data team"


class TestWhoWins:
    def test_a_contract_over_its_department(self, values):
        assert values()["tags"] == ["public health"]
        assert values("tags: [Lyme disease]")["tags"] == ["Lyme disease"]

    def test_a_contract_that_says_nothing_on_purpose(self, values):
        assert values("contact_email: null")["contact_email"] is None

    def test_terms_of_use_of_a_contract_over_the_department_s_licence(self, values):
        found = values("terms_of_use: 'https://dept.example/terms'")
        assert (found["license"], found["use.url"]) == (None, "https://dept.example/terms")
        assert found["license.ckan"] == "notspecified"

    def test_further_fields_add_up(self, values):
        assert values("other: {Unit: A}")["other"] == {"Steward": "Informatics", "Unit": "A"}
        assert values("other: {Steward: B}")["other"] == {"Steward": "B"}

    def test_a_period_that_is_written_over_that_of_the_table(self, values):
        found = values("temporal_coverage: 2023-07 to 2024-06")
        assert found["temporal_coverage"] == "2023-07 to 2024-06"
        assert found["temporal_coverage.interval"] == "2023-07-01/2024-06-30"


class TestPeriodsInWords:
    @pytest.mark.parametrize(
        ("labels", "period", "words"),
        [
            (["2024"], "year", "2024"),
            (["2023 Q3", "2024 Q2"], "quarter", "2023-07 to 2024-06"),
            (["2024-02"], "month", "2024-02"),
        ],
    )
    def test_are_years_or_months_where_they_are_whole(self, make_contract, make_facts, rulebook, rows, labels, period,
                                                      words):  # fmt: skip
        from tests.publishing.metadata.conftest import CONTRACT

        contract = make_contract(contract=CONTRACT.replace("period: year", f"period: {period}"))
        frame = rows.head(len(labels)).assign(year=labels)
        found = metadata_values(contract, rulebook, make_facts(contract, frame))
        assert found["temporal_coverage"] == words


class TestCodes:
    """What a contract can write, every standard has a code for."""

    def test_cover_everything(self):
        table = codes()
        assert set(table.periodicity) == set(Periodicity.__args__) >= set(Cadence.__args__)
        assert set(table.licenses) == set(License.__args__)
        assert set(table.languages) == set(Language.__args__)

    def test_of_periodicity_are_those_of_project_open_data(self):
        assert {one.code for one in codes().periodicity.values()} <= ACCRUAL_CODES


class TestFactsOfAPackage:
    def test_are_those_that_the_release_had(self, package, contract, rulebook):
        found = facts_of_package(package, contract)
        assert (found.masked, found.reasons_shown) == (True, True)
        assert found.modified.isoformat() == "2021-11-02"
        assert found.covered == Coverage(None, None, None), "its areas are no counties"

    def test_need_its_report(self, package, contract):
        from ddg_pipeline.errors import RefusedError

        (package / "report.json").write_text("{}")
        with pytest.raises(RefusedError, match=r"report\.json"):
            facts_of_package(package, contract)


def test_a_department_may_say_nothing(values):
    assert values(defaults=PortalMetadata()) == values(defaults=None)
