"""Which command makes something that is missing or out of date; also which step does in Dagster, whatever its key is.

Assets may be called as a project's translator likes, so that messages name the step and the release, and no asset key.
"""

from __future__ import annotations

from typing import Final, Literal

Step = Literal["masked", "release", "publication"]

_DOES: Final[dict[str, str]] = {
    "masked": "`ddg run {release}` masks it",
    "release": "`ddg run {release}` makes a new version",
    "publication": "`ddg publish {release}` publishes it",
}


def made_by(release: str, *steps: Step) -> str:
    """Say which command makes something of a release, and which step does.

    Args:
        release: The release; of a release by periods, one of a period too.
        steps: What has to be made, in order; the last says which command.

    Returns:
        Words to go on with after a semicolon.
    """
    named = " and ".join(f"`{step}`" for step in steps)
    does = _DOES[steps[-1]].format(release=release)
    return f"{does}; in Dagster its {'step' if len(steps) == 1 else 'steps'} {named}"
