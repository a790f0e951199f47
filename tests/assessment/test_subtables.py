from ddg_pipeline.assessment.subtables import subtables

YEAR = {"variable": "time", "period": "year"}
SEX = ({"variable": "sex", "total": "All"}, ["Male", "Female", "All"])
COUNTY = (
    {"variable": "residence_geography", "population": {"A": 3_000, "B": 900_000}, "total": "State"},
    ["A", "B", "State"],
)


class TestSplitting:
    def test_a_full_cross_with_its_margins_is_one_table(self, bound):
        found = subtables(bound({"county": COUNTY, "sex": SEX}, counts=(0, 4, 7, 500)))
        assert [(t.dimensions, t.smallest_cell) for t in found] == [(("county", "sex"), 4)]

    def test_margins_alone_are_tables_of_their_own(self, bound):
        rows = [
            ("State", "All", 900),
            ("State", "Male", 500),
            ("State", "Female", 400),
            ("A", "All", 2),
            ("B", "All", 898),
        ]
        found = subtables(bound({"county": COUNTY, "sex": SEX}, rows=rows))
        assert [(t.dimensions, t.smallest_cell) for t in found] == [(("sex",), 400), (("county",), 2)]

    def test_one_crossed_row_makes_it_one_table(self, bound):
        rows = [("State", "Male", 500), ("A", "All", 20), ("B", "Male", 300)]
        found = subtables(bound({"county": COUNTY, "sex": SEX}, rows=rows))
        assert [(t.dimensions, t.smallest_cell) for t in found] == [(("county", "sex"), 20)]

    def test_without_totals_everything_is_crossed(self, bound):
        sex = ({"variable": "sex"}, ["Male", "Female"])
        county = ({"variable": "residence_geography", "population": 1}, ["A", "B"])
        assert [t.dimensions for t in subtables(bound({"county": county, "sex": sex}))] == [("county", "sex")]

    def test_all_zeros_have_no_smallest_cell(self, bound):
        (table,) = subtables(bound({"sex": SEX}, counts=(0,)))
        assert table.smallest_cell is None

    def test_the_smallest_cell_is_not_shown(self, bound):
        (table,) = subtables(bound({"sex": SEX}, counts=(7, 8)))
        assert "7" not in repr(table)


class TestScores:
    ROWS = (("State", "Male", 5), ("State", "Female", 400), ("A", "All", 12), ("B", "All", 393))

    def score(self, assessed, county, rows=ROWS):
        assessment = assessed({"county": county, "sex": SEX}, rows=rows, scope=[YEAR])
        return {t.dimensions: {term.variable: term.score for term in t.terms} for t in assessment.tables}

    def test_a_table_at_the_total_area_scores_that_area(self, assessed):
        declared = {**COUNTY[0], "population": {"A": 3_000, "B": 900_000, "State": 39_500_000}}
        assert self.score(assessed, (declared, COUNTY[1])) == {
            ("sex",): {"events": 7, "residence_geography": -5, "sex": 1, "time": 0, "interactions": 1},
            ("county",): {"events": 5, "residence_geography": 7, "time": 0, "interactions": -5},
        }

    def test_a_total_area_without_population_is_as_large_as_its_largest_part(self, assessed):
        assert self.score(assessed, COUNTY)[("sex",)]["residence_geography"] == -1

    def test_the_riskiest_table_is_the_score(self, assessed):
        assessment = assessed({"county": COUNTY, "sex": SEX}, rows=self.ROWS, scope=[YEAR])
        assert assessment.score.dimensions == ("sex",)
        assert assessment.score.total == 8
