"""The releases: contracts, rulebooks, suites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ddg_pipeline.doctor.finding import Finding, hint, ok, problem
from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.orchestration.project import Project

if TYPE_CHECKING:
    from ddg_pipeline.contract import ReleaseContract
    from ddg_pipeline.rulebook import Rulebook


def releases(project: Project) -> Iterator[Finding]:
    """Look whether contracts can be read and declare a place, their tables fit them, and their suites are current."""
    from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, releases_of
    from ddg_pipeline.rulebook import load_rulebook

    found = releases_of(read_manifest(ensure_manifest(project)))
    if not found:
        yield hint(
            "releases", "no model has a contract", "write `meta.ddg` onto a model; `ddg contract suggest` drafts it"
        )
    for one in found:
        rulebook = load_rulebook(one.contract.rulebook, project.rulebook_source, one.contract.release)
        yield ok(f"release {one.contract.release}", f"its contract can be read; {one.contract.rulebook}")
        yield from _place(one.contract, rulebook)
        yield from _events(one.contract)
    for one in found:
        yield from _suite(project, one.contract.release)
    yield from _questions(project)


def _place(contract: ReleaseContract, rulebook: Rulebook) -> Iterator[Finding]:
    """Tell of a contract without any place: what is scored for it is right for places of one size only."""
    from ddg_pipeline.assessment import declares_a_place, tells_about_people

    if not tells_about_people(contract) or declares_a_place(contract):
        return
    unscored = next((band for band in rulebook.scoring.residence_geography.bands if band.score == 0), None)
    risky = "where few people live" if unscored is None else f"where fewer than {unscored.lower:,} people live"
    yield hint(
        f"release {contract.release}",
        f"no place is declared, so none is scored: too little {risky}, too much for the whole state",
        "no place in your table? Write under `scope`: {variable: residence_geography, population: …}; for a county or "
        "the state `label: Fresno` or `label: California` in place of `population`",
    )


def _events(contract: ReleaseContract) -> Iterator[Finding]:
    """Tell of counts of individuals that are called as if they counted what happens to one person several times."""
    from ddg_pipeline.assessment.identifier_content import words_in
    from ddg_pipeline.drafting.words import EVENTS

    for name, measure in contract.measures.items():
        said = [word for word in words_in(name).split() if word in EVENTS]
        if not said or name not in contract.counts or measure.unit != "individuals":
            continue
        yield hint(
            f"release {contract.release}",
            f"measures.{name} counts individuals, by the contract, and is called {said[0]}",
            "if one person can have several, it counts events: `unit: events`, and a count of the people beside it "
            "(`individuals: …`)",
        )


def _questions(project: Project) -> Iterator[Finding]:
    from ddg_pipeline.orchestration.open_questions import open_questions, told_of_questions

    questions = open_questions(project)
    if questions:
        yield hint("questions", told_of_questions(questions), "answer each in its file, and take its comment out")
    else:
        yield ok("questions", "none of a draft is open")


def _suite(project: Project, release: str) -> Iterator[Finding]:
    from ddg_pipeline.orchestration.suites import current_suites

    what, path = f"suite {release}", project.expectations / f"{release}.json"
    if not path.is_file():
        yield problem(what, "not there", f"ddg suites {release}, then read and commit it")
        return
    if not project.staged(release).is_dir():
        yield hint(what, "there; nothing is staged to compare it with", f"ddg suites {release} --check")
        return
    try:
        for file, differs in current_suites(project, [release], write=False):
            if file != path:
                continue
            if differs:
                yield problem(
                    what, "not what contract and rulebook ask for", f"ddg suites {release}, read the difference"
                )
            else:
                yield ok(what, "what contract and rulebook ask for; the table fits the contract")
    except RefusedError:
        yield hint(what, "what is staged is not the present table's", f"ddg suites {release} --check")
    except (InputError, InputErrors) as error:
        yield from _misfit(release, error)


def _misfit(release: str, error: InputError | InputErrors) -> Iterator[Finding]:
    for one in error.errors if isinstance(error, InputErrors) else [error]:
        yield problem(f"release {release}", f"{one.place}: {one.field}: found {one.found}", one.expected)
