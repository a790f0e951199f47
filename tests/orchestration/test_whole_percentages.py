"""A release of whole percentages goes the whole road: masked, gated, certified, published (DDG 2.0 §4.4.4)."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

SQL = """\
select * from (
    values ('Male', cast(54521 as bigint)), ('Female', 53977), ('Intersex', 8)
) as people(sex, people)
"""
CONTRACT = {
    "release": "statewide",
    "title": "People by sex",
    "scope": [
        {"variable": "residence_geography", "population": 39538223},
        {"variable": "time", "period": "year"},
    ],
    "dimensions": {"sex": {"variable": "intersex"}},
    "measures": {"people": {"kind": "count", "description": "People treated"}},
    "suppression": {"form": "whole_percentages", "percentages": {"of": "sex"}, "level": "full"},
    "limits": {"row_change": "any", "vanished_categories": "any"},  # it was another table before
    "publication": {"dataset": "cases-by-sex", "cadence": "irregular"},
}
COUNTS = ("54521", "53977", "108506", "54,521", "53,977", "108,506")


@pytest.fixture
def road(small, ddg):
    """The small project, with the statewide release turned into percentages."""
    models = small.project.dbt_project / "models" / "aggregates"
    (models / "statewide.sql").write_text(SQL, encoding="utf-8")
    releases = yaml.safe_load((models / "releases.yml").read_text(encoding="utf-8"))
    for model in releases["models"]:
        if model["name"] == "statewide":
            model["config"]["meta"]["ddg"] = CONTRACT
    (models / "releases.yml").write_text(yaml.safe_dump(releases, sort_keys=False), encoding="utf-8")
    answer = ddg("run", "statewide", "--quiet")
    assert answer.code == 1
    assert "keep the form" in " ".join((answer.out + answer.err).split())  # counts are public, and tell percentages
    shutil.rmtree(small.project.public / "ledger" / "statewide")  # as if they had never been
    for command in ("suites", "run"):
        answer = ddg(command, "statewide", "--quiet")
        assert answer.code == 0, answer.out + answer.err
    return small


@pytest.mark.thorough
def test_it_is_published_without_counts_and_what_is_tampered_with_is_blocked(road, ddg):
    place = road.published("statewide")
    rows = road.rows(place / "statewide.csv")
    assert {row["sex"]: row["people_percent"] for row in rows} == {"Male": "50", "Female": "50", "Intersex": "<1"}
    for file in place.iterdir():
        text = file.read_text(encoding="utf-8")
        assert not [count for count in COUNTS if count in text], file.name

    certificate = json.loads((place / "certificate.json").read_text())
    assert (certificate["decision"], certificate["level"]) == ("mask", "full")
    fields = json.loads((place / "datapackage.json").read_text())["resources"][0]["schema"]["fields"]
    (field,) = [one for one in fields if one["name"] == "people_percent"]
    assert (field["type"], field["constraints"]["required"]) == ("string", True)
    assert field["constraints"]["pattern"] == "(0|[1-9][0-9]?|100|<1)"
    dictionary = {row["column"]: row for row in road.rows(place / "data-dictionary.csv")}
    assert dictionary["people_percent"]["type"] == "text"
    assert (
        "Percentages are rounded to whole numbers; counts are not shown."
        in (dictionary["people_percent"]["description"])
    )
    report = json.loads((place / "report.json").read_text())
    assert report["form"] == "whole_percentages"
    assert report["masking"]["people"]["suppressed"] == 0
    assert "released without counts, as whole percentages" in (place / "report.html").read_text()

    # someone changes the staged file
    before, staged = road.public_bytes(), road.staged("statewide")
    good = staged.read_text()
    for old, new, checks in (
        ("Male,50,", "Male,51,", {"same_as_aggregate", "attack_audit"}),
        ("Intersex,<1,", "Intersex,8,", {"same_as_aggregate", "great_expectations", "attack_audit"}),
        ("Intersex,<1,", "Intersex,0,", {"same_as_aggregate", "attack_audit"}),
    ):
        staged.write_text(good.replace(old, new))
        events = road.materialize("statewide/release")
        assert not events.success
        assert checks <= events.failed_checks("statewide"), events.failures
        assert road.public_bytes() == before
    staged.write_text(good)
    assert road.materialize("statewide/release").success
