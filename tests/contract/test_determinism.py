"""Same scenario and seed, same bytes: across processes, hash seeds, faces, pickles; own values change nothing."""

from __future__ import annotations

import gc
import json
import os
import pickle
import subprocess
import sys
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ecosystem import Scenario, World
from ecosystem.kernel.digest import digest
from ecosystem.lab.run_folder import load_run
from ecosystem.lab.tables import all_tables

if TYPE_CHECKING:
    from ecosystem.kernel.table import Table

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = Scenario.baseline(scale=8000, years=2, burn_in_years=3)
SEED = 3
TABLES = (
    "orgs", "inventors", "inventions", "rights", "lines", "uses", "deals", "adoptions", "disputes", "governments",
    "offices", "intermediaries", "courts",
)  # fmt: skip


def fingerprint(world: World) -> str:
    """Nine-digit fingerprint of all ten tables, burn-in included: what ``run.json`` holds, and more."""
    return digest(all_tables(world, burn_in=True))


def bits(world: World) -> dict[str, bytes]:
    """Every bit of every column, of all pots and of the month's counters."""
    out = {}
    for name in TABLES:
        table: Table = getattr(world, name)
        out |= {f"{name}.{column}": getattr(table, column).tobytes() for column in table.columns}
    out |= {f"pot {name}": holder.pots.tobytes() for name, holder in world.accounts.holders.items()}
    for month, counted in zip(world.records.months, world.records.tallies, strict=True):
        out[f"tally {month}"] = b"".join(part.tobytes() for part in counted)
    for month, stocks in zip(world.records.months, world.records.stocks, strict=True):
        out |= {f"{name} {month}": value.tobytes() for name, value in stocks.items()}
    return out


def differing(a: dict[str, bytes], b: dict[str, bytes]) -> list[str]:
    """Return the names of what is not equal bit for bit."""
    assert a.keys() == b.keys()
    return [name for name in a if a[name] != b[name]]


@pytest.fixture(scope="module")
def reference() -> World:
    return World(SCENARIO, seed=SEED).run()


@pytest.fixture(scope="module")
def reference_bits(reference: World) -> dict[str, bytes]:
    return bits(reference)


