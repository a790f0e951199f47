"""Publishing to a real CKAN: what the public reads is what passed the gate, from the first moment on."""

import datetime as dt
import json
import logging
import shutil

import ckanapi
import pytest
import requests
from ckan_portal.fixtures import TOKEN_VARIABLE, editor_of
from ckan_portal.proxy import Answer

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.publishing import Package
from ddg_pipeline.publishing.ckan import compare_with_portal, publish_together_to_ckan, retract_from_ckan

ISSUED_AT = dt.datetime(2021, 11, 2, 12, tzinfo=dt.UTC)
DATASET, STAGING = "emergency-visits", "emergency-visits-staging"
CSV = "visits-by-county.csv"


@pytest.fixture
def publish(ckan, contract, rulebook):
    """Publish packages, each a directory or a directory and its contract."""

    def publish(*packages, fields=None, **settings):
        given = [one if isinstance(one, tuple) else (one, contract) for one in packages]
        held = [Package(directory, its, rulebook) for directory, its in given]
        return publish_together_to_ckan(held, ckan.portal(**settings), fields)

    return publish


@pytest.fixture
def compare(ckan, contract, rulebook):
    def compare(package, fields=None):
        return compare_with_portal(Package(package, contract, rulebook), ckan.portal(), fields)

    return compare


@pytest.fixture
def retract(ckan, contract):
    def retract(*contracts, reason="The counts of 2019 were counted twice."):
        return retract_from_ckan(contracts or [contract], ckan.portal(), reason=reason)

    return retract


@pytest.fixture
def next_package(make_package, table):
    """The next version: other figures in a row, a row more, and one that is gone."""
    changed = table.copy()
    changed.loc[3, ["cases", "rate"]] = ["150", "37.6"]
    changed.loc[2, "county"] = "Amador, east"
    return make_package("next", changed, issued_at=ISSUED_AT + dt.timedelta(days=1))


@pytest.fixture
def other(contract, make_package):
    """Another release, in a dataset of its own; gives its package and contract."""
    other = contract.model_copy(
        update={
            "release": "visits_by_area",
            "title": "Visits by area",
            "publication": contract.publication.model_copy(
                update={"dataset": "visits-by-area", "resource": "visits-by-area"}
            ),
        }
    )
    return make_package("other", contract=other), other


@pytest.fixture
def neighbour(contract, make_package):
    """Another release in the same dataset; gives its package and contract."""
    publication = contract.publication.model_copy(update={"resource": "visits-by-area"})
    other = contract.model_copy(
        update={"release": "visits_by_area", "title": "Visits by area", "publication": publication}
    )
    return make_package("neighbour", contract=other), other


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def served(ckan, receipt):
    """Give what anybody gets of a release, file by file."""
    return {name: ckan.file(receipt.dataset, identity, name) for name, identity in receipt.resources.items()}


def by_county(rows):
    return {row["county"]: row for row in rows}


