from ddg_pipeline.masking.axes import axis_nodes

from .build import bound, dimension


def nodes(labels, **declared):
    table = bound([{"a": label, "n": 20} for label in labels], {"a": dimension(**declared)})
    return axis_nodes(table.axes["a"])


def sums(axis):
    return {
        (axis.labels[parent], tuple(axis.labels[child] for child in children)) for parent, children in axis.relations
    }


class TestSums:
    def test_of_plain_categories_make_the_total(self):
        assert sums(nodes(["x", "y"])) == {(None, ("x", "y"))}
        assert sums(nodes(["x", "y", "all"], total="all")) == {("all", ("x", "y"))}

    def test_there_are_none_where_categories_do_not_add_or_where_there_is_one(self):
        assert sums(nodes(["x", "y"], additive=False)) == set()
        assert sums(nodes(["x"])) == set()

    def test_a_total_that_is_no_sum_counts_everybody_all_the_same(self):
        axis = nodes(["x", "all", "y"], additive=False, total="all")
        assert axis.labels[axis.everything] == "all"
        assert nodes(["x", "y"], additive=False).everything is None

    def test_of_a_hierarchy_go_level_by_level(self):
        axis = nodes(["x", "y", "z"], hierarchy={"tree": {"P": {"Q": ["x", "y"]}, "R": ["z"]}})
        assert sums(axis) == {("Q", ("x", "y")), ("P", ("Q",)), ("R", ("z",)), (None, ("P", "R"))}

    def test_of_several_hierarchies_stand_side_by_side(self):
        axis = nodes(["x", "y", "z"], hierarchy=[{"tree": {"P": ["x", "y"]}}, {"tree": {"Q": ["y", "z"]}}])
        assert sums(axis) == {
            ("P", ("x", "y")), (None, ("z", "P")),
            ("Q", ("y", "z")), (None, ("x", "Q")),
        }  # fmt: skip

    def test_one_hierarchy_may_group_what_another_has_grouped(self):
        axis = nodes(["x", "y", "z"], hierarchy=[{"tree": {"P": ["x", "y"]}}, {"tree": {"Q": ["P", "z"]}}], total=None)
        assert ("Q", ("P",)) in sums(axis) or axis.total == axis.position["Q"]
        assert sums(axis) == {("P", ("x", "y")), ("Q", ("z", "P"))}

    def test_a_group_that_holds_everything_is_the_total(self):
        axis = nodes(["x", "y", "all"], hierarchy={"tree": {"all": ["x", "y"]}})
        assert sums(axis) == {("all", ("x", "y"))}
        assert axis.labels[axis.total] == "all"

    def test_a_group_without_parts_in_the_table_is_a_category(self):
        axis = nodes(["x", "y", "Q"], hierarchy={"tree": {"P": ["x", "y"], "Q": ["u", "v"]}})
        assert sums(axis) == {("P", ("x", "y")), (None, ("Q", "P"))}

    def test_such_a_group_is_not_counted_twice_by_another_hierarchy(self):
        hierarchies = [{"tree": {"P": ["x", "y"], "Q": ["u", "v"]}}, {"tree": {"V": ["x", "u"], "W": ["y", "v"]}}]
        axis = nodes(["x", "y", "Q"], hierarchy=hierarchies)
        assert (None, ("V", "W")) in sums(axis)
        assert (None, ("Q", "P")) in sums(axis)

    def test_what_the_total_consists_of_may_be_said_by_a_hierarchy(self):
        axis = nodes(["x", "y", "elsewhere", "all"], total="all", hierarchy={"tree": {"all": ["x", "y"]}})
        assert sums(axis) == {("all", ("x", "y"))}


class TestOrder:
    def test_of_the_rows_does_not_matter(self):
        tree = {"P": ["x", "y"], "R": ["z"]}
        assert nodes(["z", "R", "x", "y"], hierarchy={"tree": tree}) == nodes(
            ["y", "x", "z", "R"], hierarchy={"tree": tree}
        )