def elsewhere(hash_seed: str, out: Path, *, cli: bool, file: Path) -> str:
    """Run the scenario in another process and return the digest that it wrote."""
    if cli:
        command = [
            str(Path(sys.executable).with_name("ecosystem")),
            "run",
            str(file),
            "--seed",
            str(SEED),
            "--out",
            str(out),
        ]
    else:
        program = (
            "import sys; from ecosystem import Scenario, World; from ecosystem.lab.run_folder import write_run; "
            f"write_run(World(Scenario.load(sys.argv[1]), seed={SEED}).run(), sys.argv[2])"
        )
        command = [sys.executable, "-c", program, str(file), str(out)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return str(json.loads((out / "run.json").read_text())["digest"])


def test_one_digest_for_python_and_command_line_and_every_hash_seed(reference: World, tmp_path: Path) -> None:
    file = tmp_path / "scenario.toml"
    SCENARIO.save(file)
    here = digest(all_tables(reference))
    assert elsewhere("0", tmp_path / "a", cli=False, file=file) == here
    assert elsewhere("12345", tmp_path / "b", cli=True, file=file) == here
    assert load_run(tmp_path / "a").intact()
    assert load_run(tmp_path / "b").intact()


def test_the_same_run_twice_in_one_process_has_the_same_bits(reference_bits: dict[str, bytes]) -> None:
    assert differing(bits(World(SCENARIO, seed=SEED).run()), reference_bits) == []


def test_other_seeds_give_other_runs(reference: World) -> None:
    seen = {fingerprint(reference)}
    for seed in (SEED + 1, -SEED, SEED + 2**32):
        seen.add(fingerprint(World(SCENARIO, seed=seed).run()))
    assert len(seen) == 4


def own_values(world: World, names: list[str]) -> Scenario:
    """The scenario with levers set to the values that they have anyway, in every place."""
    scenario = SCENARIO
    for name in names:
        for place, code in enumerate(world.places):
            scenario = scenario.with_lever(name, on=code, value=float(world.levers.base(name)[place]))
    return scenario


def test_all_levers_set_to_their_own_values_change_no_bit(reference: World, reference_bits: dict[str, bytes]) -> None:
    scenario = own_values(reference, list(reference.levers))
    assert sum(len(row) for row in scenario.levers.values()) == len(reference.levers) * reference.J
    assert differing(bits(World(scenario, seed=SEED).run()), reference_bits) == []


@pytest.mark.parametrize("name", ["office.examiners", "law.term_years", "university.royalty_asked", "court.cost"])
def test_one_lever_set_to_its_own_value_changes_no_bit(
    name: str, reference: World, reference_bits: dict[str, bytes]
) -> None:
    assert differing(bits(World(own_values(reference, [name]), seed=SEED).run()), reference_bits) == []


def test_all_parameters_set_to_their_own_values_change_no_bit(
    reference: World, reference_bits: dict[str, bytes]
) -> None:
    scenario = SCENARIO.with_parameters({name: float(reference.p[name]) for name in reference.p})
    assert differing(bits(World(scenario, seed=SEED).run()), reference_bits) == []


def test_the_title_changes_no_bit_and_a_lever_in_earnest_does(reference_bits: dict[str, bytes]) -> None:
    content = SCENARIO.to_dict()
    assert (
        differing(bits(World(Scenario.from_dict({**content, "title": "Other"}), seed=SEED).run()), reference_bits) == []
    )
    other = SCENARIO.with_lever("office.filing_fee", on="jp", value=0.04)
    assert differing(bits(World(other, seed=SEED).run()), reference_bits) != []


def test_a_scenario_lever_leaves_the_burn_in_alone() -> None:
    plain, moved = World(SCENARIO, seed=SEED), World(SCENARIO.with_lever("law.term_years", on="us", value=5), seed=SEED)
    assert differing(bits(plain), bits(moved)) == []


def test_a_pickled_world_continues_bit_for_bit(reference_bits: dict[str, bytes]) -> None:
    world = World(SCENARIO, seed=SEED)
    for _ in range(7):
        world.step()
    text = pickle.dumps(world)
    back = pickle.loads(text)
    del world
    assert differing(bits(back.run()), reference_bits) == []


def test_looking_at_a_world_changes_nothing(reference_bits: dict[str, bytes]) -> None:
    world = World(SCENARIO, seed=SEED)
    while world.month < world.horizon_months:
        world.step()
        if world.month % 6 == 0:
            assert len(world.agents) > 0
            world.indicators(period=12)
            all_tables(world)
            next(iter(world.agents)).inspect()
    assert differing(bits(world), reference_bits) == []


def test_two_worlds_stepped_in_turn_equal_the_worlds_run_alone(reference_bits: dict[str, bytes]) -> None:
    other_setup = Scenario.baseline(scale=8000, years=2, burn_in_years=2, jurisdictions=["jp", "us"])
    alone = bits(World(other_setup, seed=9).run())
    a, b = World(SCENARIO, seed=SEED), World(other_setup, seed=9)
    for _ in range(a.horizon_months):
        a.step()
        b.step()
    assert differing(bits(a), reference_bits) == []
    assert differing(bits(b), alone) == []


def test_the_global_generators_are_never_asked(reference_bits: dict[str, bytes]) -> None:
    import random

    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 - the global generator is what is tested
    before, state = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    world = World(SCENARIO, seed=SEED).run()
    assert random.getstate() == before
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    assert differing(bits(world), reference_bits) == []


def test_a_closed_world_is_freed() -> None:
    world = World(Scenario.baseline(scale=20_000, years=1, burn_in_years=1), seed=1).run()
    assert len(world.agents) > 0
    all_tables(world)
    gone = weakref.ref(world)
    rights = weakref.ref(world.rights)
    del world
    gc.collect()
    assert gone() is None
    assert rights() is None


def test_numpy_was_loaded_without_paths_that_differ_between_processors() -> None:
    from ecosystem.kernel.platform import DISABLED, PINNED

    assert PINNED
    assert os.environ["NPY_DISABLE_CPU_FEATURES"] == DISABLED
    if sys.platform == "linux" and os.uname().machine == "x86_64":
        from numpy._core._multiarray_umath import __cpu_features__

        assert not any(__cpu_features__.get(name) for name in DISABLED.split())


def test_the_order_of_imports_changes_nothing() -> None:
    """A digest does not hang on which module of the agents was imported first."""
    program = (
        "import importlib, sys, ecosystem\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "from ecosystem import Scenario, World\n"
        "from ecosystem.kernel.digest import digest\n"
        "from ecosystem.lab.tables import all_tables\n"
        "world = World(Scenario.baseline(years=1, scale=20_000, burn_in_years=1), seed=3).run()\n"
        "print(digest(all_tables(world)))\n"
    )
    digests = {
        subprocess.run([sys.executable, "-c", program, *first], capture_output=True, text=True, check=True).stdout
        for first in ([], ["agents.inventor.hiring"], ["agents.transfer", "agents.court"])
    }
    assert len(digests) == 1
