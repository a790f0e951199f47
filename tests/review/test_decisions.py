"""Whatever people say in whatever order: a release is approved exactly as far as a simple reckoning says."""

from __future__ import annotations

import datetime as dt

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddg_pipeline.review.decisions import review_release
from ddg_pipeline.review.log import History
from ddg_pipeline.review.settings import Review
from ddg_pipeline.review.statements import Approval, Record, Revocation

ROLES = ("data_steward", "legal_counsel", "deputy_director")
AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SAID = st.lists(
    st.tuples(
        st.sampled_from(["approve", "revoke"]),
        st.sampled_from([*ROLES, "mayor"]),
        st.sampled_from(["Ana", "Ben", "Cai"]),
        st.sampled_from([0, 1]),  # of which release
        st.sampled_from(["visits", "deaths"]),
    ),
    max_size=12,
)


def history(said, bounds):
    statements = []
    for what, role, by, which, name in said:
        common = {"release": name, "role": role, "by": by, "at": AT, "note": "so"}
        statements.append(Approval(**common, bound=bounds[which]) if what == "approve" else Revocation(**common))
    records = [
        Record(number=number, previous="0" * 64, statement=statement) for number, statement in enumerate(statements, 1)
    ]
    return History(tuple(records), tuple("0" * 64 for _ in records))


def reckoned(said, which):
    """Who holds an approval of the release: forget everything of a role when it is revoked."""
    held = {role: set() for role in (*ROLES, "mayor")}
    for what, role, by, of, name in said:
        if name != "visits":
            continue
        if what == "revoke":
            held[role] = set()
        elif of == which:
            held[role].add(by)
    return {role: held[role] for role in ROLES}


class TestAnyHistory:
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(said=SAID)
    def test_the_roles_that_count_are_those_of_the_reckoning(self, said, two, tmp_path):
        bounds = [one.bound for one in two]
        for which, release in enumerate(two):
            review = review_release(release, history(said, bounds), Review(tmp_path / "log", ROLES))
            held = reckoned(said, which)
            assert {one.role for one in review.roles if one.state == "approved"} == {
                role for role, people in held.items() if people
            }
            assert review.complete is all(held.values())
            for one in review.roles:
                assert one.state != "approved" or one.by in held[one.role]

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(said=SAID)
    def test_where_every_role_is_another_person_nobody_counts_twice(self, said, two, tmp_path):
        bounds = [one.bound for one in two]
        review = review_release(two[1], history(said, bounds), Review(tmp_path / "log", ROLES, separate=True))
        people = [one.by for one in review.roles if one.state == "approved"]
        assert len(people) == len(set(people))
        held = reckoned(said, 1)
        assert all(one.by in held[one.role] for one in review.roles if one.state == "approved")
