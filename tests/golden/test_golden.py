"""Results that were written down once: they change only on purpose (``python -m tests.golden.record``)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ecosystem.kernel.digest import digest
from ecosystem.kernel.luck import Draw, Pool, fold
from tests.golden.record import FILE, RUNS, digests

KEY = 16685189149765754611
UNIFORMS = ["0x1.0d644739232f7p-1", "0x1.d4b560e574f65p-1", "0x1.64be7f10982f7p-1", "0x1.9f00cab1c497fp-1"]
FOLDED = [5248369631616299765, 9100384542320116845, 4788159988108581451, 232592111368411209]
RING = [21, 88, 52, 63]
RACE = [3, 8, 4, 5]
FINGERPRINT = "c0420b3f1e9e58d13a4705eac6b0555639a2dca2c3a12805b4e28af562591f46"


def test_the_dice_fall_as_they_always_did() -> None:
    draw = Draw(42)
    uid = np.array([1, 2, 3, 2**62], dtype=np.int64)
    assert draw.key("office.grant", 7) == np.uint64(KEY)
    assert [x.hex() for x in draw.uniform("office.grant", uid, month=7)] == UNIFORMS
    assert fold(uid, 5, 6).tolist() == FOLDED
    pool = Pool.of(np.arange(100), fold(np.arange(100), 1), np.zeros(100, int), 1, np.arange(1, 101))
    assert draw.partner("p", uid, np.zeros(4, int), pool, month=0).tolist() == RING
    small = Pool.of(np.arange(9), fold(np.arange(9), 1), np.zeros(9, int), 1, np.arange(1, 10))
    assert draw.partner("p", uid, np.zeros(4, int), small, month=0).tolist() == RACE


def test_a_table_has_the_fingerprint_that_it_always_had() -> None:
    table = pd.DataFrame(
        {"uid": [1, 2], "value": [1.5, np.nan], "word": pd.Categorical(["b", "a"]), "yes": [True, False],
         "parents": [[1, 2], []]}
    )  # fmt: skip
    assert digest({"one": table}) == FINGERPRINT


def test_runs_have_the_digests_that_were_written_down() -> None:
    from ecosystem.lab.run_folder import math_fingerprint

    known = json.loads(FILE.read_text(encoding="utf-8"))
    if known["math_fingerprint"] != math_fingerprint():
        pytest.skip("exp, log or power differ in the last bit on this machine: digests may differ")
    assert known["digests"].keys() == RUNS.keys()
    assert digests() == known["digests"], "results changed: if on purpose, run `python -m tests.golden.record`"
