"""In a worker process: one run at a time, with the burn-ins it has seen kept compressed in memory."""

from __future__ import annotations

import contextlib
import zlib
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from ecosystem.lab.processes import follow_parent

if TYPE_CHECKING:
    from ecosystem.lab.yearly import Yearly

MOST_BYTES = 350_000_000
"""Compressed burn-ins that a worker keeps: those of a full result (25 worlds at scale 2000) and many coarse ones."""

_flags: Any = None
"""Shared with the server: one integer a worker, 1 asks it to give up its present run."""
_kept: OrderedDict[tuple[int, str], bytes] = OrderedDict()


class BurnIns(MutableMapping[str, bytes]):
    """The burn-ins of one seed by key, kept compressed; the least used of all seeds go first."""

    def __init__(self, seed: int, kept: OrderedDict[tuple[int, str], bytes], most: int = MOST_BYTES) -> None:
        self.seed, self.kept, self.most = seed, kept, most

    def __getitem__(self, key: str) -> bytes:
        packed = self.kept[self.seed, key]
        self.kept.move_to_end((self.seed, key))
        return zlib.decompress(packed)

    def __setitem__(self, key: str, content: bytes) -> None:
        self.kept[self.seed, key] = zlib.compress(content, 1)
        while len(self.kept) > 1 and sum(map(len, self.kept.values())) > self.most:
            self.kept.popitem(last=False)

    def __delitem__(self, key: str) -> None:
        del self.kept[self.seed, key]

    def __iter__(self) -> Iterator[str]:
        return (key for seed, key in self.kept if seed == self.seed)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return (self.seed, key) in self.kept


def enter(flags: Any) -> None:
    """Set up a worker: load the model once, leave Ctrl+C to the server, end when the server ends."""
    global _flags
    _flags = flags
    follow_parent()
    with contextlib.suppress(ImportError):
        import ecosystem.lab.yearly  # noqa: F401


def work(content: dict[str, Any], seed: int, outputs: tuple[str, ...], lane: int) -> Yearly | None:
    """Run one scenario with one seed; None when the server asked to give it up."""
    from ecosystem.lab.paired import Interrupted, run_seed
    from ecosystem.scenario import Scenario

    scenario = Scenario.from_dict(content)
    try:
        return run_seed([scenario], seed, outputs, frozen=BurnIns(seed, _kept), cancelled=lambda: bool(_flags[lane]))[0]
    except Interrupted:
        return None
