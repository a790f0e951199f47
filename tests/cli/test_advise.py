"""``ddg advise``: alternatives, what they cost, and one of them written as files to go on with."""

from __future__ import annotations

import stat

import pytest

THREE_WAY = """\
release: cases_by_county_sex
title: Cases by county and sex
scope:
  - {variable: time, period: year}
dimensions:
  county:
    variable: residence_geography
    population: {table: people, key: county, value: people}
    hierarchy: {table: regions, child: county, parent: region}
    total: State
  sex: {variable: sex, total: All}
measures:
  cases: {kind: count}
"""
PEOPLE = "county,people\nAlpha,1200\nBeta,3100\nGamma,42000\nDelta,91000\nEpsilon,250000\nZeta,810000\n"
REGIONS = "county,region\nAlpha,North\nBeta,North\nGamma,North\nDelta,South\nEpsilon,South\nZeta,South\n"


@pytest.fixture
def three_way(files, text):
    contract, table, *_ = files(contract__yaml=THREE_WAY, table__csv=text[1], people__csv=PEOPLE, regions__csv=REGIONS)
    return contract, table


def number_of(answer, words):
    (found,) = [one["number"] for one in answer.json["alternatives"] if one["change"] == words]
    return found


class TestJson:
    def test_it_holds_every_alternative_with_its_figures(self, ddg, three_way):
        found = ddg("advise", *three_way, "--json").json
        assert (found["release"], found["cut_off"]) == ("cases_by_county_sex", 12)
        assert found["as_it_is"]["outcome"] == "masked"
        by_words = {one["change"]: one for one in found["alternatives"]}
        regions = by_words["county by region (2)"]
        assert {"score", "small_cells", "complementary_cells", "share_of_counts_suppressed"} <= regions.keys()
        assert regions["score"] < found["as_it_is"]["score"]
        assert by_words["2 tables: county | sex"]["tables"] == [["county"], ["sex"]]

    def test_its_scores_are_those_of_assess(self, ddg, three_way, tmp_path):
        found = ddg("advise", *three_way, "--json").json
        for one in found["alternatives"]:
            if len(one["tables"]) == 1:
                out = tmp_path / str(one["number"])
                ddg("advise", *three_way, "--write", one["number"], "-o", out)
                files = [out / f"cases_by_county_sex.{ending}" for ending in ("yaml", "csv")]
                assert ddg("assess", *files, "--json").json["score"]["total"] == one["score"], one["change"]

    def test_it_tells_no_count(self, ddg, files, text):
        """Other small counts, as far as nothing else depends on them, give the same answer."""
        contract, table = text
        answers = []
        for one, other in ((4, 5), (6, 3)):
            changed = table.replace("Alpha,F,4", f"Alpha,F,{one}").replace("Alpha,M,5", f"Alpha,M,{other}")
            changed = changed.replace("State,F,474", f"State,F,{470 + one}")
            changed = changed.replace("State,M,539", f"State,M,{534 + other}")
            answers.append(ddg("advise", *files(contract__yaml=contract, table__csv=changed), "--json"))
        assert answers[0] == answers[1]
        assert answers[0].json["alternatives"]


