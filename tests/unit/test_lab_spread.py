"""A function over many items on processes: results as they come, a bounded window, errors that say where they were."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from ecosystem.kernel.errors import InputError
from ecosystem.lab.processes import out_of_reach, processors
from ecosystem.lab.runner.spread import spread


class Stubborn(Exception):
    """An error that cannot be pickled back: it wants two words and keeps one."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def doubled(item: int, add: int = 0) -> tuple[int, int]:
    """Return a result and the process it was found in."""
    return 2 * item + add, os.getpid()


def wrong(item: int) -> int:
    """Fail in a way that depends on the item."""
    if item == 0:
        raise InputError("The item is zero", where="here")
    raise Stubborn("no ", "way")


def fatal(item: int, marks: Path) -> int:
    """End the process: item 1 once, item 2 whenever it is tried; each try leaves a mark."""
    tries = len(list(marks.glob(f"{item}-*")))
    (marks / f"{item}-{tries}").touch()
    if item == 2 or (item == 1 and not tries):
        os._exit(9)
    return item


def marked(item: int, marks: Path) -> int:
    """Leave a mark and take a while."""
    (marks / str(item)).touch()
    time.sleep(0.2 if item < 2 else 30.0)
    return item


@pytest.mark.parametrize("workers", [0, 2])
def test_every_item_gets_its_result(workers: int) -> None:
    found = list(spread(partial(doubled, add=1), [5, 3, 3, 8], workers=workers))
    assert sorted((item, value) for item, (value, _) in found) == [(3, 7), (3, 7), (5, 11), (8, 17)]
    assert ({pid for _, (_, pid) in found} == {os.getpid()}) == (workers == 0)
    assert list(spread(doubled, [], workers=workers)) == []


def test_what_is_raised_comes_home_with_the_place_it_was_raised_in() -> None:
    with pytest.raises(InputError, match="The item is zero") as error:
        list(spread(wrong, [0], workers=1))
    assert "in wrong" in error.value.__notes__[0]
    with pytest.raises(RuntimeError, match="Stubborn: no way") as other:
        list(spread(wrong, [1], workers=1))
    assert "in wrong" in other.value.__notes__[0]


def test_an_item_that_kills_its_process_is_tried_once_more(tmp_path: Path) -> None:
    assert sorted(k for k, _ in spread(partial(fatal, marks=tmp_path), [0, 1, 3], workers=2)) == [0, 1, 3]
    assert len(list(tmp_path.glob("1-*"))) == 2
    with pytest.raises(InputError, match=r"died twice.*exit code 9"):
        list(spread(partial(fatal, marks=tmp_path), [2], workers=1))


def test_nothing_begins_after_the_wish_to_stop_or_after_leaving(tmp_path: Path) -> None:
    begun = time.monotonic()
    with closing(spread(partial(marked, marks=tmp_path), range(100), workers=2)) as results:
        next(results)
        next(results)
    assert time.monotonic() - begun < 25.0  # those under way take 30 s and were ended
    assert len(list(tmp_path.iterdir())) <= 4  # two done, at most two more were out: a bounded window
    asked: list[int] = []
    found = spread(doubled, range(100), workers=0, stopping=lambda: len(asked) > 2)
    for item, _ in found:
        asked.append(item)
    assert asked == [0, 1, 2]


def test_there_is_a_processor() -> None:
    assert 1 <= processors() <= (os.cpu_count() or 1)


def test_measures_named_twice_are_checked_once_and_none_is_refused() -> None:
    from ecosystem.lab.measure_check import check  # here, as workers load this file

    told: list[tuple[int, int]] = []
    ids = ["us_rd_tax_credit", "jp_more_examiners", "us_rd_tax_credit"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ecosystem.lab.measure_check.run_seed", _short)
        found = check(ids, pairs=2, workers=0, progress=lambda done, total: told.append((done, total)))
    assert [c.id for c in found] == ids[:2]
    assert told[-1] == (4, 4)  # two measures, two pairs each
    with pytest.raises(InputError, match="No measure is named"):
        check([])


def _short(scenarios: list, seed: int, outputs: list[str]) -> list:
    from dataclasses import replace

    from ecosystem.lab.paired import run_seed

    return run_seed([replace(s, burn_in_years=1, scale=50_000.0) for s in scenarios], seed, outputs)


def test_an_interrupt_waits_until_a_process_has_started_whichever_thread_gets_it() -> None:
    reached: list[str] = []

    def open_to_it() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # as threads are that began before the mask
        signal.raise_signal(signal.SIGINT)

    def strike() -> None:
        other = threading.Thread(target=open_to_it)
        other.start()
        other.join()

    def block() -> None:
        with out_of_reach():
            strike()
            reached.append("inside")
        reached.append("after")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert reached == ["inside"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
