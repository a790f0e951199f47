"""The dossier of every version that passed the gate: where it lies, who may read it, and what it cannot tell."""

from __future__ import annotations

import json
import re
import shutil
import stat
import zipfile

import docx
import duckdb
import pytest
from leaks.planted import outside, planted

from ddg_pipeline.quality import read_certificate
from ddg_pipeline.quality.certificate import certificate_sha256

PAIR = ("by_sex/release", "by_age/release")
FILES = {"dossier.html", "expert_determination.docx"}


def dossier(small, release, version=1):
    return small.project.dossiers / release / str(version)


class TestAGoodRun:
    def test_leaves_page_and_word_document_of_every_release_for_their_owner_alone(self, small):
        assert small.project.dossiers == small.project.public.parent / "review"
        for release in ("by_sex", "by_age", "statewide"):
            place = dossier(small, release)
            assert {path.name for path in place.iterdir()} == FILES
            assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}
            for directory in (place, place.parent, small.project.dossiers):
                assert stat.S_IMODE(directory.stat().st_mode) == 0o700

    def test_links_them_in_dagster(self, small):
        metadata = small.latest("by_sex/release")
        place = dossier(small, "by_sex")
        assert metadata["dossier"].value == str(place / "dossier.html")
        assert metadata["expert_determination"].value == str(place / "expert_determination.docx")

    def test_they_name_the_very_bytes_that_were_handed_over(self, small):
        current = small.released("by_sex")
        page = (dossier(small, "by_sex") / "dossier.html").read_text(encoding="utf-8")
        certificate = read_certificate(current)
        for sha256 in (certificate_sha256(current), certificate.contract, *certificate.files.values()):
            assert sha256 in page

    def test_they_are_published_nowhere(self, small):
        for place in (small.project.public, small.project.portal):
            assert not [path for path in place.rglob("*") if path.name in FILES]

    def test_linked_releases_are_named_as_known_and_others_as_not(self, small, ddg):
        assert ddg("dossier", "by_sex").code == 0  # by now the others are there
        text = (dossier(small, "by_sex") / "dossier.html").read_text(encoding="utf-8")
        table = text[text.index('aria-label="Table of what else is public"') :]
        rows = dict(re.findall(r'<th scope="row">([^<]+)</th>.*?<td>(yes|no)</td>\s*</tr>', table, re.DOTALL))
        assert rows["Cases by county and age group"] == "yes"
        assert rows["Cases by sex"] == "no"
        assert "declared unrelated, though both are made of source.cases: its figures are the state" in table


class TestTheSecondVersion:
    def test_has_a_dossier_of_its_own_that_compares_with_the_first(self, small):
        first = dossier(small, "statewide", 1)
        before = (first / "dossier.html").read_bytes()
        assert small.materialize("statewide/release").success
        assert (first / "dossier.html").read_bytes() == before
        page = (dossier(small, "statewide", 2) / "dossier.html").read_text(encoding="utf-8")
        assert "The data file is the same, byte for byte." in page
        assert "It is the last of the earlier versions that was made public." in page
        assert certificate_sha256(small.project.public_store.versions("statewide")[0]) in page

    def test_is_compared_with_what_readers_have_or_says_that_they_do_not_have_it(self, small, ddg):
        assert small.materialize("statewide/release").success
        assert small.materialize("statewide/release").success
        page = (dossier(small, "statewide", 3) / "dossier.html").read_text(encoding="utf-8")
        assert "Compared with version 1, which passed the gate on" in page
        assert "It is the last of the earlier versions that was made public." in page
        shutil.rmtree(small.project.public / "ledger" / "statewide")  # as if nothing had ever been published
        assert ddg("dossier", "statewide").code == 0
        page = (dossier(small, "statewide", 3) / "dossier.html").read_text(encoding="utf-8")
        assert "Compared with version 2, which passed the gate on" in page
        assert "what readers have may be another table" in page

    def test_is_not_compared_with_one_that_somebody_changed(self, small):
        report = small.released("statewide") / "report.json"
        report.chmod(0o644)
        report.write_text("{}", encoding="utf-8")
        shutil.rmtree(small.project.public / "ledger" / "statewide")  # as if it had never been published
        assert small.materialize("statewide/release").success
        page = (dossier(small, "statewide", 2) / "dossier.html").read_text(encoding="utf-8")
        assert "There is nothing to compare with." in page
        assert "its certificate is void" in page


