"""Worker processes of every kind: they leave Ctrl+C to their parent and never outlive it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator

ORPHANED = 3
"""Exit code of a worker whose parent ended."""


def follow_parent() -> None:
    """Set up this process as a worker: Ctrl+C is the parent's affair, and the end of the parent is the end.

    The first thing that every worker process does; fit to be the ``initializer`` of a pool.
    """
    # Ctrl+C goes to the whole terminal group; the parent alone decides when workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os._exit(ORPHANED)

    threading.Thread(target=follow, daemon=True).start()


@contextlib.contextmanager
def out_of_reach() -> Iterator[None]:
    """Start processes in here that Ctrl+C does not reach even before ``follow_parent``, while they still load.

    An interrupt of this process waits until the block ends.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # it would lift the mask when it starts
    with _held_back():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Keep an interrupt until the block ends, whichever thread gets the signal: Python handles it in the main thread.

    The mask of the main thread alone would not do; a process half started would find its pipe closed.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(signal.SIGINT)


def processors() -> int:
    """Return the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
