"""Approvals and revocations: what counts for a release, what does not, and what the answer says of it."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import pytest
from ssh_keys import allowed, make_key

from ddg_pipeline.errors import InputError, InputErrors, RefusedError
from ddg_pipeline.quality.signatures import Signing, sign
from ddg_pipeline.review.approving import approve, revoke
from ddg_pipeline.review.decisions import review_release
from ddg_pipeline.review.settings import APPROVALS
from ddg_pipeline.review.statements import Approval

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)


def found(desk, subject, **named):
    with desk.log.reading() as history:
        return review_release(subject, history, desk.review, **named)


def states(desk, subject):
    return {one.role: one.state for one in found(desk, subject).roles}


def why(desk, subject, role):
    return " ".join(next(one.why for one in found(desk, subject).roles if one.role == role))


def everybody(desk, subject):
    for role in subject.roles:
        approve(desk, subject, role=role, by=f"The {role}")


def said_by_hand(subject, signing=None, **named):
    """A statement that somebody makes past this program."""
    given = {"role": "data_steward", "by": "ana@dept", "at": NOW, "bound": subject.bound} | named
    return Approval(release=subject.release, **given)


class TestARelease:
    def test_nobody_has_approved_is_missing_everybody(self, desk, series):
        release = series.release()
        assert states(desk(), release) == {"data_steward": "missing", "legal_counsel": "missing"}
        assert found(desk(), release).waits_for == ("data_steward", "legal_counsel")

    def test_some_have_approved_waits_for_the_others(self, desk, series):
        release = series.release()
        approve(desk(), release, role="data_steward", by="Ana", note="read it")
        review = found(desk(), release)
        assert review.waits_for == ("legal_counsel",)
        assert not review.complete
        assert review.describe() == "visits: waits for the approval of legal_counsel (missing)"
        (first, _) = review.roles
        assert (first.by, first.note, first.state) == ("Ana", "read it", "approved")
        assert first.at is not None

    def test_everybody_has_approved_is_complete(self, desk, series):
        release = series.release()
        everybody(desk(), release)
        assert found(desk(), release).complete

    def test_nobody_has_to_approve_is_complete(self, desk, series):
        assert found(desk(), series.release(roles=())).complete


class TestWhatAnApprovalIsBoundTo:
    def test_a_later_release_is_not_approved_by_an_earlier_one_s(self, desk, series):
        first = series.release()
        everybody(desk(), first)
        second = series.release()
        assert states(desk(), second) == {"data_steward": "void", "legal_counsel": "void"}
        assert f"of another release, certificate {first.certificate_sha256[:12]}" in why(desk(), second, "data_steward")
        assert found(desk(), first).complete, "the first one still is"

    @pytest.mark.parametrize("part", ["data", "contract", "rulebook", "suite"])
    def test_every_hash_has_to_be_the_certificate_s(self, desk, series, part):
        release = series.release()
        bound = release.bound.model_copy(update={part: "f" * 64})
        desk().log.append(said_by_hand(release, bound=bound))
        assert "bound to other bytes" in why(desk(), release, "data_steward")

    def test_one_for_another_release_says_nothing_here(self, desk, series):
        release = series.release()
        desk().log.append(said_by_hand(release).model_copy(update={"release": "deaths"}))
        assert states(desk(), release)["data_steward"] == "missing"

    def test_one_that_is_dated_after_the_clock_does_not_count(self, desk, series):
        release = series.release()
        desk().log.append(said_by_hand(release, at=NOW + dt.timedelta(days=1)))
        assert "after this machine's clock" in why(desk(), release, "data_steward")


class TestRevoking:
    def test_takes_the_approval_back_and_says_who_and_why(self, desk, series):
        release = series.release()
        everybody(desk(), release)
        revoke(desk(), "visits", role="legal_counsel", by="Lea", note="the statute changed")
        assert states(desk(), release) == {"data_steward": "approved", "legal_counsel": "revoked"}
        assert "revoked by Lea" in why(desk(), release, "legal_counsel")
        assert [one.note for one in found(desk(), release).roles] == ["", "the statute changed"]

    def test_its_note_is_for_the_command_line_and_not_for_dagster(self, desk, series):
        """People write what they like, and Dagster keeps it for whoever reaches its web page."""
        release = series.release()
        everybody(desk(), release)
        revoke(desk(), "visits", role="legal_counsel", by="Lea", note="7 people in Alpha")
        assert "7 people" not in found(desk(), release).describe()

    def test_who_approves_again_after_that_counts(self, desk, series):
        release = series.release()
        everybody(desk(), release)
        revoke(desk(), "visits", role="legal_counsel", by="Lea", note="a mistake")
        approve(desk(), release, role="legal_counsel", by="Lea")
        assert found(desk(), release).complete

    def test_what_nobody_approved_cannot_be_taken_back(self, desk, series):
        release = series.release()
        approve(desk(), release, role="data_steward", by="Ana")
        with pytest.raises(InputError, match=r"legal_counsel, which nobody has approved.*visits as data_steward"):
            revoke(desk(), "visits", role="legal_counsel", by="Lea", note="so")
        revoke(desk(), "visits", role="data_steward", by="Ana", note="so")
        with pytest.raises(InputError, match="since it was revoked"):
            revoke(desk(), "visits", role="data_steward", by="Ana", note="so")

    def test_it_takes_a_reason(self, desk, series):
        everybody(desk(), series.release())
        with pytest.raises(InputError, match="say why"):
            revoke(desk(), "visits", role="data_steward", by="Ana", note="")


class TestWhoMayApprove:
    def test_a_role_has_to_be_one_that_is_asked_for(self, desk, series):
        with pytest.raises(InputError, match="'deputy'; one of data_steward, legal_counsel"):
            approve(desk(), series.release(), role="deputy", by="Ana")
        with pytest.raises(InputError, match="did you mean 'data_steward'"):
            approve(desk(), series.release(), role="Data Steward", by="Ana")

    def test_where_nobody_is_asked_the_answer_says_so(self, desk, series):
        with pytest.raises(InputError, match="no role is asked for"):
            approve(desk(), series.release(roles=()), role="data_steward", by="Ana")

    @pytest.mark.parametrize(
        ("given", "says"),
        [({"by": ""}, "write who approves"), ({"by": "A\nB"}, "one line"), ({"note": "x" * 2001}, "at most 2000")],
    )
    def test_words_are_checked(self, desk, series, given, says):
        with pytest.raises(InputErrors, match=says):
            approve(desk(), series.release(), **({"role": "data_steward", "by": "Ana"} | given))

    def test_a_role_may_be_some_people_s_only(self, desk, series):
        of = desk(people={"legal_counsel": ("Lea",)})
        release = series.release()
        with pytest.raises(RefusedError, match="Ana is not one of those who may approve as legal_counsel"):
            approve(of, release, role="legal_counsel", by="Ana")
        approve(desk(), release, role="legal_counsel", by="Ana")  # past the rule, or before there was one
        assert "may approve as legal_counsel" in why(of, release, "legal_counsel")
        with pytest.raises(RefusedError, match="is not one of those"):
            revoke(of, "visits", role="legal_counsel", by="Ana", note="so")
        approve(of, release, role="legal_counsel", by="Lea")
        assert states(of, release)["legal_counsel"] == "approved"

    def test_one_person_may_have_several_roles(self, desk, series):
        release = series.release()
        for role in release.roles:
            approve(desk(), release, role=role, by="Ana")
        assert found(desk(), release).complete

    @pytest.mark.parametrize("by", ["Ana", "ana", "ANA", "\uff21na"])
    def test_unless_every_role_has_to_be_another_person(self, desk, series, by):
        release, of = series.release(), desk(separate=True)
        approve(of, release, role="data_steward", by="Ana")
        with pytest.raises(RefusedError, match="has approved as data_steward, and every role is another person"):
            approve(of, release, role="legal_counsel", by=by)
        approve(desk(), release, role="legal_counsel", by=by)  # past the rule
        assert "every role is another person" in why(of, release, "legal_counsel")
        approve(of, release, role="legal_counsel", by="Lea")
        assert found(of, release).complete

    def test_two_at_once_cannot_be_one_person_in_two_roles(self, desk, series):
        release, of = series.release(), desk(separate=True)
        refused = []

        def try_to(role):
            try:
                approve(of, release, role=role, by="Ana")
            except RefusedError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=try_to, args=(role,)) for role in release.roles]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1
        assert sorted(states(of, release).values()) == ["approved", "missing"]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    for name in ("ana", "lea", "eve"):
        make_key(directory / name)
    return directory


@pytest.fixture
def signed(desk, keys, tmp_path, monkeypatch):
    """Where approvals are signed: Ana and Lea are believed, each by her own key; gives the desk of one of them."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    options = 'namespaces="ddg-approval"'
    file = allowed(tmp_path / "approvers", *((f"{who}@dept {options}", keys / who) for who in ("ana", "lea")))

    def of(who="ana", **review):
        signing = Signing("ddg.yaml", keys / who if who else None, file, purpose=APPROVALS)
        return desk(signing=signing, **review)

    return of


