"""Standing approvals: later releases inside of them need nobody; whatever is outside asks for a person."""

from __future__ import annotations

import datetime as dt

import pytest

from ddg_pipeline.errors import InputError, InputErrors
from ddg_pipeline.review.approving import Series, approve, revoke
from ddg_pipeline.review.decisions import review_release
from ddg_pipeline.review.statements import Revocation

UNTIL = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=100)
ROLE = ("data_steward",)


def table(*rows, year=2023):
    lines = [f"{county},{year},{cases}" for county, cases in rows]
    return "\n".join(["county,year,cases", *lines, ""])


def usual(alpha=40, beta=60, year=2023):
    return table(("Alpha", alpha), ("Beta", beta), ("All", alpha + beta), year=year)


@pytest.fixture
def stands(desk, series):
    """A first release, approved with its series; gives the state of a later one."""
    of = desk(standing=True, roles=ROLE)

    def approved(later=None, *, share=20.0, score=10, drift=20.0, until=UNTIL, now=None, published=(), first=None):
        release = series.release(**({"table": usual(), "roles": ROLE} | (first or {})))
        limits = Series(until, share, score, drift)
        approve(of, release, role="data_steward", by="Ana", note="the series", series=limits)
        subject = release if later is None else series.release(**({"table": usual(), "roles": ROLE} | later))
        with of.log.reading() as history:
            (found,) = review_release(subject, history, of.review, published=published, now=now).roles
        return found

    return approved


class TestInside:
    def test_the_release_that_was_looked_at_is_approved(self, stands):
        found = stands()
        assert (found.state, found.standing, found.by) == ("approved", True, "Ana")

    def test_a_later_one_like_it_is_too(self, stands):
        assert stands({"table": usual(44, 58)}).state == "approved"

    def test_a_new_period_is_expected(self, stands):
        later = usual() + usual(48, 70, 2024).partition("\n")[2]
        assert stands({"table": later}).state == "approved"

    def test_a_release_of_the_next_period_alone_is_compared_with_that_of_the_last(self, stands):
        assert stands({"table": usual(42, 61, 2024)}).state == "approved"


class TestOutside:
    @pytest.mark.parametrize(
        ("later", "says"),
        [
            ({"suppressed": 3}, "30.0 percent of a measure's cells are suppressed, over 20"),
            ({"score": 11, "at_most": 11}, "the publication score may be 11, over 10"),
            ({"score": None, "at_most": 12}, "the publication score may be 12, over 10"),
            ({"table": usual(70, 60)}, "the total of cases differs by more than 20 percent"),
            ({"table": table(("Alpha", 40), ("All", 100))}, "the number of rows differs by more than 20 percent"),
            ({"rulebook": "another"}, "the rulebook changed"),
            ({"decision": "release"}, "the decision to mask changed"),
            ({"table": usual(70, 60, 2024)}, "the total of cases differs by more than 20 percent"),
            ({"table": usual(40, 60, 2024) + usual(40, 60, 2025).partition("\n")[2]}, "no period is in this release"),
        ],
    )
    def test_it_asks_for_a_person_and_says_what_is_outside(self, stands, later, says):
        found = stands(later)
        assert found.state == "void"
        assert says in " ".join(found.why)

    def test_a_changed_contract(self, stands, a_contract):
        found = stands({"contract": a_contract(title="Visits by county of residence")})
        assert "the contract changed" in " ".join(found.why)

    def test_changed_code_lists(self, stands, a_suite):
        found = stands({"suite": a_suite(("All", "Alpha", "Beta", "Gamma"))})
        assert "the code lists changed" in " ".join(found.why)

    def test_labels_that_no_list_has(self, stands, a_suite):
        later = table(("Alpha", 40), ("Gamma", 60), ("All", 100))
        found = stands({"table": later, "suite": a_suite(())}, first={"suite": a_suite(())}, drift=1000.0)
        assert "the code lists changed" in " ".join(found.why)

    def test_everything_at_once_is_told(self, stands):
        why = " ".join(stands({"suppressed": 9, "score": 20, "at_most": 20, "rulebook": "another"}).why)
        assert all(text in why for text in ("rulebook", "suppressed", "score"))

    def test_after_its_last_day_it_has_ended(self, stands):
        at = dt.datetime.combine(UNTIL + dt.timedelta(days=1), dt.time(), dt.UTC)
        found = stands({}, now=at)
        assert found.state == "void"
        assert f"ended on {UNTIL}" in " ".join(found.why)

    def test_on_its_last_day_it_holds(self, stands):
        assert stands({}, now=dt.datetime.combine(UNTIL, dt.time(23, 59), dt.UTC)).state == "approved"


