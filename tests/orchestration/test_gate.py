"""The gate: what was staged is judged byte for byte before anything is released, and nothing gets round it."""

from __future__ import annotations

import json
import shutil

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest


@pytest.fixture
def blocked(small):
    """Materialize a release (and what else is named), and expect that the gate lets nothing through."""

    def run(*assets, release="by_sex", check=None, says=()):
        before = small.public_bytes()
        events = small.materialize(*assets)
        assert not events.success
        assert events.materialized == []
        assert small.public_bytes() == before
        told = events.failures
        if check is not None:
            assert check in events.failed_checks(release)
            told += json.dumps(
                {name: str(value.value) for name, value in events.checks(release)[check].metadata.items()}
            )
        for text in says:
            assert text in told, told
        return events

    return run


CHECKS = {"same_as_aggregate", "suite_matches_contract", "great_expectations", "protection_proof", "attack_audit"}
PAIR = ("by_sex/release", "by_age/release")  # linked releases pass together or not at all


class TestAHandEditedFile:
    """Someone changes the staged file after masking, and materializes the release alone."""

    def test_a_small_count_put_back_is_blocked(self, small, blocked):
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        events = blocked(*PAIR, check="great_expectations", says=["county=Alpha, sex=F"])
        assert "attack_audit" in events.failed_checks("by_sex")

    def test_the_finding_is_told_by_coordinate_and_not_by_figure(self, small, blocked):
        told = []
        for figure in ("7", "8", "9"):
            staged = small.staged("by_sex")
            line = next(line for line in staged.read_text().splitlines() if line.startswith("Alpha,F,"))
            small.edit(staged, line, ",".join(["Alpha", "F", figure, *line.split(",")[3:]]))
            events = blocked(*PAIR)
            told.append({name: str(check.metadata) for name, check in events.checks("by_sex").items()})
        # that a figure is, or is not, the true one is for these two to say
        compares = {"same_as_aggregate", "protection_proof"}
        assert len({str({name: text for name, text in one.items() if name not in compares}) for one in told}) == 1
        # the true count is 7: of figures that are not it, no more is told than that
        assert told[1] == told[2]

    @pytest.mark.thorough
    def test_a_small_count_put_back_without_its_code_is_blocked(self, small, blocked):
        staged = small.staged("by_sex")
        line = next(line for line in staged.read_text().splitlines() if line.startswith("Alpha,F,"))
        small.edit(staged, line, "Alpha,F,7,,,784.75,,")
        blocked(*PAIR, check="great_expectations")

    def test_a_complementary_cell_put_back_is_blocked_by_the_attacker(self, small, blocked):
        staged = small.staged("by_sex")
        line = next(line for line in staged.read_text().splitlines() if line.startswith("Zeta,F,"))
        small.edit(staged, line, "Zeta,F,48613,,,,2,Cell suppressed as complementary to a small number")
        events = blocked(*PAIR, check="attack_audit", says=["county"])
        assert "great_expectations" not in events.failed_checks("by_age")

    def test_another_figure_than_the_aggregate_s_is_blocked(self, small, blocked):
        small.edit(small.staged("by_sex"), "Delta,F,84,", "Delta,F,85,")
        blocked(*PAIR, check="same_as_aggregate", says=["cases at county=Delta, sex=F"])

    @pytest.mark.thorough
    def test_a_zero_that_is_hidden_is_blocked(self, small, blocked):
        staged = small.staged("by_sex")
        line = next(line for line in staged.read_text().splitlines() if line.startswith("Gamma,F,"))
        small.edit(staged, line, line.replace("Gamma,F,0,,", "Gamma,F,,1,Cell suppressed for small numbers", 1))
        blocked(*PAIR)

    def test_a_false_reason_is_blocked(self, small, blocked):
        """Alpha's men, 29 of them, as the small ones, and the women as those hidden to protect them."""
        staged = small.staged("by_sex")
        lines = {line.rsplit(",")[1]: line for line in staged.read_text().splitlines() if line.startswith("Alpha,")}
        text = staged.read_text().replace(lines["F"], "women").replace(lines["M"], "men")
        swapped = {"women": lines["M"].replace("Alpha,M", "Alpha,F"), "men": lines["F"].replace("Alpha,F", "Alpha,M")}
        for name in ("women", "men"):
            text = text.replace(name, swapped[name])
        staged.write_text(text)
        blocked(*PAIR)

    def test_a_file_that_is_changed_while_it_is_judged_is_blocked(self, small, blocked, monkeypatch):
        from ddg_pipeline import quality

        judge, staged = quality.validate, small.staged("statewide")

        def slow(path, *rest, **named):
            staged.write_text(staged.read_text().replace("M,57068", "M,57069"))
            return judge(path, *rest, **named)

        monkeypatch.setattr(quality, "validate", slow)
        blocked(
            "statewide/release", release="statewide", check="same_as_aggregate", says=["changed while it was judged"]
        )

    @pytest.mark.thorough
    def test_a_row_that_is_left_out_is_blocked(self, small, blocked):
        staged = small.staged("by_sex")
        line = next(line for line in staged.read_text().splitlines() if line.startswith("Delta,F,"))
        small.edit(staged, f"{line}\n", "")
        blocked(*PAIR, check="great_expectations")

    @pytest.mark.thorough
    def test_a_column_that_is_added_is_blocked(self, small, blocked):
        staged = small.staged("by_sex")
        staged.write_text("\n".join(f"{line},x" for line in staged.read_text().splitlines()) + "\n")
        blocked(*PAIR, check="same_as_aggregate")

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"sex,cases\n", b"\xef\xbb\xbfsex,cases\nF,48865\n"])
    @pytest.mark.thorough
    def test_a_file_that_cannot_be_read_is_blocked(self, small, blocked, content):
        small.staged("statewide").write_bytes(content)
        blocked("statewide/release")

    def test_a_file_that_is_gone_is_blocked(self, small, blocked):
        small.staged("statewide").unlink()
        blocked("statewide/release")

    @pytest.mark.thorough
    def test_a_second_file_in_the_package_is_blocked(self, small, blocked):
        (small.staged("by_sex").parent / "notes.txt").write_text("Alpha, F: 7\n")
        blocked(*PAIR, says=["by_sex: notes.txt in the staged package did not come from masking"])

    def test_a_release_that_may_go_out_unmasked_is_judged_as_well(self, small, blocked):
        small.edit(small.staged("statewide"), "M,57068", "M,57069")
        blocked("statewide/release", release="statewide", check="same_as_aggregate", says=["cases at sex=M"])


