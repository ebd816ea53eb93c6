"""``python -m ecosystem.dashboard.lessons record``: run the experiments of the lessons and store what they gave."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from ecosystem.dashboard.lessons import known_lessons
from ecosystem.dashboard.lessons.recorded import path_of, record, recorded, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Record lessons, or list what is recorded; return the exit code."""
    options = argparse.ArgumentParser(prog="python -m ecosystem.dashboard.lessons", description=__doc__)
    options.add_argument("what", choices=("record", "list"))
    options.add_argument("lessons", nargs="*", help="ids of lessons (default: all)")
    options.add_argument("--workers", type=int, help="processes (default: one a processor)")
    chosen = options.parse_args(arguments)
    known = known_lessons()
    for id in chosen.lessons:
        if id not in known:
            options.error(f"there is no lesson {id!r}; there are {', '.join(known)}")
    for id in chosen.lessons or known:
        lesson = known[id]
        if chosen.what == "record":
            began = time.monotonic()
            content = record(lesson, workers=chosen.workers)
            write(content, path_of(lesson))
            sys.stdout.write(f"{id}: {len(content['base'])} pairs, model {content['model']}, "
                             f"{time.monotonic() - began:.0f} s\n")  # fmt: skip
            continue
        found = recorded(id)
        state = "not recorded" if found is None else f"model {found.model}, {found.made}{', old' if found.old else ''}"
        sys.stdout.write(f"{id}: {state}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
