"""Which page of the documentation explains an error: by the part of the program that raised it, and the key in it.

The pages are those under ``docs/``; ``ddg help TOPIC`` prints them. A topic is a page's name, and after ``#`` one of
its headings as an anchor: ``contract#identities``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from ddg_pipeline.errors import DdgError, InputError, InputErrors

_PACKAGE: Final = "ddg_pipeline."
_PART: Final = re.compile(r"[^.\[\]\s:]+")  # of `already_public[0].table` and of `dimensions.county: 3 labels`
_ANY: Final = "*"  # a name that people give, such as that of a dimension


@dataclass(frozen=True)
class Keys:
    """The keys of one kind of file.

    Attributes:
        page: Where everything is that no key below is for.
        keys: By dotted key, ``*`` for any name: the topic. The longest that fits counts.
    """

    page: str
    keys: Mapping[str, str]


_SIZE: Final = "contract#a-size"
CONTRACT: Final = {
    "rulebook": "rulebook#where-a-contracts-rulebook-is-found",
    "high_risk": "contract#what-you-have-to-think-about",
    "scope": "contract#one-of-scope",
    "dimensions": "contract#one-of-dimensions",
    "dimensions.*.variable": "contract#what-each-kind-of-variable-needs",
    "dimensions.*.population": _SIZE,
    "dimensions.*.members": _SIZE,
    "dimensions.*.enrollment": _SIZE,
    "dimensions.*.implies": "contract#one-of-implies-of-a-dimension",
    "dimensions.*.hierarchy": "contract#hierarchy-of-a-dimension",
    "measures": "contract#one-of-measures",
    "measures.*.population": _SIZE,
    "identities": "contract#identities",
    "survey": "contract#survey",
    "survey.estimates": "contract#one-of-surveyestimates",
    "links": "linked-tables",
    "already_released": "same-people",
    "unrelated": "same-people",
    "reporting_periods": "contract#reporting_periods",
    "already_public": "contract#one-of-already_public",
    "suppression": "contract#suppression",
    "suppression.level": "masking#the-guarantee-three-levels",
    "suppression.percentages": "contract#suppressionpercentages",
    "suppression.annotations": "contract#suppressionannotations",
    "limits": "contract#limits",
    "limits.measures": "contract#one-of-limitsmeasures",
    "limits.dimensions": "contract#one-of-limitsdimensions",
    "review": "review#who-has-to",
    "publication": "contract#publication",
    "publication.metadata": "metadata",
}
SETTINGS: Final = {
    "rulebooks": "rulebook#where-a-contracts-rulebook-is-found",
    "restricted_key": "security#encryption",
    "restricted_key_file": "security#encryption",
    "restricted_crypto": "security#encryption",
    "retention": "security#retention",
    "store_wait": "security#one-run-at-a-time",
    "metadata": "metadata#where-it-is-written",
    "targets": "targets",
    "signing": "certificate#signing",
    "ckan": "portal",
    "review": "review#who-has-to",
}

# By module, or the package that it is in; the longest name counts. Helpers that read for all the others, such as
# `strict_yaml`, are not here: then the page is that of whoever called them.
MODULES: Final[Mapping[str, str | Keys]] = {
    "advice": "advice",
    "advice_run": "advice",
    "assessment": Keys("assessment", CONTRACT),
    "assessment.identifiers": "guideline#what-step-1-looks-for",
    "audit": "audit-only#what-a-published-table-has-to-look-like",
    "audit.verify": "verify#what-is-checked",
    "audit_run": "audit-only#what-a-published-table-has-to-look-like",
    "cli": "cli",
    "cli_advise": "cli#ddg-advise",
    "cli_contract": "cli#ddg-contract",
    "cli_dbt_package": "dbt",
    "cli_doctor": "cli#ddg-doctor",
    "cli_init": "cli#ddg-init",
    "cli_ledger": "cli#ddg-ledger",
    "cli_review": "review",
    "cli_rulebook": "cli#ddg-rulebook",
    "cli_store": "cli#ddg-store",
    "cli_upgrade": "cli#ddg-upgrade",
    "cli_verify": "cli#ddg-verify",
    "command_line": "cli",
    "components": "dagster-project",
    "contract": Keys("contract", CONTRACT),
    "contract.bind": Keys("contract#which-columns-a-table-may-have", CONTRACT),
    "contract.reporting_periods": Keys("periods", CONTRACT),
    "contract.columns": Keys("contract#which-columns-a-table-may-have", CONTRACT),
    "doctor": "cli#ddg-doctor",
    "drafting": "cli#ddg-contract-suggest",
    "earlier_versions": "ledger#what-follows-for-the-next-version",
    "example": "cli#ddg-example",
    "format_version": "start#upgrading",
    "upgrading": "cli#ddg-upgrade",
    "linked_cells": "linked-tables#which-cells-are-the-same",
    "masking": Keys("masking#when-it-cannot-be-done", CONTRACT),
    "masking.shared": "linked-tables#which-cells-are-the-same",
    "masking.percentages": "masking#whole-percentages-instead",
    "masking_run": "masking#when-it-cannot-be-done",
    "orchestration": "gate#when-it-is-shut",
    "orchestration.dbt_models": "contract",
    "orchestration.dbt_package": "dbt",
    "orchestration.elsewhere": "elsewhere",
    "orchestration.elsewhere_reader": "elsewhere",
    "orchestration.spark_session": "elsewhere#spark-on-this-machine",
    "orchestration.partitions": "periods",
    "orchestration.periods": "periods",
    "orchestration.plan": "dagster-project",
    "orchestration.settings_in_dagster": "dagster-project",
    "orchestration.translation": "dagster-project",
    "orchestration.translator_of_project": "dagster-project",
    "orchestration.dossiers": "dossier#if-it-cannot-be-made",
    "orchestration.portal_settings": Keys("settings", SETTINGS),
    "orchestration.portals": "portal#when-something-goes-wrong",
    "orchestration.project": Keys("settings", SETTINGS),
    "orchestration.kept_versions": "ledger",
    "orchestration.public_versions": "ledger",
    "orchestration.review": "review",
    "orchestration.running": "cli#ddg-run",
    "orchestration.stored_tables": "advice#going-on-with-one",
    "orchestration.targets": "targets",
    "output_files": "cli",
    "overlaps": Keys("masking#when-it-cannot-be-done", CONTRACT),
    "preparation": Keys("ledger#what-follows-for-the-next-version", CONTRACT),
    "publishing": "gate#when-it-is-shut",
    "publishing.ckan": "portal#when-something-goes-wrong",
    "publishing.ckan.settings": "portal",
    "publishing.ledger": "ledger",
    "publishing.metadata": "metadata#mappings",
    "publishing.object_storage": "targets",
    "publishing.object_store": "targets",
    "publishing.pointer": "targets",
    "publishing.targets": "targets",
    "quality": "gate#when-it-is-shut",
    "quality.certificate": "certificate#what-is-checked",
    "quality.certificate_form": "certificate#what-is-checked",
    "quality.hand_written": "gate#expectations-by-hand",
    "quality.signatures": "certificate#signing",
    "quality.suite_file": "gate#expectations-by-hand",
    "review": "review",
    "review.dossier": "dossier#if-it-cannot-be-made",
    "review.log": "review#the-log",
    "review.receipts": "review#the-log",
    "rulebook": "rulebook#errors",
    "rulebook_files": "rulebook#where-a-contracts-rulebook-is-found",
    "starting": "cli#ddg-init",
    "suggesting": "cli#ddg-contract-suggest",
    "table_files": Keys("contract#which-columns-a-table-may-have", CONTRACT),
    "verify_package_run": "certificate#what-is-checked",
    "verify_run": "verify#what-is-checked",
    "warehouse": "security#two-stores",
    "warehouse._arrow": "sources",
    "warehouse._database": "security#encryption",
    "warehouse._reading": "sources",
    "warehouse.encryption": "security#encryption",
    "warehouse.loading": "sources",
    "warehouse.lock": "security#one-run-at-a-time",
    "warehouse.sealed": "security#encryption",
    "warehouse.sources": "sources",
}


def topics_of(error: BaseException) -> list[str]:
    """Name the pages that explain an error: for several errors at once, each page once.

    Args:
        error: One of ours, as it was caught. Of any other kind nothing is known.

    Returns:
        Topics, in the order of the errors; none where no page is known.
    """
    if not isinstance(error, DdgError):
        return []
    explained = next((found for name in _modules(error) if (found := _explained(name)) is not None), None)
    if explained is None:
        return []
    if isinstance(explained, str):
        return [explained]
    return list(dict.fromkeys(_topic(explained, one.field) for one in _each(error))) or [explained.page]


def topic_of(error: InputError, whole: BaseException) -> str | None:
    """Name the page for one of the errors that were told together.

    Args:
        error: The one.
        whole: What was caught: the error itself, or all of them.
    """
    found = topics_of(whole if error not in _each(whole) or error is whole else _alone(error, whole))
    return found[0] if found else None


def _alone(error: InputError, whole: BaseException) -> InputErrors:
    alone = InputErrors([error])
    alone.__traceback__, alone.__context__ = whole.__traceback__, whole.__context__
    return alone


def _each(error: BaseException) -> list[InputError]:
    if isinstance(error, InputErrors):
        return error.errors
    return [error] if isinstance(error, InputError) else []


def _topic(explained: Keys, field: str) -> str:
    parts = _PART.findall(field)
    for length in range(len(parts), 0, -1):
        for key, topic in explained.keys.items():
            wanted = key.split(".")
            if len(wanted) == length and all(
                one in (_ANY, part) for one, part in zip(wanted, parts[:length], strict=True)
            ):
                return topic
    return explained.page


def _explained(module: str) -> str | Keys | None:
    while module:
        if module in MODULES:
            return MODULES[module]
        module = module.rpartition(".")[0]
    return None


def _modules(error: DdgError) -> Iterator[str]:
    """Name the modules that an error came through, the innermost first, also where it was raised anew on its way."""
    first: BaseException = error
    while isinstance(first.__context__, DdgError):
        first = first.__context__
    names = [_name(one) for one in _frames(first.__traceback__)]
    if first is not error:
        names = [_name(one) for one in _frames(error.__traceback__)] + names
    yield from (name.removeprefix(_PACKAGE) for name in reversed(names) if name.startswith(_PACKAGE))


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _name(trace: TracebackType) -> str:
    return str(trace.tb_frame.f_globals.get("__name__", ""))
