import pandas as pd
import pytest

from ddg_pipeline.contract.dimension import HierarchyReference
from ddg_pipeline.contract.hierarchy import check_together, hierarchy_from_table, hierarchy_from_tree
from ddg_pipeline.errors import InputError


class TestATree:
    def test_nests_to_any_depth(self):
        hierarchy = hierarchy_from_tree({"State": {"North": ["Alpine"], "South": ["Kern"]}}, "c", "h")
        assert hierarchy.ancestors("Alpine") == ["North", "State"]
        assert set(hierarchy.parents) == {"State", "North", "South"}

    def test_labels_that_are_numbers_are_text(self):
        assert hierarchy_from_tree({"2020s": [2020, 2021]}, "c", "h").parent_of["2020"] == "2020s"

    def test_a_category_has_one_parent(self):
        with pytest.raises(InputError, match="'Kern' under both 'North' and 'South'"):
            hierarchy_from_tree({"North": ["Kern"], "South": ["Kern"]}, "c", "h")

    def test_a_circle_through_several_hierarchies_is_refused(self):
        trees = [{"A": ["B"]}, {"B": ["C"]}, {"C": ["A"]}]
        hierarchies = [hierarchy_from_tree(tree, "c", "h") for tree in trees]
        check_together(hierarchies[:2], "c", "h")
        with pytest.raises(InputError, match="among its own ancestors"):
            check_together(hierarchies, "c", "h")

    def test_many_ways_up_are_no_circle(self):
        trees = [{"A": ["x", "y"], "T": ["A"]}, {"B": ["x", "y"], "T": ["B"]}]
        check_together([hierarchy_from_tree(tree, "c", "h") for tree in trees], "c", "h")

    def test_a_circle_is_refused(self):
        with pytest.raises(InputError, match="among its own ancestors"):
            hierarchy_from_tree({"A": ["B"], "B": ["A"]}, "c", "h")


class TestATable:
    REFERENCE = HierarchyReference(table="regions", child="county", parent="region")

    def test_gives_child_and_parent(self):
        table = pd.DataFrame({"county": ["Alpine", "Kern", "Nowhere"], "region": ["North", "South", None]})
        hierarchy = hierarchy_from_table(table, self.REFERENCE, "c", "h")
        assert dict(hierarchy.parent_of) == {"Alpine": "North", "Kern": "South"}

    def test_labels_are_written_as_in_tables(self):
        table = pd.DataFrame({"county": [1.0, 3.0, None], "region": ["North", "South", "West"]})
        assert dict(hierarchy_from_table(table, self.REFERENCE, "c", "h").parent_of) == {"1": "North", "3": "South"}

    def test_a_missing_column_is_named(self):
        with pytest.raises(InputError, match=r"no column 'region' in regions; one of county, area"):
            hierarchy_from_table(pd.DataFrame({"county": [], "area": []}), self.REFERENCE, "c", "h")
