"""Step 1: no column of a release may identify a person directly (§3 Figure 1, §4.1)."""

from __future__ import annotations

import re

from ddg_pipeline.contract import ReleaseContract, Variable
from ddg_pipeline.errors import RefusedError
from ddg_pipeline.rulebook.labels import normalised
from ddg_pipeline.rulebook.model import DirectIdentifier, Rulebook

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

PERSONAL_VARIABLES = frozenset(set(Variable) - {Variable.TIME, Variable.SERVICE_GEOGRAPHY, Variable.OTHER})
"""Variables that say something about a person by themselves."""


def refuse_direct_identifiers(contract: ReleaseContract, rulebook: Rulebook) -> None:
    """Refuse a contract with a column whose name says that it identifies a person.

    Raises:
        RefusedError: Naming every such column, what it is taken for and the guideline's section.
    """
    found = []
    for column in contract.columns:
        for identifier in rulebook.direct_identifiers.values():
            if _names(column, identifier, contract):
                found.append(f"{column} ({identifier.description.lower()}; {rulebook.cite(identifier.section)})")
                break
    if found:
        raise RefusedError(
            f"{contract.release}: a release must not carry direct identifiers: {', '.join(found)}. Leave the "
            "column out and aggregate over it; if it is something else, give it a name that says so."
        )


def _names(column: str, identifier: DirectIdentifier, contract: ReleaseContract) -> bool:
    dimension = contract.dimensions.get(column)
    if identifier.public_of_providers and not contract.personal_characteristics:
        return False
    if dimension is not None and dimension.variable in identifier.not_of:
        return False
    name = normalised(_CAMEL.sub(" ", column))
    whole = {normalised(text) for text in (*identifier.columns, *identifier.words)}
    if name in whole or name.replace(" ", "") in {text.replace(" ", "") for text in whole}:
        return True
    return dimension is not None and any(f" {normalised(words)} " in f" {name} " for words in identifier.words)