class TestTheRunThatIsBlocked:
    @pytest.mark.thorough
    def test_records_every_check_as_blocking(self, small, blocked):
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        events = blocked(*PAIR)
        for release in ("by_sex", "by_age"):
            checks = events.checks(release)
            assert set(checks) == CHECKS
            assert {check.severity for check in checks.values()} == {dg.AssetCheckSeverity.ERROR}
            assert {check.blocking for check in checks.values()} == {True}

    @pytest.mark.thorough
    def test_does_not_reach_publication(self, small, blocked):
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        events = blocked(*PAIR, "by_sex/publication", "by_age/publication")
        started = {r.step_key for r in events.records if r.dagster_event and r.dagster_event.is_step_start}
        assert started == {"gate_by_age__by_sex"}

    @pytest.mark.thorough
    def test_leaves_the_linked_release_as_it_was_too(self, small, blocked):
        """by_age alone is in order, but by_sex would give it away."""
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        events = blocked(*PAIR)
        assert events.checks("by_age")["great_expectations"].passed
        assert "nothing of by_age, by_sex was released" in events.failures

    def test_cannot_be_split(self, small):
        with pytest.raises(dg.DagsterInvalidSubsetError):
            small.materialize("by_sex/release")

    @pytest.mark.thorough
    def test_is_not_tried_again(self, small, blocked):
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        events = blocked(*PAIR)
        kinds = {record.dagster_event.event_type for record in events.records if record.dagster_event}
        assert dg.DagsterEventType.STEP_UP_FOR_RETRY not in kinds

    @pytest.mark.thorough
    def test_masking_again_mends_it(self, small, blocked):
        before = small.public_bytes()
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        blocked(*PAIR)
        assert small.materialize("by_sex/masked", "by_age/masked", *PAIR).success
        current = small.released("by_sex")
        assert current.name == "2"
        csv = small.staged("by_sex").name
        assert (current / csv).read_bytes() == (current.with_name("1") / csv).read_bytes()
        assert before.items() <= small.public_bytes().items(), "the earlier version stays"