class TestAFirstPublication:
    def test_gives_anybody_the_certified_bytes_from_ckan(self, ckan, publish, package, compare):
        (receipt,) = publish(package)
        assert served(ckan, receipt) == contents(package)
        assert compare(package) == []
        assert receipt.operations == ("publish",)
        assert receipt.changed
        assert receipt.replaced is None
        assert requests.get(receipt.download, timeout=60).content == (package / CSV).read_bytes()
        assert requests.get(receipt.url, timeout=60).status_code == 200

    def test_keeps_types_in_ckan_and_shows_suppressed_as_null_and_zero_as_zero(self, ckan, publish, package):
        (receipt,) = publish(package)
        rows = by_county(ckan.rows(receipt.resources[CSV]))
        assert rows["Alpine"]["county_fips"] == "003"
        assert rows["Alpine"]["cases"] is None
        assert rows["Alpine"]["rate"] is None
        assert rows["Alpine"]["cases_annotation_code"] == "1"
        assert rows["Amador"]["cases"] == 0
        assert rows["Amador"]["cases"] is not False
        assert rows["Amador"]["cases_annotation_code"] is None
        assert rows["All"]["rate"] == 35.1

    def test_describes_every_column_in_ckan(self, ckan, publish, package):
        (receipt,) = publish(package)
        fields = ckan.anybody.datastore_search(resource_id=receipt.resources[CSV], limit=0)["fields"][1:]
        lines = (package / "data-dictionary.csv").read_text().splitlines()[1:]
        assert [field["id"] for field in fields] == [line.partition(",")[0] for line in lines]
        assert {field["type"] for field in fields} == {"text", "numeric"}
        assert all(field["info"]["type_override"] == field["type"] for field in fields)
        assert all(field["info"]["label"] and field["info"]["notes"] for field in fields)

    def test_tells_hash_and_names_of_each_file_in_ckan(self, ckan, publish, package):
        (receipt,) = publish(package)
        resources = {one["ddg_file"]: one for one in ckan.dataset(DATASET)["resources"]}
        assert {name: one["hash"] for name, one in resources.items()} == dict(receipt.files)
        assert resources[CSV]["name"] == "Visits by county & year"
        assert all(one["url"].endswith(f"/{name}") for name, one in resources.items())

    def test_shows_ckan_what_it_is_given_to_show(self, ckan, publish, package, compare):
        fields = {
            "title": "Emergency visits",
            "notes": "Of residents.",
            "tags": [{"name": "emergency"}, {"name": "counties"}],
            "extras": [{"key": "frequency", "value": "yearly"}],
        }
        publish(package, fields={DATASET: fields})
        shown = ckan.dataset(DATASET)
        assert (shown["title"], shown["notes"]) == ("Emergency visits", "Of residents.")
        assert {tag["name"] for tag in shown["tags"]} == {"counties", "emergency"}
        assert compare(package, fields) == []
        assert compare(package, fields | {"notes": "Others."}) == [f"{DATASET}: notes: not what was published"]
        assert compare(package, {"extras": {"frequency": "daily"}}) == [
            f"{DATASET}: extras: frequency: not what was published"
        ]

    def test_is_seen_by_nobody_before_ckan_gave_everything_back(self, ckan, publish, package):
        seen = []
        ckan.proxy.after = lambda request: seen.append(ckan.dataset(DATASET) is not None) if request.writes else None
        publish(package)
        assert seen == [False] * (len(seen) - 1) + [True]
        assert ckan.proxy.written[-1] == "package_patch"

    def test_that_ckan_gives_back_otherwise_does_not_become_public(self, ckan, publish, package):
        def spoil(request):
            if request.action == "resource_create" and b"visits-by-county.csv" in request.body:
                found = ckan.administrator.package_show(id=DATASET)["resources"][0]
                upload = ("visits-by-county.csv", b"county,cases\nAlpine,3\n")
                ckan.administrator.resource_patch(id=found["id"], upload=_file(*upload))

        ckan.proxy.after = spoil
        with pytest.raises(RefusedError, match=r"nothing was published.*visits-by-county\.csv: other bytes"):
            publish(package)
        assert ckan.dataset(DATASET) is None

    def test_of_a_package_without_a_certificate_asks_nothing_of_ckan(self, ckan, publish, package):
        (package / CSV).write_bytes((package / CSV).read_bytes() + b"\n")
        with pytest.raises(RefusedError, match="void"):
            publish(package)
        assert ckan.proxy.seen == []


def _file(name, data):
    import io

    return name, io.BytesIO(data)


class TestASecondCall:
    def test_changes_nothing_in_ckan_and_says_so(self, ckan, publish, package):
        (first,) = publish(package)
        modified = ckan.dataset(DATASET)["metadata_modified"]
        ckan.proxy.forget()
        (second,) = publish(package)
        assert ckan.proxy.written == []
        assert not second.changed
        assert second.operations == ()
        assert str(second) == f"visits_by_county: already public on {second.url}; nothing was changed"
        assert second.resources == first.resources
        assert ckan.dataset(DATASET)["metadata_modified"] == modified

    def test_mends_what_somebody_changed_in_ckan(self, ckan, publish, package, compare):
        (receipt,) = publish(package)
        identity = receipt.resources[CSV]
        ckan.editor.resource_patch(id=identity, upload=_file(CSV, b"county,cases\nAlpine,3\n"))
        row = {"county_fips": "003", "county": "Alpine", "cases": 3}
        ckan.editor.datastore_upsert(resource_id=identity, method="update", records=[row], force=True)
        ckan.editor.package_patch(id=DATASET, title="Others")
        (problem, other_rows) = compare(package)
        assert problem == f"{DATASET}: {CSV}: other bytes than the certified ones"
        assert other_rows.endswith("1 rows not as certified, among them county_fips=003, county=Alpine")
        publish(package)
        assert compare(package, {"title": "Visits by county & year"}) == []
        assert served(ckan, receipt) == contents(package)


