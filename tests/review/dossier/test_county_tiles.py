"""The map of tiles: every county once, about where it lies."""

from __future__ import annotations

import pytest

from ddg_pipeline.contract.dimension import Dimension
from ddg_pipeline.populations import _tables
from ddg_pipeline.review.dossier.county_tiles import POSITIONS, SHADES, county_tiles
from ddg_pipeline.review.dossier.model import Hidden

COUNTIES = [row.name for row in _tables.counties()]


def hidden(label, cells=100, empty=0, is_total=False):
    return Hidden(label, is_total, cells, empty, None, None)


def tiles(labels, variable="residence_geography", column="county", total=None):
    dimension = Dimension.model_validate({"variable": variable, "total": total})
    return county_tiles(column, dimension, [hidden(label, is_total=label == total) for label in labels])


class TestPositions:
    def test_are_of_the_58_counties_and_no_two_are_the_same(self):
        assert sorted(POSITIONS) == sorted(COUNTIES)
        assert len(set(POSITIONS.values())) == 58

    @pytest.mark.parametrize(
        ("north", "south"),
        [("Siskiyou", "Shasta"), ("Marin", "San Francisco"), ("Alameda", "Santa Clara"), ("Inyo", "San Bernardino"),
         ("Los Angeles", "Orange"), ("Riverside", "San Diego"), ("Del Norte", "Humboldt"), ("Mono", "Inyo")],
    )  # fmt: skip
    def test_keep_north_above_south(self, north, south):
        assert POSITIONS[north][1] < POSITIONS[south][1]

    @pytest.mark.parametrize(
        ("west", "east"),
        [("San Francisco", "Contra Costa"), ("Sacramento", "Alpine"), ("Monterey", "Kern"), ("Ventura", "Los Angeles"),
         ("Los Angeles", "San Bernardino"), ("San Diego", "Imperial"), ("Humboldt", "Lassen"), ("Fresno", "Tulare")],
    )  # fmt: skip
    def test_keep_west_left_of_east(self, west, east):
        assert POSITIONS[west][0] < POSITIONS[east][0]


class TestTheMap:
    def test_has_every_county_and_says_which_the_table_lacks(self):
        found = tiles(["Alameda", "Butte", "Colusa"])
        assert len(found) == 58
        assert sorted(one.name for one in found if one.hidden is not None) == ["Alameda", "Butte", "Colusa"]
        assert {one.shade for one in found if one.hidden is None} == {None}

    def test_reads_labels_and_codes_as_departments_write_them(self):
        found = tiles(["Alameda County", "06007", "COLUSA", "California"], total="California")
        assert sorted(one.name for one in found if one.hidden is not None) == ["Alameda", "Butte", "Colusa"]

    def test_stands_beside_regions_and_a_total(self):
        assert tiles([*COUNTIES, "Bay Area", "Southern California", "California"], total="California")

    def test_is_not_made_of_cities_that_are_called_like_counties(self):
        assert tiles(["Fresno", "Sacramento", "Oakland", "Anaheim", "Burbank", "Chico", "Davis"]) == ()
        assert tiles(["Fresno", "Sacramento"], column="city") == ()

    def test_is_not_made_of_a_single_county_nor_of_one_that_is_there_twice(self):
        assert tiles(["Alameda"]) == ()
        assert tiles(["Alameda", "Alameda County", "Butte"]) == ()

    def test_is_not_made_of_other_variables(self):
        assert tiles(["Alameda", "Butte", "Colusa"], variable="other") == ()


class TestShades:
    @pytest.mark.parametrize(
        ("empty", "shade"), [(0, 0), (1, 1), (25, 1), (26, 2), (50, 2), (51, 3), (75, 3), (76, 4), (100, 4)]
    )
    def test_go_by_quarters(self, empty, shade):
        dimension = Dimension.model_validate({"variable": "residence_geography"})
        found = county_tiles("county", dimension, [hidden("Alameda", empty=empty), hidden("Butte")])
        assert next(one for one in found if one.name == "Alameda").shade == shade
        assert shade < len(SHADES)

    @pytest.mark.parametrize(
        ("empty", "cells", "text"),
        [(0, 50, "0 %"), (1, 300, "<1 %"), (1, 2, "50 %"), (299, 300, ">99 %"), (300, 300, "100 %"), (0, 0, "0 %")],
    )
    def test_shares_are_never_none_or_all_where_they_are_not(self, empty, cells, text):
        assert hidden("Alameda", cells, empty).share == text