class TestTheReviewedSuite:
    def test_a_missing_suite_blocks_and_says_what_to_do(self, small, blocked):
        (small.project.expectations / "by_sex.json").unlink()
        blocked(*PAIR, check="suite_matches_contract", says=["by_sex.json", "`ddg suites by_sex`"])

    def test_without_a_suite_nothing_counts_as_evaluated(self, small, blocked):
        (small.project.expectations / "by_sex.json").unlink()
        assert "great_expectations" in blocked(*PAIR).failed_checks("by_sex")

    @pytest.mark.thorough
    def test_an_expectation_removed_by_hand_blocks(self, small, blocked):
        path = small.project.expectations / "by_sex.json"
        suite = json.loads(path.read_text())
        removed = suite["expectations"].pop()
        path.write_text(json.dumps(suite))
        blocked(
            *PAIR, check="suite_matches_contract", says=[removed["type"], "missing", "`ddg suites by_sex` writes it"]
        )

    def test_an_expectation_weakened_by_hand_blocks(self, small, blocked):
        path = small.project.expectations / "by_sex.json"
        suite = json.loads(path.read_text())
        weakened = next(e for e in suite["expectations"] if e["type"] == "expect_table_row_count_to_be_between")
        weakened["kwargs"]["min_value"] = 0
        path.write_text(json.dumps(suite))
        blocked(*PAIR, check="suite_matches_contract", says=["expect_table_row_count_to_be_between", "changed"])

    @pytest.mark.parametrize("text", ["", "[]", '{"expectations": []}'])
    def test_a_file_that_is_no_suite_blocks(self, small, blocked, text):
        (small.project.expectations / "statewide.json").write_text(text)
        blocked("statewide/release", release="statewide", check="suite_matches_contract", says=["statewide.json"])

    def test_an_unknown_expectation_blocks(self, small, blocked):
        """Great Expectations itself would drop it in silence."""
        path = small.project.expectations / "statewide.json"
        suite = json.loads(path.read_text())
        suite["expectations"][0]["type"] = "expect_nothing_at_all"
        path.write_text(json.dumps(suite))
        blocked(
            "statewide/release", release="statewide", check="suite_matches_contract", says=["expect_nothing_at_all"]
        )

    def test_an_expectation_of_the_department_s_own_is_evaluated(self, small, blocked):
        path = small.project.expectations / "statewide.json"
        suite = json.loads(path.read_text())
        own = {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "sex", "value_set": ["F"]},
            "meta": {"origin": "hand"},
            "description": "Women only.",
        }
        suite["expectations"].append(own)
        path.write_text(json.dumps(suite))
        blocked(
            "statewide/release",
            release="statewide",
            check="great_expectations",
            says=["expect_column_values_to_be_in_set"],
        )