class TestAnUpdate:
    def test_keeps_addresses_in_ckan_and_changes_rows_as_the_handbook_says(
        self, ckan, publish, package, next_package, compare
    ):
        (first,) = publish(package)
        (second,) = publish(next_package)
        assert second.resources == first.resources
        assert served(ckan, second) == contents(next_package)
        assert compare(next_package) == []
        assert second.replaced == first.certificate
        assert second.operations == ("append", "update", "delete")
        assert (second.rows.appended, second.rows.updated, second.rows.deleted) == (1, 1, 1)
        assert set(by_county(ckan.rows(second.resources[CSV]))) == {"Alameda, north", "Alpine", "Amador, east", "All"}

    def test_leaves_no_old_figure_to_be_searched_for_in_ckan(self, ckan, publish, package, next_package):
        publish(package)
        (receipt,) = publish(next_package)

        def found(text):
            return ckan.anybody.datastore_search(resource_id=receipt.resources[CSV], q=text)["records"]

        assert found("140") == []
        assert [row["county"] for row in found("150")] == ["All"]

    def test_is_tried_out_where_nobody_reads_before_ckan_changes(self, ckan, publish, package, next_package):
        publish(package)
        ckan.proxy.forget()
        publish(next_package)
        assert ckan.dataset(STAGING) is None
        public = ckan.administrator.package_show(id=DATASET)["id"]
        staging = ckan.administrator.package_show(id=STAGING)["id"]
        about = [_dataset_of(ckan, request) for request in ckan.proxy.seen if request.writes]
        first = about.index(public)
        assert staging not in about[first:]
        assert public not in about[:first]

    def test_hidden_shows_the_old_version_nothing_or_the_new_one(self, ckan, publish, package, next_package):
        (receipt,) = publish(package)
        old, new, seen = contents(package), contents(next_package), []

        def look(request):
            if request.writes:
                found = served(ckan, receipt)
                seen.append("old" if found == old else "new" if found == new else set(found.values()))

        ckan.proxy.after = look
        publish(next_package, updates="hidden")
        assert [one for number, one in enumerate(seen) if not number or seen[number - 1] != one] == [
            "old", {None}, "new"
        ]  # fmt: skip

    def test_with_other_columns_is_a_replacement_that_ckan_hides(self, ckan, publish, package, make_package, compare):
        (receipt,) = publish(package)
        identity = receipt.resources[CSV]
        ckan.editor.datastore_delete(resource_id=identity, force=True)
        fields = [{"id": "county", "type": "text"}, {"id": "cases", "type": "text"}]
        ckan.editor.datastore_create(resource_id=identity, fields=fields, force=True)
        assert any("other columns" in problem for problem in compare(package))
        later = make_package("later", issued_at=ISSUED_AT + dt.timedelta(days=2))
        (again,) = publish(later)
        assert again.operations == ("replace",)
        assert again.resources == receipt.resources
        assert compare(later) == []

    def test_to_an_earlier_version_is_refused_and_ckan_stays(self, ckan, publish, package, next_package, compare):
        publish(next_package)
        with pytest.raises(RefusedError, match="a later release is public already"):
            publish(package)
        assert compare(next_package) == []

    def test_in_many_parts_comes_whole_in_ckan(self, publish, package, next_package, compare):
        publish(package, rows_per_call=1)
        assert compare(package) == []
        publish(next_package, rows_per_call=1)
        assert compare(next_package) == []


def _dataset_of(ckan, request):
    """Say which dataset a request writes to."""
    if b"package_id" in request.body and request.action == "resource_create":
        return request.body.partition(b'name="package_id"\r\n\r\n')[2].partition(b"\r\n")[0].decode()
    if request.body.startswith(b"{"):
        given = json.loads(request.body)
        if request.action == "package_create":
            return ckan.administrator.package_show(id=given["name"])["id"]
        if request.action == "package_patch":
            return given["id"]
        identity = given.get("resource_id") or given.get("id")
    else:
        identity = request.body.partition(b'name="id"\r\n\r\n')[2].partition(b"\r\n")[0].decode()
    return ckan.administrator.resource_show(id=identity)["package_id"]