class TestTheClock:
    def test_that_goes_back_does_not_make_one_valid_again(self, desk, series):
        """The last entry of the log is of a later day than the clock now says."""
        of = desk(standing=True, roles=ROLE)
        release = series.release(roles=ROLE)
        today = dt.datetime.now(dt.UTC)
        approve(of, release, role="data_steward", by="Ana", series=Series(today.date()))
        later = today.replace(microsecond=0) + dt.timedelta(days=2)
        of.log.append(Revocation(release="deaths", role="data_steward", by="Ana", at=later, note="so"))
        with of.log.reading() as history:
            (found,) = review_release(release, history, of.review, now=today).roles
        assert "ended on" in " ".join(found.why)


class TestTheReleaseBefore:
    def test_drift_is_measured_from_the_last_one_that_was_published(self, desk, series):
        of = desk(standing=True, roles=ROLE)
        first = series.release(usual(40, 60), roles=ROLE)
        approve(of, first, role="data_steward", by="Ana", series=Series(UNTIL, 20.0, 10, 20.0))
        second, third = series.release(usual(46, 68), roles=ROLE), series.release(usual(52, 78), roles=ROLE)

        def state(subject, *published):
            with of.log.reading() as history:
                hashes = [one.certificate_sha256 for one in published]
                return review_release(subject, history, of.review, published=hashes).roles[0].state

        assert state(second) == "approved"
        assert state(third) == "void", "the second one was never published: nobody has seen the step between"
        assert state(third, second) == "approved"

    def test_one_that_was_changed_since_is_not_compared_with(self, desk, series):
        of = desk(standing=True, roles=ROLE)
        first = series.release(usual(), roles=ROLE)
        approve(of, first, role="data_steward", by="Ana", series=Series(UNTIL, 20.0, 10, 20.0))
        second = series.release(usual(), roles=ROLE)
        (first.directory / "visits.csv").write_text(usual(41, 59))
        with of.log.reading() as history:
            (found,) = review_release(second, history, of.review).roles
        assert "no release before it, approved or published" in " ".join(found.why)


class TestTurnedOff:
    def test_they_are_off_by_default(self, desk, series):
        with pytest.raises(InputError, match="standing approvals are off"):
            approve(desk(), series.release(), role="data_steward", by="Ana", series=Series(UNTIL))

    def test_those_that_are_there_do_not_count_once_they_are_off(self, desk, series):
        release = series.release(roles=ROLE)
        approve(desk(standing=True), release, role="data_steward", by="Ana", series=Series(UNTIL))
        with desk().log.reading() as history:
            (found,) = review_release(release, history, desk().review).roles
        assert found.state == "void"
        assert "they are off (review.standing)" in found.why[0]

    def test_a_revocation_ends_them(self, desk, series):
        of = desk(standing=True, roles=ROLE)
        release = series.release(roles=ROLE)
        approve(of, release, role="data_steward", by="Ana", series=Series(UNTIL))
        revoke(of, "visits", role="data_steward", by="Ana", note="we look again")
        with of.log.reading() as history:
            assert [one.state for one in review_release(series.release(roles=ROLE), history, of.review).roles] == [
                "revoked"
            ]


class TestGiving:
    @pytest.mark.parametrize(
        ("limits", "says"),
        [
            (Series(dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)), "--until"),
            (Series(dt.datetime.now(dt.UTC).date() + dt.timedelta(days=500)), "--until"),
            (Series(UNTIL, share_suppressed=5.0), "limits that this release is over: 10.0 percent"),
            (Series(UNTIL, score=7), "the publication score may be 8, over 7"),
        ],
    )
    def test_limits_that_make_no_sense_are_refused(self, desk, series, limits, says):
        with pytest.raises(InputError, match=says):
            approve(desk(standing=True), series.release(), role="data_steward", by="Ana", series=limits)

    @pytest.mark.parametrize("limits", [Series(UNTIL, share_suppressed=101.0), Series(UNTIL, drift=-1.0)])
    def test_a_share_is_a_percentage(self, desk, series, limits):
        with pytest.raises(InputErrors, match=r"--max-(share-suppressed|drift): found a number"):
            approve(desk(standing=True), series.release(), role="data_steward", by="Ana", series=limits)

    def test_what_is_left_out_is_the_release_s_own(self, desk, series):
        release = series.release()
        record = approve(desk(standing=True), release, role="data_steward", by="Ana", series=Series(UNTIL))
        assert record.statement.limits.model_dump() == {"share_suppressed": 10.0, "score": 8, "drift": 25.0}
