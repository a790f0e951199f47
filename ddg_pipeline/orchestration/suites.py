"""Keep the suites in ``expectations/`` current with contracts and rulebooks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ddg_pipeline.orchestration import steps
from ddg_pipeline.orchestration.dbt_models import ensure_manifest, read_manifest, relations_of, releases_of
from ddg_pipeline.orchestration.periods import staged_groups
from ddg_pipeline.orchestration.project import Project
from ddg_pipeline.orchestration.store_work import exclusive
from ddg_pipeline.release_groups import linked_groups


def current_suites(project: Project, releases: Sequence[str], *, write: bool) -> Iterator[tuple[Path, bool]]:
    """Compare the suites of staged releases with what their contracts ask for.

    Args:
        project: The project.
        releases: Names of releases; none means all. Linked ones come along. All periods of one have the same suite, and
            it is compared with what the last period that is staged and masked asks for, or, where none is masked, the
            last one.
        write: Whether to write those that differ.

    Returns:
        Each suite's file, and whether it differed.

    Raises:
        RefusedError: A release is not staged.
    """
    manifest = read_manifest(ensure_manifest(project))
    for group in linked_groups(releases_of(manifest)):
        if releases and not {release.contract.release for release in group} & set(releases):
            continue
        with exclusive(project):
            found = staged_groups(project, group)
            # once a period is masked, all are
            staged = next((one for one in found if steps.staged_masked(project, one)), found[0])
            tables = steps.read_group(project, staged, relations_of(manifest))
            texts = steps.suite_texts(project, tables)
        for path, text in texts:
            changed = not path.is_file() or path.read_text(encoding="utf-8") != text
            if changed and write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            yield path, changed