class TestLinkedReleases:
    def test_are_all_tried_out_before_one_is_public_in_ckan(self, ckan, publish, package, other):
        public = []

        def look(request):
            if request.writes:
                public.append([name for name in (DATASET, "visits-by-area") if ckan.dataset(name) is not None])

        ckan.proxy.after = look
        receipts = publish(package, other)
        assert [receipt.dataset for receipt in receipts] == [DATASET, "visits-by-area"]
        assert public == [[]] * (len(public) - 2) + [[DATASET], [DATASET, "visits-by-area"]]

    def test_stay_all_as_they_were_if_ckan_does_not_take_one(self, ckan, publish, package, other):
        def refuse(request):
            if request.action == "datastore_create" and request.number > 10:
                return Answer(409, {"Content-Type": "application/json"}, b'{"error": {"__type": "Validation Error"}}')
            return None

        ckan.proxy.before = refuse
        with pytest.raises(InputError, match="datastore_create"):
            publish(package, other)
        assert ckan.dataset(DATASET) is None
        assert ckan.dataset("visits-by-area") is None

    def test_may_share_a_dataset_of_ckan(self, ckan, publish, package, neighbour, compare):
        first, second = publish(package, neighbour)
        assert first.dataset == second.dataset == DATASET
        assert served(ckan, first) == contents(package)
        assert served(ckan, second) == contents(neighbour[0])
        assert ckan.dataset(DATASET)["title"] == "Emergency visits"
        assert compare(package) == []


class TestWhatWeDidNotMake:
    def test_a_dataset_of_ckan_is_refused_and_left_alone(self, ckan, publish, package):
        ckan.editor.package_create(name=DATASET, owner_org=ckan.organization, title="By hand")
        before = ckan.dataset(DATASET)
        with pytest.raises(InputError, match="a dataset that this tool did not make"):
            publish(package)
        assert ckan.dataset(DATASET) == before

    def test_a_resource_in_our_dataset_of_ckan_is_refused(self, ckan, publish, package, next_package, neighbour):
        publish(package)
        ckan.editor.resource_create(package_id=DATASET, name="Visits by area", url="https://example.org/a.csv")
        with pytest.raises(InputError, match="Visits by area: found a resource that this tool did not make"):
            publish(neighbour)
        publish(next_package)
        assert [one["name"] for one in ckan.dataset(DATASET)["resources"]].count("Visits by area") == 1

    def test_is_adopted_with_its_addresses_if_the_settings_say_so(self, ckan, publish, package, compare):
        ckan.editor.package_create(
            name=DATASET, owner_org=ckan.organization, extras=[{"key": "contact", "value": "a@example.org"}]
        )
        csv = _file(CSV, b"county,cases\nAlpine,3\n")
        mine = ckan.editor.resource_create(package_id=DATASET, name="By hand", upload=csv)
        fields = [{"id": "county", "type": "text"}, {"id": "cases", "type": "numeric"}]
        records = [{"county": "Alpine", "cases": 3}]
        ckan.editor.datastore_create(resource_id=mine["id"], fields=fields, records=records, force=True)
        kept = ckan.editor.resource_create(package_id=DATASET, name="Notes", url="https://example.org/notes")
        (receipt,) = publish(package, adopt=True)
        assert receipt.resources[CSV] == mine["id"]
        assert compare(package) == []
        shown = ckan.dataset(DATASET)
        assert kept["id"] in [one["id"] for one in shown["resources"]]
        assert {"key": "contact", "value": "a@example.org"} in shown["extras"]

    def test_a_dataset_that_somebody_hid_is_not_shown_again(self, ckan, publish, package, next_package):
        publish(package)
        ckan.editor.package_patch(id=DATASET, private=True)
        with pytest.raises(InputError, match="somebody hid it"):
            publish(next_package)
        assert ckan.dataset(DATASET) is None

    def test_a_dataset_that_somebody_deleted_stays_deleted(self, ckan, publish, package, next_package):
        publish(package)
        ckan.editor.package_delete(id=DATASET)
        with pytest.raises(InputError, match="somebody deleted it"):
            publish(next_package)
        assert ckan.dataset(DATASET) is None
        ckan.editor.package_patch(id=DATASET, state="active")