class TestForPeople:
    def test_it_shows_the_table_as_it_is_and_what_is_better_in_something(self, ddg, three_way):
        answer = ddg("advise", *three_way)
        assert answer.code == 0
        assert "as it is" in answer.out
        assert "Best first: most detail kept" in answer.out
        assert "Nothing was changed" in answer.out

    def test_it_shows_the_rest_when_asked_for(self, ddg, three_way):
        every = [one["number"] for one in ddg("advise", *three_way, "--json").json["alternatives"]]
        shown = ddg("advise", *three_way, "--all").out.splitlines()
        numbers = {line.split()[0] for line in shown if line.strip()}
        assert {str(number) for number in every} <= numbers

    def test_a_table_that_may_be_released_needs_none(self, ddg, files):
        contract = """
release: by_sex
title: By sex
scope: [{variable: residence_geography, population: 39538223}, {variable: time, period: year}]
dimensions: {sex: {variable: sex, total: All}}
measures: {cases: {kind: count}}
"""
        table = "sex,cases\nF,4000\nM,5000\nAll,9000\n"
        answer = ddg("advise", *files(contract__yaml=contract, table__csv=table))
        assert (answer.code, "may be released as it is" in answer.out) == (0, True)

    def test_what_the_contract_leaves_open_is_said_because_it_makes_scores_higher(self, ddg, files, text, three_way):
        assert "No time is declared" not in ddg("advise", *three_way).out
        without = THREE_WAY.replace("scope:\n  - {variable: time, period: year}\n", "")
        changed = files(contract__yaml=without, table__csv=text[1], people__csv=PEOPLE, regions__csv=REGIONS)[:2]
        told = " ".join(ddg("advise", *changed).out.split())
        assert "No time is declared, so the finest period is scored" in told

    def test_what_was_not_tried_is_said(self, ddg, three_way):
        assert "Not tried:" in ddg("advise", *three_way, "--most", 1).out


class TestWriting:
    def test_the_files_can_be_masked(self, ddg, three_way, tmp_path):
        number = number_of(ddg("advise", *three_way, "--all", "--json"), "2 tables: county | sex")
        answer = ddg("advise", *three_way, "--write", number, "-o", tmp_path / "out")
        assert answer.code == 0
        command = answer.out.splitlines()[-1].split()
        assert command[:2] == ["ddg", "mask"]
        masked = ddg(*command[1:-1], tmp_path / "masked")
        assert masked.code == 0, masked.err
        assert {path.name for path in (tmp_path / "masked").iterdir()} >= {
            "cases_by_county_sex_by_county.csv",
            "cases_by_county_sex_by_sex.csv",
        }

    def test_they_are_for_their_owner_only(self, ddg, three_way, tmp_path):
        ddg("advise", *three_way, "--write", 1, "-o", tmp_path / "out")
        assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()} == {0o600}

    def test_reference_tables_come_along(self, ddg, three_way, tmp_path):
        number = number_of(ddg("advise", *three_way, "--all", "--json"), "without sex")
        ddg("advise", *three_way, "--write", number, "-o", tmp_path / "out")
        assert {path.name for path in (tmp_path / "out").iterdir()} >= {"people.csv", "regions.csv"}

    def test_nothing_that_was_given_is_written_over(self, ddg, three_way, tmp_path):
        contract = three_way[0].rename(tmp_path / "cases_by_county_sex.yaml")
        before = contract.read_bytes()
        answer = ddg("advise", contract, three_way[1], "--write", 1, "-o", tmp_path)
        assert (answer.code, "a file that was given" in answer.err) == (2, True)
        assert contract.read_bytes() == before

    @pytest.mark.parametrize("arguments", [("--write", 1), ("-o", "out"), ("--write", 9999, "-o", "out")])
    def test_half_a_wish_is_bad_input(self, ddg, three_way, arguments, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        answer = ddg("advise", *three_way, *arguments)
        assert (answer.code, "--write" in answer.err) == (2, True)
        assert not (tmp_path / "out").exists()


class TestLinkedReleases:
    def test_are_masked_together_and_stay_as_they_are(self, ddg, three_way, files, tmp_path):
        by_county = "\n".join(
            line for line in three_way[1].read_text().splitlines() if ",All," in line or "sex" in line
        )
        by_county = by_county.replace(",All,", ",").replace("county,sex,", "county,")
        linked = THREE_WAY.replace("cases_by_county_sex", "cases_by_county").replace(
            "  sex: {variable: sex, total: All}\n", ""
        )
        paths = files(linked__yaml=linked + "links: [cases_by_county_sex]\n", linked__csv=by_county + "\n")
        three_way[0].write_text(THREE_WAY + "links: [cases_by_county]\n")
        assert ddg("advise", *three_way).code == 2, "linked tables have to be given"
        found = ddg("advise", *three_way, "--link", paths[0], "--link-table", paths[1], "--json")
        assert found.code == 0, found.err
        assert found.json["linked"] == ["cases_by_county"]
        assert found.json["as_it_is"]["cells"] == 21
