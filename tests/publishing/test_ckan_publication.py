"""Publishing to a real CKAN: what the public reads is what passed the gate, from the first moment on."""

import datetime as dt
import json

import pytest

from ddg_pipeline.errors import InputError, RefusedError
from ddg_pipeline.publishing import Package
from ddg_pipeline.publishing.ckan import compare_with_portal, publish_together_to_ckan

ISSUED_AT = dt.datetime(2021, 11, 2, 12, tzinfo=dt.UTC)
DATASET = "emergency-visits"
CSV = "visits-by-county.csv"


@pytest.fixture
def held(contract, rulebook):
    """Give a directory with a package as what is published."""

    def held(directory, contract=contract):
        return Package(directory, contract, rulebook)

    return held


@pytest.fixture
def publish(ckan, held):
    def publish(*directories, fields=None, **settings):
        return publish_together_to_ckan([held(one) for one in directories], ckan.portal(**settings), fields)

    return publish


@pytest.fixture
def next_package(make_package, table):
    """The next version: another figure, a row more, and a row that is gone."""
    changed = table.copy()
    changed.loc[3, ["cases", "rate"]] = ["150", "37.6"]
    changed.loc[2, "county"] = "Amador, east"
    return make_package("next", changed, issued_at=ISSUED_AT + dt.timedelta(days=1))


class TestAFirstPublication:
    def test_ckan_gives_anybody_the_certified_bytes(self, ckan, publish, package):
        (receipt,) = publish(package)
        for path in package.iterdir():
            assert ckan.file(DATASET, receipt.resources[path.name], path.name) == path.read_bytes()

    def test_x(self, ckan, publish, package, next_package, held):
        (receipt,) = publish(package)
        print(receipt, ckan.proxy.written, len(ckan.proxy.seen))
        n = len(ckan.proxy.seen)
        (receipt,) = publish(package)
        print(receipt, ckan.proxy.written, len(ckan.proxy.seen) - n)
        ckan.proxy.forget()
        (receipt,) = publish(next_package)
        print(receipt, receipt.operations, receipt.rows, ckan.proxy.written, len(ckan.proxy.seen))
        print(ckan.rows(receipt.resources[CSV]))
        print(compare_with_portal(held(package), ckan.portal()))
        print(json.dumps(ckan.dataset(DATASET), indent=1))
        assert 0