class TestAWithdrawal:
    def test_leaves_nothing_of_it_in_ckan(self, ckan, publish, retract, package, next_package):
        publish(package)
        (receipt,) = publish(next_package)
        (gone,) = retract()
        assert gone.changed
        assert gone.certificate == receipt.certificate
        assert not gone.dataset_public
        assert ckan.dataset(DATASET) is None
        assert set(served(ckan, receipt).values()) == {None}
        assert ckan.rows(receipt.resources[CSV]) is None
        for name in (DATASET, STAGING):
            shown = ckan.administrator.package_show(id=name)
            assert all(not one["datastore_active"] and one["url_type"] == "" for one in shown["resources"])
        with pytest.raises(ckanapi.NotFound):
            ckan.administrator.datastore_search(resource_id=receipt.resources[CSV])
        page = f"dataset/{DATASET}/resource/{receipt.resources[CSV]}/download/{CSV}"
        answer = requests.get(f"{ckan.direct}/{page}", headers={"Authorization": ckan.token}, timeout=60)
        assert answer.content != (next_package / CSV).read_bytes()

    def test_is_on_record_with_its_reason_in_ckan(self, ckan, publish, retract, package):
        publish(package)
        retract(reason="Counted twice.")
        extras = {one["key"]: one["value"] for one in ckan.administrator.package_show(id=DATASET)["extras"]}
        noted = json.loads(extras["ddg_publication"])["releases"]["visits_by_county"]
        assert noted["public"] is None
        assert noted["withdrawn"]["reason"] == "Counted twice."

    def test_comes_to_its_end_however_often_ckan_is_asked(self, ckan, publish, retract, package):
        publish(package)
        (first,) = retract(reason="Counted twice.")
        ckan.proxy.forget()
        (second,) = retract(reason="Another.")
        assert not second.changed
        assert (second.at, second.reason) == (first.at, "Counted twice.")

    def test_leaves_other_releases_of_the_dataset_in_ckan(self, ckan, publish, retract, package, neighbour, contract):
        first, second = publish(package, neighbour)
        (gone,) = retract(contract)
        assert gone.dataset_public
        assert served(ckan, second) == contents(neighbour[0])
        assert not set(contents(package).values()) & set(served(ckan, first).values())
        told = {one["description"] for one in ckan.dataset(DATASET)["resources"] if one["ddg_release"] == first.release}
        (told,) = told
        assert told.endswith("The counts of 2019 were counted twice.")

    def test_of_a_dataset_that_somebody_hid_does_not_show_it_again(
        self, ckan, publish, retract, package, neighbour, contract
    ):
        publish(package, neighbour)
        ckan.editor.package_patch(id=DATASET, private=True)
        (gone,) = retract(contract)
        assert not gone.dataset_public
        assert ckan.dataset(DATASET) is None

    def test_that_was_cut_short_is_completed_before_ckan_shows_another_release(
        self, ckan, publish, retract, package, neighbour, contract
    ):
        (first,) = publish(package)
        ckan.proxy.before = lambda request: Answer(500) if request.action == "datastore_delete" else None
        with pytest.raises(InputError, match="no answer to datastore_delete"):
            retract(contract)
        assert ckan.dataset(DATASET) is None
        ckan.proxy.forget()
        (second,) = publish(neighbour)
        assert served(ckan, second) == contents(neighbour[0])
        assert not set(contents(package).values()) & set(served(ckan, first).values())
        assert ckan.rows(first.resources[CSV]) is None

    def test_is_not_undone_by_publishing_the_same_to_ckan(self, publish, retract, package, ckan):
        publish(package)
        retract()
        with pytest.raises(RefusedError, match="withdrawn from the portal"):
            publish(package)
        assert ckan.dataset(DATASET) is None

    def test_is_followed_by_a_later_version_at_the_same_address_of_ckan(
        self, ckan, publish, retract, package, next_package, compare
    ):
        (first,) = publish(package)
        retract()
        (second,) = publish(next_package)
        assert second.resources == first.resources
        assert second.operations == ("publish",)
        assert compare(next_package) == []

    def test_of_what_was_never_there_says_so(self, ckan, retract):
        with pytest.raises(InputError, match="no such dataset"):
            retract()

    def test_needs_a_reason(self, ckan, retract):
        with pytest.raises(InputError, match="reason"):
            retract(reason=" ")


