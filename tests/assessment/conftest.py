"""Contracts and tables in a few words."""

import itertools

import pandas as pd
import pytest

from ddg_pipeline.assessment import assess
from ddg_pipeline.contract import bind
from ddg_pipeline.contract.parse import parse_contract
from ddg_pipeline.rulebook import load_rulebook

CASES = {"kind": "count", "unit": "individuals"}


@pytest.fixture(scope="session")
def rulebook():
    return load_rulebook("calhhs-ddg-2.0")


@pytest.fixture(scope="session")
def bound():
    """Give a bound table: the product of the categories, filled with ``counts``, or rows given as tuples."""

    def make(dimensions, counts=(1, 50), rows=None, references=None, measures=None, **keys):
        """``dimensions`` maps each column to (declaration, labels)."""
        names = list(dimensions)
        if rows is None:
            coordinates = itertools.product(*(labels for _, labels in dimensions.values()))
            cells = itertools.cycle(counts)
            rows = [(*coordinate, next(cells)) for coordinate in coordinates]
        raw = {
            "release": "example",
            "title": "An example",
            "dimensions": {name: declared for name, (declared, _) in dimensions.items()},
            "measures": measures or {"cases": CASES},
            **keys,
        }
        contract = parse_contract(raw, "example.yaml")
        columns = [*names, *contract.population_columns, *contract.measures]
        return bind(contract, pd.DataFrame(rows, columns=columns), references, "example")

    return make


@pytest.fixture(scope="session")
def edition_1():
    return load_rulebook("calhhs-ddg-1.0")


@pytest.fixture(scope="session")
def assessed(bound, rulebook):
    """Assess a table given as for `bound`, by Edition 2.0 unless another rulebook is given."""

    def make(*arguments, by=rulebook, **keys):
        return assess(bound(*arguments, **keys), load_rulebook(by) if isinstance(by, str) else by)

    return make


@pytest.fixture(scope="session")
def score_of(assessed):
    """Give the score of one variable among the terms of a table with that variable alone."""

    def make(declared, labels, **keys):
        assessment = assessed({"it": (declared, labels)}, **keys)
        (term,) = [term for term in assessment.score.terms if term.dimension == "it"]
        return term.score

    return make
