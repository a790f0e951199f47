"""What a dossier says, against the files it is made of."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.quality import read_certificate
from ddg_pipeline.quality.certificate import certificate_sha256
from ddg_pipeline.review.dossier import Approval, EarlierVersion, PublicTable
from ddg_pipeline.rulebook import load_rulebook


class TestWhatIsHidden:
    def test_is_what_the_published_file_shows(self, masked):
        (found,) = masked.dossier().measures
        assert found.measure == "cases"
        for along in found.dimensions:
            for one in along.categories:
                rows = [row for row in masked.rows if row[along.name] == one.label]
                codes = [row["cases_annotation_code"] for row in rows if row["cases"] == ""]
                assert one.cells == len(rows)
                assert one.hidden == len(codes)
                assert (one.small, one.complementary) == (codes.count("1"), codes.count("2"))
            assert sum(one.hidden for one in along.categories) == found.cells.suppressed > 0
            assert sum(one.small for one in along.categories) == found.cells.small

    def test_names_the_statistics_that_go_with_it(self, masked):
        (found,) = masked.dossier().measures
        assert found.tied == ("cases_per_100000",)

    def test_keeps_the_order_of_the_table_and_knows_its_totals(self, masked):
        (found,) = masked.dossier().measures
        sex = next(along for along in found.dimensions if along.name == "sex")
        assert [one.label for one in sex.categories] == ["F", "M", "All"]
        assert [one.is_total for one in sex.categories] == [False, False, True]

    def test_is_not_told_by_reason_where_the_codes_do_not(self, unexplained):
        dossier = unexplained.dossier()
        (found,) = dossier.measures
        assert not dossier.reasons_shown
        assert (found.cells.small, found.cells.complementary) == (None, None)
        every = [one for along in found.dimensions for one in along.categories]
        assert {(one.small, one.complementary) for one in every} == {(None, None)}
        assert sum(one.hidden for one in every) > 0

    def test_is_nothing_in_a_table_that_was_not_masked(self, unmasked):
        dossier = unmasked.dossier()
        assert dossier.decision == "release"
        assert not dossier.masked
        assert [one.cells.suppressed for one in dossier.measures] == [0]
        assert [one.dimensions for one in dossier.measures] == [()]

    def test_is_every_count_in_whole_percentages(self, percentages):
        dossier = percentages.dossier()
        assert dossier.form == "whole_percentages"
        assert not dossier.masked
        assert [one.dimensions for one in dossier.measures] == [()]


class TestWhatItSays:
    def test_of_score_and_steps_is_the_report_s(self, masked):
        report = json.loads((masked.package / "report.json").read_text(encoding="utf-8"))
        dossier = masked.dossier()
        assert dossier.score.total == report["score"]["total"]
        assert [term.score for term in dossier.score.terms] == [term["score"] for term in report["score"]["terms"]]
        assert [step.summary for step in dossier.steps] == [step["summary"] for step in report["steps"]]
        assert dossier.safe_harbor == report["safe_harbor"]
        assert dossier.audit.guarantee == report["audit"]["guarantee"]

    def test_of_hashes_is_the_certificate_s(self, masked):
        certificate = read_certificate(masked.package)
        certified = masked.dossier().certified
        assert certified.sha256 == certificate_sha256(masked.package)
        assert certified.files == certificate.files
        assert certified.bound["Contract"] == certificate.contract
        assert certified.bound["Rulebook"] == certificate.rulebook
        assert certified.bound["Suite of expectations"] == certificate.gate.suite
        assert certified.issued_at == certificate.issued_at

    def test_of_a_first_version_is_that_there_is_nothing_to_compare_with(self, masked):
        assert masked.dossier().changes is None

    def test_of_approvals_is_what_the_rulebook_asks_for_until_it_is_told(self, masked):
        roles = {name: role.description for name, role in masked.rulebook.sign_offs.roles.items()}
        assert {one.role: one.description for one in masked.dossier().approvals} == roles
        assert {one.state for one in masked.dossier().approvals} == {"awaited"}
        given = Approval("legal_counsel", "Legal counsel", "given", "R. Roe", dt.datetime(2021, 12, 1, tzinfo=dt.UTC))
        assert masked.dossier(approvals=[given]).approvals == (given,)

    def test_of_what_is_public_begins_with_what_the_contract_names(self, masked):
        told = PublicTable("Cases by age", "elsewhere", "the same records", taken_as_known=False)
        history = [EarlierVersion(1)]
        dossier = masked.dossier(already_public=[told], history=history, version=2)
        assert dossier.already_public == (told,)
        assert dossier.history == tuple(history)
        assert dossier.version == 2


class TestRefused:
    @pytest.mark.parametrize("name", ["cases-by-county-and-sex.csv", "report.json", "data-dictionary.csv"])
    def test_is_a_package_that_was_changed(self, masked, copy, name):
        changed = copy(masked)
        path = changed.package / name
        path.write_bytes(path.read_bytes().replace(b"Alpine", b"Alpina") + b"\n")
        with pytest.raises(RefusedError, match=name):
            changed.dossier()

    def test_is_one_without_a_certificate(self, masked, copy):
        changed = copy(masked)
        (changed.package / "certificate.json").unlink()
        with pytest.raises(RefusedError, match="missing"):
            changed.dossier()

    def test_is_one_that_was_certified_under_another_contract(self, masked, copy):
        changed = copy(masked)
        object.__setattr__(changed, "contract", masked.contract.model_copy(update={"title": "Another"}))
        with pytest.raises(RefusedError, match="contract: not the one"):
            changed.dossier()

    def test_is_one_that_was_certified_under_another_rulebook(self, masked, copy):
        changed = copy(masked)
        object.__setattr__(changed, "rulebook", load_rulebook("calhhs-ddg-1.0"))
        with pytest.raises(RefusedError, match="rulebook: not the one"):
            changed.dossier()

    def test_is_a_version_before_that_was_changed(self, masked, next_year, copy):
        changed = copy(masked)
        (changed.package / "report.html").write_text("", encoding="utf-8")
        with pytest.raises(RefusedError, match=r"report\.html"):
            next_year.dossier(previous=changed)

    def test_is_a_report_of_another_version_and_the_message_says_what_it_lacks(self, tmp_path):
        from ddg_pipeline.review.dossier.report_reading import read_report

        (tmp_path / "report.json").write_text('{"title": "A table"}', encoding="utf-8")
        with pytest.raises(InputError, match="release the table again"):
            read_report(tmp_path)
        (tmp_path / "report.json").write_text("[", encoding="utf-8")
        with pytest.raises(InputError, match="no JSON"):
            read_report(tmp_path)