class TestTheProof:
    """Masking's proof is checked against the very bytes, by arithmetic that shares no code with it."""

    def change(self, small, change):
        for release in ("by_age", "by_sex"):  # they were masked together
            path = small.project.staged(release) / "proof.parquet"
            pq.write_table(change(pq.read_table(path)), path)

    def test_a_good_run_says_that_it_holds(self, small):
        events = small.materialize(*PAIR)
        assert events.success
        for release in ("by_age", "by_sex"):
            told = events.checks(release)["protection_proof"].metadata
            assert told["summary"].value == "proved: every one of 3 small counts is protected at level ddg"
            assert told["where"].value == []

    @pytest.mark.thorough
    def test_of_what_goes_out_as_it_is_every_figure_has_to_be_shown(self, small, blocked):
        events = small.materialize("statewide/release")
        assert "released as it is" in events.checks("statewide")["protection_proof"].metadata["summary"].value
        small.edit(small.staged("statewide"), "M,57068,,", "M,,3,No data available")
        blocked("statewide/release", release="statewide", check="protection_proof", says=["cases at sex=M"])

    @pytest.mark.thorough
    def test_moves_left_out_are_missed(self, small, blocked):
        self.change(small, lambda table: table.slice(0, 0))
        events = blocked(*PAIR, check="protection_proof", says=["fewer values than the level asks", "county=Alpha"])
        assert events.failed_checks("by_age") == events.failed_checks("by_sex") == {"protection_proof"}

    def test_a_move_that_changes_a_sum_is_found(self, small, blocked):
        self.change(
            small,
            lambda table: table.set_column(
                table.column_names.index("delta"), "delta", pa.array([2 * abs(d) for d in table["delta"].to_pylist()])
            ),
        )
        blocked(*PAIR, check="protection_proof", says=["a move changes a sum"])

    @pytest.mark.thorough
    @pytest.mark.thorough
    def test_a_proof_of_other_cells_is_found(self, small, blocked):
        self.change(small, lambda table: table.slice(1))
        blocked(*PAIR, check="protection_proof", says=["by_sex"])

    @pytest.mark.thorough
    @pytest.mark.thorough
    def test_a_small_count_passed_off_as_missing_is_found(self, small, blocked):
        line = "Alpha,F,,1,Cell suppressed for small numbers"
        small.edit(small.staged("by_sex"), line, "Alpha,F,,3,No data available")
        blocked(*PAIR, check="protection_proof", says=["the code beside a figure does not fit it: by_sex: cases"])

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"", marks=pytest.mark.thorough),
            b"PAR1",
            pytest.param(b"move,low\n", marks=pytest.mark.thorough),
        ],
    )
    @pytest.mark.thorough
    def test_a_file_that_is_no_proof_blocks(self, small, blocked, content):
        for release in ("by_age", "by_sex"):
            (small.project.staged(release) / "proof.parquet").write_bytes(content)
        blocked(*PAIR, check="protection_proof", says=["no whole Parquet file"])

    @pytest.mark.thorough
    def test_a_missing_proof_is_refused(self, small, blocked):
        (small.project.staged("by_sex") / "proof.parquet").unlink()
        blocked(*PAIR, says=["by_sex: no proof is staged; `ddg run by_sex` masks it; in Dagster its step `masked`"])

    def test_linked_releases_with_different_proofs_are_refused(self, small, blocked):
        path = small.project.staged("by_sex") / "proof.parquet"
        pq.write_table(pq.read_table(path).slice(1), path)
        blocked(*PAIR, says=["by_age, by_sex: linked, but staged with different proofs"])

    @pytest.mark.thorough
    def test_in_the_package_it_is_refused(self, small, blocked):
        """Every file of the package is published."""
        proof = small.project.staged("by_sex") / "proof.parquet"
        shutil.copyfile(proof, small.staged("by_sex").with_name("proof.parquet"))
        blocked(*PAIR, says=["by_sex: proof.parquet in the staged package did not come from masking"])

    @pytest.mark.thorough
    def test_is_kept_for_every_version_where_only_the_department_can_read_it(self, small):
        kept = small.project.restricted / "proofs"
        staged = (small.project.staged("by_sex") / "proof.parquet").read_bytes()
        assert small.materialize(*PAIR).success
        assert small.released("by_sex").name == "2"
        assert sorted(str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file()) == [
            "by_age/1.parquet", "by_age/2.parquet", "by_sex/1.parquet", "by_sex/2.parquet",
        ]  # fmt: skip
        for path in [*kept.rglob("*.parquet"), small.project.staged("by_age") / "proof.parquet"]:
            assert path.read_bytes() == staged
            assert path.stat().st_mode & 0o777 == 0o600