class TestSigned:
    def test_an_approval_counts_and_tells_the_key(self, signed, series):
        release = series.release()
        approve(signed(), release, role="data_steward", by="ana@dept")
        approve(signed("lea"), release, role="legal_counsel", by="lea@dept")
        review = found(signed(), release)
        assert review.complete
        assert all(str(one.signed_by).startswith("SHA256:") for one in review.roles)

    @pytest.mark.parametrize(
        ("who", "by", "says"),
        [
            ("ana", "lea@dept", "would not be believed"),
            ("eve", "ana@dept", "would not be believed"),
            ("eve", "eve@dept", "would not be believed"),
        ],
    )
    def test_another_s_name_or_key_is_refused_and_nothing_is_recorded(self, signed, series, who, by, says):
        release = series.release()
        with pytest.raises(RefusedError, match=says):
            approve(signed(who), release, role="data_steward", by=by)
        assert states(signed(), release)["data_steward"] == "missing"

    def test_without_a_key_nobody_can_approve(self, signed, series):
        with pytest.raises(InputError, match=r"review.key: found nothing, .* signed approvals; name the key"):
            approve(signed(None), series.release(), role="data_steward", by="ana@dept")

    def test_a_key_of_one_s_own_can_be_named(self, signed, series, keys):
        release = series.release()
        approve(replace(signed(None), key=keys / "ana"), release, role="data_steward", by="ana@dept")
        assert states(signed(), release)["data_steward"] == "approved"

    def test_one_from_before_signatures_were_asked_for_does_not_count(self, desk, signed, series):
        release = series.release()
        approve(desk(), release, role="data_steward", by="ana@dept")
        assert "not signed, and review.allowed_signers asks for it" in why(signed(), release, "data_steward")

    def test_who_lost_his_line_is_believed_no_more(self, signed, series, keys, tmp_path):
        release = series.release()
        approve(signed(), release, role="data_steward", by="ana@dept")
        allowed(tmp_path / "approvers", ("lea@dept", keys / "lea"))
        assert "review.allowed_signers does not allow" in why(signed(), release, "data_steward")

    def test_a_missing_file_of_signers_is_bad_input_and_no_approval(self, signed, series, tmp_path):
        release = series.release()
        approve(signed(), release, role="data_steward", by="ana@dept")
        (tmp_path / "approvers").unlink()
        with pytest.raises(InputError, match=r"review\.allowed_signers"):
            found(signed(), release)


