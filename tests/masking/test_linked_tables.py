import itertools

import pytest

from ddg_pipeline.audit.verify import verify
from ddg_pipeline.audit.verify_proof import read_proof
from ddg_pipeline.errors import InputErrors
from ddg_pipeline.masking import mask, mask_and_prove, proof_bytes
from ddg_pipeline.masking.system import build_systems

from .build import bound, dimension, hidden

RECORDS = {
    ("North", "young", "f"): 4, ("North", "young", "m"): 31, ("North", "old", "f"): 40, ("North", "old", "m"): 22,
    ("South", "young", "f"): 53, ("South", "young", "m"): 64, ("South", "old", "f"): 35, ("South", "old", "m"): 41,
}  # fmt: skip
NAMES = ("region", "age", "sex")


def table(dimensions, release, links, only=None, **declared):
    """Tabulate the records by some dimensions with all margins."""
    counts: dict[tuple[str, ...], int] = {}
    for record, count in RECORDS.items():
        if only is None or record in only:
            own = [record[NAMES.index(name)] for name in dimensions]
            for cell in itertools.product(*((label, "Total") for label in own)):
                counts[cell] = counts.get(cell, 0) + count
    rows = [dict(zip(dimensions, cell, strict=True)) | {"n": count} for cell, count in counts.items()]
    return bound(
        rows, {name: dimension(total="Total") for name in dimensions}, release=release, links=links, **declared
    )


class TestSharedCells:
    def test_are_hidden_in_both_tables_or_in_none(self, rulebook):
        by_age = table(["region", "age"], "by_age", ["by_sex"])
        by_sex = table(["region", "sex"], "by_sex", ["by_age"])
        one, two = mask([by_age, by_sex], rulebook)
        shared = {f"{region} Total" for region in ("North", "South", "Total")}
        assert shared & set(hidden(one)) == shared & set(hidden(two))

    def test_tie_tables_in_which_nothing_is_small(self, rulebook):
        # the finer table hides cells whose sums the coarser one would give away
        finer = table(["region", "age", "sex"], "finer", ["coarser"])
        coarser = table(["region", "age"], "coarser", ["finer"])
        one, two = mask([finer, coarser], rulebook)
        shared = {f"{region} {age}" for region in ("North", "South", "Total") for age in ("young", "old", "Total")}
        assert {cell.removesuffix(" Total") for cell in hidden(one) if cell.endswith(" Total")} >= (
            shared & set(hidden(two))
        )
        assert set(hidden(two)) == {cell.removesuffix(" Total") for cell in hidden(one) if cell.endswith(" Total")}

    def test_are_found_where_a_dimension_has_a_single_category(self, rulebook):
        only = [record for record in RECORDS if record[2] == "f"]
        rows = [
            {"region": "North", "sex": "f", "n": 43},
            {"region": "South", "sex": "f", "n": 88},
            {"region": "Total", "sex": "f", "n": 131},
        ]
        one_sex = bound(
            rows,
            {"region": dimension(total="Total"), "sex": dimension()},
            release="one_sex",
            links=["by_age"],
        )
        by_age = table(["region", "age"], "by_age", ["one_sex"], only)
        with pytest.raises(InputErrors, match="another count than in the linked table"):
            mask([one_sex, by_age], rulebook)


class TestATotalThatIsNoSum:
    """People of several services are in several of them, and once among all."""

    def tables(self):
        by_service = [("all", (97, 99, 196)), ("x", (60, 8, 68)), ("y", (53, 94, 147))]
        by_sex = [("f", (44, 4, 48)), ("m", (53, 95, 148)), ("T", (97, 99, 196))]
        regions = ("North", "South", "T")
        one = [
            {"region": r, "service": s, "n": n}
            for s, counts in by_service
            for r, n in zip(regions, counts, strict=True)
        ]
        two = [{"region": r, "sex": s, "n": n} for s, counts in by_sex for r, n in zip(regions, counts, strict=True)]
        region, service = dimension(total="T"), dimension(additive=False, total="all")
        return [
            bound(one, {"region": region, "service": service}, release="by_service", links=["by_sex"]),
            bound(two, {"region": region, "sex": dimension(total="T")}, release="by_sex", links=["by_service"]),
        ]

    def test_is_the_same_cell_as_the_total_of_a_table_without_the_dimension(self):
        [system] = build_systems(self.tables())
        one, two = system.cubes
        everybody = one.ids[:, one.axes[1].position["all"]]
        assert everybody.tolist() == two.ids[:, two.axes[1].position["T"]].tolist()

    def test_is_hidden_in_both_tables_or_in_none_and_others_can_check_that(self, rulebook):
        tables = self.tables()
        masked, protections = mask_and_prove(tables, rulebook)
        by_service, by_sex = (set(hidden(one)) for one in masked)
        assert {cell.removesuffix(" all") for cell in by_service if cell.endswith(" all")} == {
            cell.removesuffix(" T") for cell in by_sex if cell.endswith(" T")
        }
        proof = read_proof(proof_bytes(protections), "proof")
        assert verify(tables, [one.frame for one in masked], rulebook, proof).proved


class TestContradictions:
    def test_name_the_coordinate_and_no_figure(self, rulebook):
        by_age = table(["region", "age"], "by_age", ["by_sex"])
        fewer = [record for record in RECORDS if record != ("North", "old", "m")]
        by_sex = table(["region", "sex"], "by_sex", ["by_age"], fewer)
        with pytest.raises(InputErrors, match=r"another count than in the linked table by_age\.csv") as caught:
            mask([by_age, by_sex], rulebook)
        [error] = caught.value.errors
        assert error.place == "by_sex.csv"
        assert "region=North, sex=Total" in error.found
        assert not {"97", "75", "290", "268"} & set(error.found.replace(",", " ").split())

    def test_about_reasons_are_errors(self, rulebook):
        tables = [
            table(["region", "age"], "by_age", ["by_sex"], suppression={"show_reason": True}),
            table(["region", "sex"], "by_sex", ["by_age"], suppression={"show_reason": False}),
        ]
        with pytest.raises(InputErrors, match="give all of them the same value"):
            mask(tables, rulebook)


class TestLevels:
    def test_the_strongest_of_a_group_holds_for_all(self, rulebook):
        weak = table(["region", "age"], "by_age", ["by_sex"], suppression={"level": "exact"})
        strong = table(["region", "sex"], "by_sex", ["by_age"], suppression={"level": "full"})
        together = [hidden(one) for one in mask([weak, strong], rulebook)]
        strong_weak = table(["region", "age"], "by_age", ["by_sex"], suppression={"level": "full"})
        assert together == [hidden(one) for one in mask([strong_weak, strong], rulebook)]