class TestSecrets:
    def test_no_planted_figure_or_name_stands_in_them(self, small):
        files = [path for path in small.project.dossiers.rglob("*") if path.is_file()]
        assert len(files) == 2 * 3
        search = outside(small.root)
        assert search.found == []
        assert planted().in_text("a 48613"), "the search finds what it looks for"

    @pytest.mark.thorough
    def test_what_only_changes_behind_suppressed_cells_changes_nothing_in_them(self, small):
        """Two counties swap a case between the sexes: but for certificate and time, every byte stays the same."""

        def seen(version):
            steps = ("by_sex/masked", "by_age/masked", *PAIR)
            assert small.materialize(*steps).success
            place = dossier(small, "by_sex", version)
            with zipfile.ZipFile(place / "expert_determination.docx") as archive:
                document = archive.read("word/document.xml").decode()
            certificate = certificate_sha256(small.released("by_sex"))
            texts = [(place / "dossier.html").read_text(encoding="utf-8"), document]
            return [without_history(text.replace(certificate, "")).splitlines() for text in texts]

        def without_history(text):
            text = re.sub(r"version \d|\d, certificate [0-9a-f]{16}|There are \d earlier versions", "", text)
            text = re.sub(r"Judged together with what was published before: [^<]*", "", text)
            text = re.sub(r'aria-label="Table of earlier versions".*?</table>', "", text, flags=re.DOTALL)
            return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d|\b[0-9a-f]{16}\b", "", text)

        seen(2)
        before = seen(3)
        with duckdb.connect(str(small.project.restricted_store.path)) as store:
            for county, sex, change in (("Alpha", "F", 1), ("Alpha", "M", -1), ("Beta", "F", -1), ("Beta", "M", 1)):
                store.execute(
                    f"update aggregates.by_sex set cases = cases + {change} where county = ? and sex = ?", [county, sex]
                )
        after = seen(4)
        for one, other in zip(before, after, strict=True):
            assert [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]] == []


class TestAFailure:
    def test_is_told_to_a_person_and_what_was_handed_over_stays(self, small):
        small.project.dossiers.joinpath("statewide").rename(small.root / "elsewhere")
        small.project.dossiers.joinpath("statewide").write_text("in the way", encoding="utf-8")
        events = small.materialize("statewide/release")
        assert not events.success
        assert "released, but without a dossier" in events.failures
        assert "ddg dossier statewide" in events.failures
        assert small.released("statewide").name == "2"
        assert [key.path for key in events.materialized] == [["statewide", "release"]]

    @pytest.mark.thorough
    def test_of_one_does_not_keep_the_other_from_its_own(self, small):
        small.project.dossiers.joinpath("by_sex").rename(small.root / "elsewhere")
        small.project.dossiers.joinpath("by_sex").write_text("in the way", encoding="utf-8")
        events = small.materialize(*PAIR)
        assert not events.success
        assert "by_sex" in events.failures
        assert (dossier(small, "by_age", 2) / "dossier.html").is_file()
        assert {tuple(key.path) for key in events.materialized} == {("by_sex", "release"), ("by_age", "release")}

    def test_of_something_unforeseen_quotes_nothing(self, small, monkeypatch):
        from ddg_pipeline.review import dossier as room

        def broken(*_given):
            raise ValueError("could not convert 48613")

        monkeypatch.setattr(room, "dossier_html", broken)
        events = small.materialize("statewide/release")
        assert "internal error: ValueError at test_dossiers.py:" in events.failures
        assert "48613" not in events.failures


class TestTheCommand:
    def test_writes_the_page_anew_and_says_where(self, small, ddg):
        page = dossier(small, "by_sex") / "dossier.html"
        texts = []
        for _ in range(2):
            page.unlink()
            answer = ddg("dossier", "by_sex")
            assert answer.code == 0, answer.err
            assert answer.out.splitlines() == [str(page), str(page.with_name("expert_determination.docx"))]
            texts.append(page.read_text(encoding="utf-8"))
        assert texts[0] == texts[1]

    def test_writes_into_another_directory(self, small, ddg, tmp_path):
        answer = ddg("dossier", "by_sex", "-o", str(tmp_path / "for" / "review"), "--json")
        assert answer.code == 0, answer.err
        written = json.loads(answer.out)
        assert written["release"] == "by_sex"
        assert written["version"] == 1
        assert written["kept"] is False
        assert {path.name for path in (tmp_path / "for" / "review").iterdir()} == FILES

    def test_leaves_a_document_that_the_expert_has_edited(self, small, ddg):
        path = dossier(small, "by_sex") / "expert_determination.docx"
        document = docx.Document(str(path))
        document.add_paragraph("Signed by the expert")
        document.save(str(path))
        edited = path.read_bytes()
        answer = ddg("dossier", "by_sex")
        assert answer.code == 0, answer.err
        assert path.read_bytes() == edited
        assert "left as it is" in answer.err

    def test_knows_the_project_s_releases_only(self, ddg):
        answer = ddg("dossier", "by_shoe_size")
        assert answer.code == 2
        assert "by_shoe_size" in answer.err
        assert "by_sex" in answer.err

    def test_refuses_where_nothing_has_passed_the_gate(self, small, ddg):
        import shutil

        shutil.rmtree(small.project.public / "releases" / "statewide")
        answer = ddg("dossier", "statewide")
        assert answer.code == 1
        assert "nothing has passed the gate" in answer.err

    @pytest.mark.thorough
    def test_refuses_where_the_contract_is_another_by_now(self, small, ddg):
        releases = small.project.dbt_project / "models" / "aggregates" / "releases.yml"
        small.edit(releases, "title: Cases by sex", "title: Cases by sex or so")
        answer = ddg("dossier", "statewide")
        assert answer.code == 1
        assert "contract: not the one that was certified" in answer.err
        assert "release the table again" in answer.err

    @pytest.mark.parametrize("name", ["statewide.csv", "report.json"])
    def test_refuses_bytes_that_were_not_certified(self, small, ddg, name):
        path = next(path for path in small.released("statewide").iterdir() if path.name.endswith(name))
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b"\n")
        answer = ddg("dossier", "statewide")
        assert answer.code == 1
        assert name in answer.err