class TestForged:
    """Somebody writes into the log past this program, chain and head and all; here by its own means."""

    def forge(self, signed, keys, subject, who="ana", signer="ana", namespace=APPROVALS, **changed):
        from ddg_pipeline.quality.signatures import key_to_sign_with

        signing = Signing("ddg.yaml", keys / signer, purpose=namespace)
        statement = said_by_hand(subject, by=f"{who}@dept", key=key_to_sign_with(signing))
        signature = sign(statement.to_bytes(), signing).decode()
        signed().log.append(statement.model_copy(update=changed), signature)
        return why(signed(), subject, "data_steward")

    def test_the_same_means_make_one_that_counts(self, signed, keys, series):
        assert self.forge(signed, keys, series.release()) == ""

    @pytest.mark.parametrize(
        ("how", "says"),
        [
            ({"who": "lea"}, "does not allow for 'lea@dept'"),
            ({"signer": "eve"}, "does not allow for 'ana@dept'"),
            ({"note": "other words"}, "not a signature of this approval"),
            ({"role": "data_steward", "at": NOW - dt.timedelta(days=1)}, "not a signature of this approval"),
            ({"id": "0" * 32}, "not a signature of this approval"),
            ({"key": "SHA256:" + "a" * 43}, "not a signature of this approval"),
            ({"key": None}, "not signed"),
        ],
    )
    def test_another_name_key_or_word_is_found(self, signed, keys, series, how, says):
        assert says in self.forge(signed, keys, series.release(), **how)

    def test_a_signature_that_was_made_for_certificates_is_no_approval(self, signed, keys, series):
        from ddg_pipeline.quality.signatures import CERTIFICATES

        told = self.forge(signed, keys, series.release(), namespace=CERTIFICATES)
        assert "made for another purpose ('ddg-certificate') than for approvals ('ddg-approval')" in told

    def test_an_old_approval_put_to_new_bytes_is_found(self, signed, keys, series):
        first = series.release()
        approve(signed(), first, role="data_steward", by="ana@dept")
        with signed().log.reading() as history:
            old = history.records[0]
        second = series.release("county,year,cases\nAlpha,2023,41\nBeta,2023,59\nAll,2023,100\n")
        moved = old.statement.model_copy(update={"bound": second.bound, "id": "1" * 32})
        signed().log.append(moved, old.signature)
        assert "not a signature of this approval" in why(signed(), second, "data_steward")

    def test_a_revoked_approval_said_again_is_damage(self, signed, series):
        release = series.release()
        approve(signed(), release, role="data_steward", by="ana@dept")
        with signed().log.reading() as history:
            old = history.records[0]
        revoke(signed(), "visits", role="data_steward", by="ana@dept", note="a mistake")
        signed().log.append(old.statement, old.signature)
        with pytest.raises(RefusedError, match="entry 3 repeats an earlier one"):
            found(signed(), release)


