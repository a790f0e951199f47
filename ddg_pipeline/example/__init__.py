"""The worked example's source data: synthetic records with the marginals of California's real counties.

Nobody in these files exists. Counties, ages, sexes and races follow the 2020 Census, so that the example has what makes
real tables hard: counties of a thousand people beside one of ten million. `write_example_sources` writes them all.
"""

from ddg_pipeline.example.sources import DEFAULT_SEED, write_example_sources

__all__ = ["DEFAULT_SEED", "write_example_sources"]
