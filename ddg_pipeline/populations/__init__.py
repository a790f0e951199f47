"""How many people there are: California's counties, the state, groups of people, and public programs.

Small tables with their sources, so that a contract need not repeat what everyone can look up. A label that stands in no
table has no size: nothing is guessed.
"""

from ddg_pipeline.populations.areas import Area, area, county, county_like, in_the_state, state
from ddg_pipeline.populations.groups import group, program
from ddg_pipeline.populations.size import KnownSize, Source
from ddg_pipeline.populations.tolerance import as_large_as_the_state, larger_than_the_state, too_large, too_small

__all__ = [
    "Area",
    "KnownSize",
    "Source",
    "area",
    "as_large_as_the_state",
    "county",
    "county_like",
    "group",
    "in_the_state",
    "larger_than_the_state",
    "program",
    "state",
    "too_large",
    "too_small",
]