class TestWhatIsStaged:
    def change_the_aggregate(self, small):
        with duckdb.connect(str(small.project.restricted_store.path)) as store:
            store.execute("update aggregates.by_sex set cases = cases + 1 where sex = 'M' and county in ('Delta')")

    def test_a_changed_aggregate_is_refused(self, small, blocked):
        self.change_the_aggregate(small)
        blocked(*PAIR, says=["by_sex: the aggregate, contract or rulebook has changed", "`ddg run by_sex` masks it"])

    def test_nothing_staged_is_refused(self, small, blocked):
        shutil.rmtree(small.project.staged("by_sex"))
        blocked(*PAIR, says=["by_sex: nothing is staged; `ddg run by_sex` masks it"])

    def test_a_record_that_says_it_was_not_masked_is_refused(self, small, blocked):
        path = small.project.staged("by_sex") / "prepared.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"masked": False}))
        blocked(*PAIR, says=["by_sex: staged otherwise than the assessment says now; `ddg run by_sex` masks it"])

    @pytest.mark.parametrize(
        ("key", "value"), [("decision", "release"), ("safe_harbor", "Safe Harbor is met."), ("steps", [])]
    )
    def test_a_record_of_another_assessment_is_refused(self, small, blocked, key, value):
        """Edited by hand, or left from before the rulebook changed: the report would publish it."""
        path = small.project.staged("by_sex") / "prepared.json"
        record = json.loads(path.read_text())
        record["assessment"][key] = value
        path.write_text(json.dumps(record))
        blocked(*PAIR, says=["by_sex: staged otherwise than the assessment says now"])

    def test_a_record_that_hides_that_reasons_are_shown_is_refused(self, small, blocked):
        path = small.project.staged("by_sex") / "prepared.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"reasons_shown": False}))
        blocked(*PAIR)

    @pytest.mark.parametrize("text", ["", "[]", '{"masked": false}'])
    def test_a_record_that_cannot_be_read_is_refused(self, small, blocked, text):
        (small.project.staged("statewide") / "prepared.json").write_text(text)
        blocked("statewide/release", says=["nothing is staged"])

    def test_a_store_that_is_gone_is_refused(self, small, blocked):
        small.project.restricted_store.path.unlink()
        blocked("statewide/release")


class TestGettingRound:
    """Ways round a check that exist in Dagster, and lead nowhere here."""

    def forge(self, small):
        """Report, as anyone with access to the instance can, that every check passed and the release was made."""
        with dg.DagsterInstance.get() as instance:
            key = dg.AssetKey(["by_sex", "release"])
            instance.report_runless_asset_event(dg.AssetMaterialization(key))
            for name in CHECKS:
                instance.report_runless_asset_event(
                    dg.AssetCheckEvaluation(
                        asset_key=key, check_name=name, passed=True, metadata={}, blocking=True,
                        severity=dg.AssetCheckSeverity.ERROR,
                    )
                )  # fmt: skip

    def test_a_forged_check_does_not_release(self, small, blocked):
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        self.forge(small)
        blocked(*PAIR)

    def test_a_forged_check_does_not_publish(self, small):
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        self.forge(small)
        before = small.published("by_sex") / small.staged("by_sex").name
        bytes_before = before.read_bytes()
        assert small.materialize("by_sex/publication", "by_age/publication").success, (
            "the earlier release is still certified"
        )
        assert before.read_bytes() == bytes_before

    def test_leaving_the_checks_out_does_not_release(self, small):
        from ddg_pipeline.orchestration.building import build_definitions

        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        before = small.public_bytes()
        assets = dg.AssetSelection.assets(*(dg.AssetKey(asset.split("/")) for asset in PAIR)).without_checks()
        definitions = build_definitions(small.project)
        job = dg.define_asset_job("unchecked", assets)
        unchecked = dg.Definitions(
            assets=definitions.assets, resources=definitions.resources, jobs=[job], executor=definitions.executor
        )
        try:
            with dg.DagsterInstance.get() as instance:
                result = unchecked.resolve_job_def("unchecked").execute_in_process(
                    instance=instance, raise_on_error=False
                )
            assert not result.success
        except dg.DagsterError:
            pass  # Dagster refuses to run the gate without its checks
        assert small.public_bytes() == before

    def test_a_staged_file_carried_into_the_public_store_is_not_published(self, small):
        """The last asset alone, with the staged file put where the released one was."""
        small.edit(small.staged("by_sex"), "Alpha,F,,1,", "Alpha,F,7,1,")
        shutil.copyfile(small.staged("by_sex"), small.released("by_sex") / small.staged("by_sex").name)
        published = small.published("by_sex") / small.staged("by_sex").name
        before = published.read_bytes()
        events = small.materialize("by_sex/publication", "by_age/publication")
        assert not events.success
        assert published.read_bytes() == before
        assert "changed since it passed the gate" in events.failures