class TestReceipts:
    """A log with a chain of its own is not the one that a publication rested on."""

    @pytest.fixture
    def published(self, desk, series):
        release = series.release()
        everybody(desk(), release)
        with desk().log.reading() as history:
            desk().receipts.keep([review_release(release, history, desk().review)], history)
        return release

    def check(self, desk):
        with desk().log.reading() as history:
            desk().receipts.check(history, desk().review.log)

    def test_the_log_it_rested_on_goes_on(self, desk, published):
        self.check(desk)
        approve(desk(), published, role="data_steward", by="Ben")
        self.check(desk)
        assert desk().receipts.published("visits") == (published.certificate_sha256,)

    def test_a_log_begun_anew_is_found(self, desk, published):
        for path in desk().review.log.parent.iterdir():
            path.unlink()
        with pytest.raises(RefusedError, match="not the log that visits was published by"):
            self.check(desk)
        with pytest.raises(RefusedError, match="not the log that visits was published by"):
            approve(desk(), published, role="data_steward", by="Ana")

    def test_a_log_written_anew_is_found(self, desk, published):
        for path in desk().review.log.parent.iterdir():
            path.unlink()
        for _ in range(3):
            desk().log.append(said_by_hand(published))
        with pytest.raises(RefusedError, match="were changed or lost"):
            self.check(desk)

    def test_a_changed_receipt_is_found(self, desk, published):
        (path,) = desk().receipts.directory.glob("*/*.json")
        path.write_text("{}")
        with pytest.raises(RefusedError, match="not a receipt"):
            self.check(desk)