class TestTheToken:
    def test_of_another_organization_is_refused_by_ckan(self, ckan, publish, package, monkeypatch):
        elsewhere = f"elsewhere-{ckan.organization}"
        ckan.administrator.organization_create(name=elsewhere)
        monkeypatch.setenv(TOKEN_VARIABLE, editor_of(ckan.administrator, elsewhere))
        with pytest.raises(InputError) as refused:
            publish(package)
        assert refused.value.field == TOKEN_VARIABLE
        assert f"an editor of the organization {ckan.organization!r}" in str(refused.value)
        assert ckan.proxy.written == ["package_create"]  # asked once, as any 4xx
        assert ckan.dataset(DATASET) is None

    def test_that_is_not_set_is_named(self, ckan, publish, package, monkeypatch):
        monkeypatch.delenv(TOKEN_VARIABLE)
        with pytest.raises(InputError, match=TOKEN_VARIABLE):
            publish(package)
        assert ckan.proxy.seen == []

    def test_is_in_no_message_log_or_receipt_of_ckan(self, ckan, publish, retract, package, caplog):
        caplog.set_level(logging.DEBUG)
        told = [repr(ckan.portal()), str(ckan.portal().model_dump())]
        told += [repr(one) for one in publish(package)]
        ckan.proxy.before = lambda request: Answer(500)
        with pytest.raises(InputError) as failed:
            publish(package)
        told += [str(failed.value), repr(failed.getrepr(style="long", showlocals=False))]
        ckan.proxy.before = lambda request: Answer(200, {}, b"<html>" + ckan.token.encode())
        with pytest.raises(InputError) as failed:
            publish(package)
        told += [str(failed.value), str(failed.getrepr(style="long"))]
        ckan.proxy.forget()
        told += [repr(one) for one in retract()]
        assert caplog.records
        assert ckan.token not in "\n".join([*told, caplog.text])

    def test_is_not_sent_where_anybody_may_read_ckan(self, ckan, compare, publish, package):
        publish(package)
        ckan.proxy.forget()
        compare(package)
        assert ckan.proxy.seen
        assert not any(request.authorized for request in ckan.proxy.seen)


class TestAPortalThatDoesNotAnswer:
    def test_is_asked_again_whatever_of_ckan_fails_once(self, ckan, publish, package, compare):
        failed = set()

        def fail_once(request):
            about = request.action or "download"
            if about in failed:
                return None
            failed.add(about)
            return Answer((429, 502, 503, None)[len(failed) % 4], {"Retry-After": "0"})

        ckan.proxy.before = fail_once
        publish(package)
        assert {"package_create", "resource_create", "datastore_create", "datastore_upsert", "download"} <= failed
        ckan.proxy.forget()
        assert compare(package) == []

    def test_may_have_done_what_it_did_not_answer_to(self, ckan, publish, package, next_package, compare):
        lost = set()

        def lose_once(request):
            if not request.writes or request.action in lost:
                return None
            lost.add(request.action)
            return Answer(None)

        ckan.proxy.after = lose_once
        publish(package)
        lost.clear()
        publish(next_package)
        ckan.proxy.forget()
        assert compare(next_package) == []
        assert len(ckan.dataset(DATASET)["resources"]) == len(contents(package))

    def test_is_given_up_with_a_message_and_ckan_is_as_it_was(self, ckan, publish, package, next_package, compare):
        publish(package)
        ckan.proxy.forget()
        ckan.proxy.before = lambda request: Answer(503) if request.action == "datastore_upsert" else None
        with pytest.raises(InputError, match=r"no answer to datastore_upsert in 3 attempts \(HTTP 503\)"):
            publish(next_package)
        assert [one.action for one in ckan.proxy.seen].count("datastore_upsert") == 3
        ckan.proxy.forget()
        assert compare(package) == []

    def test_that_takes_less_in_one_request_says_so(self, ckan, publish, package):
        ckan.proxy.before = lambda request: Answer(413) if request.action == "resource_create" else None
        with pytest.raises(InputError, match=r"more than it takes in one request \(HTTP 413\)"):
            publish(package)
        assert ckan.proxy.written == ["package_create", "resource_create"]

    def test_is_waited_for_as_long_as_ckan_asks(self, ckan, publish, package, monkeypatch):
        import tenacity

        waited = []
        monkeypatch.setattr(tenacity.nap.time, "sleep", waited.append)
        answers = iter([Answer(429, {"Retry-After": "7"}), Answer(503, {"Retry-After": "100000"})])
        ckan.proxy.before = lambda request: next(answers, None)
        publish(package)
        assert waited[:2] == [7.0, 300.0]


class TestALargeFile:
    def test_is_never_whole_in_memory(self, ckan, tmp_path):
        import tracemalloc

        from ddg_pipeline.publishing.ckan.client import PortalClient

        ckan.editor.package_create(name=DATASET, owner_org=ckan.organization, private=True)
        large = tmp_path / "large.csv"
        with large.open("wb") as file:
            for _ in range(64):
                file.write(b"x" * (1 << 20))
        with PortalClient(ckan.portal(url=ckan.direct)) as client:
            tracemalloc.start()
            try:
                client.upload("resource_create", large, package_id=DATASET, name="large")
                _, most = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
        assert most < 16 << 20
        shutil.rmtree(tmp_path, ignore_errors=True)
