"""Whatever stands in ``ddg.yaml``: a project, or what is wrong with the file; and no secret is repeated.

A key or password may stand where it does not belong, so no error tells a value of a setting that may hold one. Where a
setting is a path, errors name it, as long as it looks like one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ddg_pipeline.contract.portal_metadata import PortalMetadata
from ddg_pipeline.errors import DdgError, InputError, InputErrors
from ddg_pipeline.orchestration.project import Project, load_project
from tests.orchestration.test_project import TEXT

SECRET = "Tr0ub4dor&3-horse-battery-staple"
PATHS = ("sources", "dbt_project", "expectations", "restricted", "public", "portal", "dagster_home", "rulebooks")
KEYS = (
    *PATHS, "restricted_key", "restricted_key_file", "restricted_crypto", "retention", "store_wait", "metadata",
    "targets", "signing",
)  # fmt: skip
INNER = ("key", "allowed_signers", "identity", "after_release", "proofs", "failed_runs", "url", "keep",
         *PortalMetadata.model_fields)  # fmt: skip

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # nothing is measured by time

texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "", ".", "..", "/", "~", "~nobody-of-this-name/key", "~/key", "$UNSET", "${UNSET}/a", "${DDG_KEY}",
            "var/restricted", "var/restricted/inside", "a\x00b", "\udcff", "\ud800", "a" * 5000, "x/" * 3000, "any",
            "openssl", "all", "keep", "remove", "s3://bucket/a", "file:///", "file:///tmp/\x00", "memory://x",
            "s3://a:b@c", "file://" + "a/" * 3000, "file:///" + "a" * 5000, "yearly", "2020 to 2024", "CC0-1.0",
        ]
    ),
)  # fmt: skip
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.dates(), texts, st.binary(max_size=5)
)
keys = st.one_of(st.sampled_from([*KEYS, *INNER]), scalars)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
whole = yaml.safe_load(TEXT)
mappings = st.one_of(
    st.dictionaries(keys, values, max_size=8),
    st.dictionaries(st.sampled_from(KEYS), values, max_size=3).map(lambda changed: {**whole, **changed}),
    st.fixed_dictionaries(
        {}, optional={key: st.dictionaries(st.sampled_from(INNER), values, max_size=3) for key in KEYS[8:]}
    ).map(lambda changed: {**whole, **changed}),
)


def outcome(raw: bytes) -> Project | DdgError:
    """Load a file as it stands; anything but a project or bad input is a failure of the test."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "ddg.yaml"
        file.write_bytes(raw)
        try:
            return load_project(Path(directory))
        except (InputError, InputErrors) as error:
            refused = error
    errors = refused.errors if isinstance(refused, InputErrors) else [refused]
    assert refused.exit_code == 2
    assert {one.place for one in errors} == {str(file)}
    assert all(one.field and one.found and one.expected for one in errors)
    assert str(refused).encode("utf-8"), "it is printed"
    assert refused.__cause__ is None
    return refused


def dumped(value: object) -> bytes:
    return yaml.safe_dump(value, allow_unicode=False).encode("utf-8")


@PATIENT
@given(mappings)
@example({**whole, "portal": "a\x00b"})
@example({**whole, "signing": {"key": "~nobody-of-this-name/key"}})
@example({**whole, "restricted_key_file": "a\x00b"})
@example({**whole, "targets": ["file:///tmp/a\x00b"]})
@example({**whole, "targets": ["file:///" + "a" * 5000]})
@example({**whole, "portal": "\ud800"})
@example({**whole, "store_wait": 10**400})
def test_any_mapping_is_a_project_or_bad_input(mapping):
    outcome(dumped(mapping))


@PATIENT
@given(st.one_of(st.text(max_size=200), st.text(st.characters(categories=["P", "S", "Zs"]), max_size=60)))
@example("sources: !!int ''\n")
@example("sources: !!bool maybe\n")
@example("sources: !!timestamp now\n")
@example("sources: !!float ''\n")
@example("sources: !!binary 'é'\n")
@example("sources: !!python/object:os.system {}\n")
@example("? [a]\n: b\n")
@example("%YAML 9.9\n---\na: b\n")
@example("--- a\n--- b\n")
@example("!!set {a, b}\n")
@example("!!omap [a: b]\n")
@example("[" * 1200)
@example("store_wait: " + "1" * 5000)
def test_any_text_is_a_project_or_bad_input(text):
    outcome(text.encode("utf-8", "surrogatepass"))


@PATIENT
@given(st.binary(max_size=100))
def test_any_bytes_are_a_project_or_bad_input(data):
    outcome(data)


PLACES = [
    {"restricted_key": SECRET},
    {"restricted_key": f"${{{SECRET}"},
    {"restricted_key": [SECRET]},
    {"restricted_key": {SECRET: 1}},
    {"restricted_key": SECRET, "restricted_key_file": SECRET},
    {"restricted_crypto": SECRET},
    {"restricted_crypto": [SECRET]},
    {"retention": SECRET},
    {"retention": {"proofs": SECRET}},
    {"retention": {SECRET: 1}},
    {"store_wait": SECRET},
    {"signing": SECRET},
    {"signing": {"key": [SECRET]}},
    {"signing": {"identity": SECRET}},
    {"signing": {SECRET: "a"}},
    {"signing": {"key": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----\n"}},
    {"restricted_key_file": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n"},
    {"targets": SECRET},
    {"targets": [SECRET]},
    {"targets": [f"s3://key:{SECRET}@bucket"]},
    {"targets": [f"s3://bucket/a?token={SECRET}"]},
    {"targets": [{"url": "s3://a", "secret": SECRET}]},
    {"targets": [{"url": "s3://a", SECRET: 1}]},
    {"targets": [{"url": "s3://a", "keep": SECRET}]},
    {"metadata": SECRET},
    {"metadata": {"contact_email": SECRET}},
    {"metadata": {"license": SECRET}},
    {"metadata": {"tags": SECRET}},
    {"metadata": {"related_resources": [{"url": SECRET}]}},
    {"metadata": {SECRET: 1}},
    {SECRET: 1},
    {"restricted": [SECRET]},
    {"portal": {SECRET: SECRET}},
]


@pytest.mark.parametrize("more", PLACES, ids=lambda more: "-".join(more).replace(SECRET, "it"))
def test_what_may_be_a_secret_is_not_repeated(more):
    error = outcome(dumped({**whole, **more}))
    assert isinstance(error, DdgError)
    assert SECRET not in str(error)
    assert SECRET not in repr(error.__context__)


@pytest.mark.parametrize("text", [f"restricted_key: {SECRET}: {SECRET}\n", f"restricted_key: '{SECRET}\n",
                                  f"restricted_key: !{SECRET} a\n", f"restricted_key: *{SECRET.replace('&', '')}\n",
                                  f"{SECRET}: 1\n{SECRET}: 2\n", f"%TAG ! {SECRET}\n---\na: b\n", SECRET,
                                  f"store_wait: !!int {SECRET}\n"])  # fmt: skip
def test_nor_by_the_parser(text):
    error = outcome(text.encode())
    assert isinstance(error, DdgError)
    assert SECRET.replace("&", "") not in str(error).replace("&", "")
    assert SECRET not in repr(error.__context__)
