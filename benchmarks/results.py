"""The results of one run: a file of JSON lines that grows with every measurement, so that a run can be taken up again.

Every record says what was measured (`What`) and what came of it. Ratios are made of records of one run only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Record = dict[str, Any]

_AGAIN = ("failed", "absent")


@dataclass(frozen=True)
class What:
    """What one record is about.

    Attributes:
        kind: ``pattern`` (a tool chooses cells), ``linear`` (linear algebra on a pattern), ``attack`` (our attacker) or
            ``optimum`` (the exact solver on a table that we have masked).
        instance: The table.
        seed: From what it was drawn.
        tool: ``ours``; ``ours_linear`` and ``ours_linear_value``, as safe as the peers only, with as few cells or as
            small counts as can be; or a peer.
        level: Of protection; of an attack, the level judged by. Empty for peers.
        show_reason: Whether the codes tell small cells from complementary ones.
    """

    kind: str
    instance: str
    seed: int
    tool: str
    level: str = ""
    show_reason: bool = False

    @property
    def slug(self) -> str:
        """A name for files."""
        shown = "shown" if self.show_reason else "hidden"
        return "-".join([self.instance, str(self.seed), self.tool, *([self.level, shown] if self.level else [])])


class Results:
    """The records of one run."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "results.jsonl"
        self.patterns = folder / "patterns"
        self._records: dict[What, Record] = {}
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                record = json.loads(line)
                self._records[What(**record.pop("what"))] = record

    def __iter__(self) -> Iterator[tuple[What, Record]]:
        return iter(self._records.items())

    def get(self, what: What) -> Record | None:
        """Give what came of it, if it has been measured."""
        return self._records.get(what)

    def settled(self, what: What) -> Record | None:
        """Give what came of it, unless it should be tried again."""
        record = self._records.get(what)
        return None if record is None or record["status"] in _AGAIN else record

    def add(self, what: What, record: Record) -> None:
        """Keep what came of it, on disk at once."""
        self._records[what] = record
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            file.write(json.dumps({"what": asdict(what), **record}) + "\n")

    def pattern(self, what: What) -> Path:
        """Where the pattern of a tool is kept."""
        return self.patterns / f"{what.slug}.npy"

    def proof(self, what: What) -> Path:
        """Where the proof of a pattern of ours is kept."""
        return self.patterns / f"{what.slug}.parquet"
