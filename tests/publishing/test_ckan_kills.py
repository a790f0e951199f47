"""A run that is killed after any request: what the public reads of CKAN is whole, and the next run completes it."""

import csv
import datetime as dt
import io
import json
import multiprocessing
import os
import signal

import pytest
from ckan_portal.proxy import Answer

from ddg_pipeline.errors import DdgError
from ddg_pipeline.publishing import Package
from ddg_pipeline.publishing.ckan import compare_with_portal, publish_together_to_ckan, retract_from_ckan

ISSUED_AT = dt.datetime(2021, 11, 2, 12, tzinfo=dt.UTC)
DATASET = "emergency-visits"
CSV = "visits-by-county.csv"
_FORK = multiprocessing.get_context("fork")  # a started process would import everything anew, for each kill


@pytest.fixture
def next_package(make_package, table):
    changed = table.copy()
    changed.loc[3, ["cases", "rate"]] = ["150", "37.6"]
    changed.loc[2, "county"] = "Amador, east"
    return make_package("next", changed, issued_at=ISSUED_AT + dt.timedelta(days=1))


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def _run(work):
    """What a child does; its end says how it went."""
    try:
        work()
    except DdgError:
        os._exit(1)
    os._exit(0)


def killed_after_each_request(ckan, work):
    """Run work in a process that is killed after the first writing request that no run before it has made.

    Yields the action after which it was killed, each time, until a run comes to its end.
    """
    made = set()
    while True:
        ckan.proxy.forget()
        died = []
        process = _FORK.Process(target=_run, args=(work,))

        def kill(request, process=process, died=died):
            if not request.writes or died or (request.action, request.body) in made:
                return Answer(None) if died else None
            died.append(request.action)
            made.add((request.action, request.body))
            os.kill(process.pid, signal.SIGKILL)
            return Answer(None)

        ckan.proxy.after = kill
        process.start()
        process.join(120)
        ckan.proxy.forget()
        if not died:
            assert process.exitcode == 0
            return
        assert process.exitcode == -signal.SIGKILL
        yield died[0]


def rows_of(package):
    """Give the rows of a package as the datastore should show them."""
    found = set()
    for row in csv.DictReader(io.StringIO((package / CSV).read_text())):
        figures = {name: float(row[name]) if row[name] else None for name in ("cases", "rate")}
        found.add(tuple(sorted({**{name: cell or None for name, cell in row.items()}, **figures}.items(), key=str)))
    return found


def shown_rows(ckan, resource_id):
    rows = ckan.rows(resource_id)
    if rows is None:
        return None
    return {
        tuple(
            sorted(
                {**row, **{n: None if row[n] is None else float(row[n]) for n in ("cases", "rate")}}.items(), key=str
            )
        )
        for row in rows
    }


def mark(ckan):
    extras = {one["key"]: one["value"] for one in ckan.dataset(DATASET)["extras"]}
    return json.loads(extras["ddg_publication"])["releases"]["visits_by_county"]


class TestKilled:
    @pytest.fixture
    def held(self, contract, rulebook):
        return lambda directory: Package(directory, contract, rulebook)

    def test_a_first_publication_is_seen_by_nobody_or_whole_in_ckan(self, ckan, held, package):
        after = []
        for action in killed_after_each_request(ckan, lambda: publish_together_to_ckan([held(package)], ckan.portal())):
            after.append(action)
            if ckan.dataset(DATASET) is not None:
                assert compare_with_portal(held(package), ckan.portal()) == []
        assert after.count("resource_create") == len(contents(package))
        assert {"package_create", "datastore_create", "datastore_upsert", "package_patch"} <= set(after)
        assert compare_with_portal(held(package), ckan.portal()) == []
        assert len(ckan.dataset(DATASET)["resources"]) == len(contents(package))

    def test_an_update_leaves_each_part_old_or_new_in_ckan_and_says_which(self, ckan, held, package, next_package):
        (receipt,) = publish_together_to_ckan([held(package)], ckan.portal())
        old, new = contents(package), contents(next_package)
        old_rows, new_rows = rows_of(package), rows_of(next_package)
        table = receipt.resources[CSV]
        assert shown_rows(ckan, table) == old_rows
        after, mixtures = [], 0
        work = lambda: publish_together_to_ckan([held(next_package)], ckan.portal())  # noqa: E731
        for action in killed_after_each_request(ckan, work):
            after.append(action)
            got = {name: ckan.file(DATASET, identity, name) for name, identity in receipt.resources.items()}
            assert all(got[name] in (old[name], new[name]) for name in got), action
            rows = shown_rows(ckan, table)
            assert rows <= old_rows | new_rows, action
            noted = mark(ckan)
            if got == old and rows == old_rows:
                assert noted["public"]["certificate"] == receipt.certificate
            elif noted["coming"] is None:
                assert (got, rows) == (new, new_rows)
                assert noted["public"]["certificate"] != receipt.certificate
            else:
                mixtures += 1
                assert noted["public"]["certificate"] == receipt.certificate
        assert after[0] == "package_create"  # where updates are tried out
        assert {"resource_create", "datastore_upsert", "datastore_delete", "resource_patch", "package_patch"} <= set(
            after
        )
        assert mixtures
        assert compare_with_portal(held(next_package), ckan.portal()) == []

    @pytest.mark.thorough
    def test_a_hidden_update_leaves_the_old_nothing_or_the_new_in_ckan(self, ckan, held, package, next_package):
        (receipt,) = publish_together_to_ckan([held(package)], ckan.portal())
        publish_together_to_ckan([held(package)], ckan.portal())
        portal, seen = ckan.portal(updates="hidden"), []
        for _ in killed_after_each_request(ckan, lambda: publish_together_to_ckan([held(next_package)], portal)):
            if ckan.dataset(DATASET) is None:
                assert ckan.rows(receipt.resources[CSV]) is None
                assert ckan.file(DATASET, receipt.resources[CSV], CSV) is None
                seen.append("nothing")
                continue
            got = {name: ckan.file(DATASET, identity, name) for name, identity in receipt.resources.items()}
            assert got in (contents(package), contents(next_package))
            seen.append("old" if got == contents(package) else "new")
        assert [one for number, one in enumerate(seen) if not number or seen[number - 1] != one] == [
            "old", "nothing", "new"
        ]  # fmt: skip
        assert compare_with_portal(held(next_package), portal) == []

    def test_a_withdrawal_hides_everything_of_ckan_from_its_first_request_on(self, ckan, held, contract, package):
        (receipt,) = publish_together_to_ckan([held(package)], ckan.portal())
        work = lambda: retract_from_ckan([contract], ckan.portal(), reason="Counted twice.", at=ISSUED_AT)  # noqa: E731
        after = []
        for action in killed_after_each_request(ckan, work):
            after.append(action)
            assert ckan.dataset(DATASET) is None
            assert ckan.rows(receipt.resources[CSV]) is None
            assert ckan.file(DATASET, receipt.resources[CSV], CSV) is None
        assert after[:2] == ["package_patch", "datastore_delete"]
        (gone,) = retract_from_ckan([contract], ckan.portal(), reason="Again.")
        assert (gone.reason, gone.at, gone.changed) == ("Counted twice.", ISSUED_AT, False)
