"""What is measured: each function here runs alone in a fresh process and returns plain numbers.

``python -m tests.bench.measurements NAME [--quick]`` runs one and prints one line of JSON. ``tests.bench.bench`` calls
it so; nobody else needs to. Every function imports what it measures by itself, so that the memory of a process is that
of one simulator.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

Numbers = dict[str, Any]

SEED = 1
PEER_SEEDS = (1, 2, 3)


def peak_memory_mb() -> float:
    """Return the largest resident memory of this process so far, in MB (10^6 bytes).

    Linux counts into ``ru_maxrss`` what the parent held before the program was started; ``VmHWM`` does not.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


class Stopwatch:
    """Processor time (all threads) and wall time since it was started, both in seconds."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Start again from zero."""
        self.cpu_start, self.wall_start = time.process_time(), time.perf_counter()

    def read(self) -> tuple[float, float]:
        """Return (processor, wall) seconds."""
        return time.process_time() - self.cpu_start, time.perf_counter() - self.wall_start


def count_agents(world: Any) -> Numbers:
    """Return the living agents of a world now: organizations, inventors at work, institutions.

    Passive organizations (the rest of the world, which acts by data) are not agents that decide: they are left out.
    """
    orgs = int((world.orgs.alive & ~world.orgs.passive).sum())
    inventors = int(world.inventors.active.sum())
    institutions = sum(len(table) for table in (world.offices, world.courts, world.governments, world.intermediaries))
    return {"organizations": orgs, "inventors": inventors, "institutions": institutions}


def world(scale: float, years: int, burn_in_years: int | None) -> Numbers:
    """Build a baseline world and run it; construction, burn-in and run are timed apart.

    Per agent and month: processor time of the run / sum over months of living agents (counted each December while the
    clock stands still, and taken for the whole year).
    """
    from ecosystem.kernel import platform as _platform  # noqa: F401 - before NumPy, as the command line does

    clock = Stopwatch()
    from ecosystem import Scenario, World
    from ecosystem.kernel.schedule import Schedule

    imports = clock.read()
    setup: dict[str, Any] = {"scale": scale, "years": years}
    if burn_in_years is not None:
        setup["burn_in_years"] = burn_in_years
    scenario = Scenario.baseline(**setup)

    # The burn-in starts with the first month that any schedule runs.
    first: list[tuple[float, float]] = []
    run_month = Schedule.run

    def note_first(schedule: Schedule, world: Any) -> None:
        first.append(clock.read())
        Schedule.run = run_month  # type: ignore[method-assign]
        run_month(schedule, world)

    Schedule.run = note_first  # type: ignore[method-assign, assignment]
    clock.restart()
    subject = World(scenario, seed=SEED)
    built = clock.read()
    Schedule.run = run_month  # type: ignore[method-assign]
    construction = first[0] if first else built
    before = dict(subject.schedule.seconds)

    cpu: list[float] = []
    wall: list[float] = []
    agents: list[int] = []
    kinds: Numbers = {}

    def year_end(done: int, total: int) -> None:
        if done % 12:
            return
        spent = clock.read()
        cpu.append(spent[0])
        wall.append(spent[1])
        kinds.update(count_agents(subject))
        agents.append(sum(kinds.values()))
        clock.restart()

    clock.restart()
    subject.run(progress=year_end)
    months = 12 * years
    if not subject.finished or len(cpu) != years:
        raise RuntimeError(f"the world of scale {scale:g} stopped after {len(cpu)} of {years} years")
    profile = [
        (phase, name, (subject.schedule.seconds[name] - before.get(name, 0.0)) / months * 1e6)
        for phase, name, _ in subject.schedule.profile()
    ]
    return {
        "scale": scale,
        "years": years,
        "burn_in_years": scenario.burn_in_years,
        "import_cpu_s": imports[0],
        "construction_cpu_s": construction[0],
        "construction_wall_s": construction[1],
        "burn_in_cpu_s": built[0] - construction[0],
        "burn_in_wall_s": built[1] - construction[1],
        "run_cpu_s": sum(cpu),
        "run_wall_s": sum(wall),
        "ms_per_month": sum(cpu) / months * 1e3,
        "agents": sum(agents) / years,
        "ns_per_agent_step": sum(cpu) / (12 * sum(agents)) * 1e9,
        "cpu_by_year_s": cpu,
        "agents_by_year": agents,
        **kinds,
        "passive": int((subject.orgs.alive & subject.orgs.passive).sum()),
        "memory_mb": peak_memory_mb(),
        "profile_us": sorted(profile, key=lambda row: -row[2]),
    }


def starsim(n: int) -> Numbers:
    """Run Starsim's SIR on its random network as its defaults have it (50 years in yearly steps); building not counted.

    Per agent and step: processor time of ``sim.run`` / (agents alive, mean of start and end, x steps).
    """
    import starsim as ss

    def make(size: int, seed: int) -> Any:
        sim = ss.Sim(n_agents=size, diseases=ss.SIR(), networks=ss.RandomNet(), rand_seed=seed, verbose=0)
        sim.init()
        return sim

    make(1000, 0).run()  # loads and compiles once
    cpu = wall = agent_steps = 0.0
    steps = 0
    clock = Stopwatch()
    for seed in PEER_SEEDS:
        sim = make(n, seed)
        start = len(sim.people)
        clock.restart()
        sim.run()
        spent = clock.read()
        cpu, wall = cpu + spent[0], wall + spent[1]
        steps += len(sim.t.timevec)
        agent_steps += 0.5 * (start + len(sim.people)) * len(sim.t.timevec)
    return _peer(n, steps, cpu, wall, agent_steps)


def bamengine(firms: int, steps: int) -> Numbers:
    """Run BAM Engine (firms, five times as many households, 100 banks) without collecting results."""
    import bamengine as bam

    size = {"n_firms": firms, "n_households": 5 * firms, "n_banks": 100}
    n = sum(size.values())
    bam.Simulation.init(seed=0, log_level="ERROR").run(3, collect=False)
    cpu = wall = 0.0
    clock = Stopwatch()
    for seed in PEER_SEEDS:
        sim = bam.Simulation.init(seed=seed, log_level="ERROR", **size)
        clock.restart()
        sim.run(steps, collect=False)
        spent = clock.read()
        cpu, wall = cpu + spent[0], wall + spent[1]
    done = steps * len(PEER_SEEDS)
    return _peer(n, done, cpu, wall, float(n) * done)


def mesa(n: int, steps: int, way: str) -> Numbers:
    """Run Mesa agents as Python objects with one trivial rule, called by ``do`` or ``shuffle_do``.

    The rule stands for a fraction of an inventor's month: a draw, a drifting motivation, now and then an invention
    that builds on one of another agent. The world's month does far more for each of its agents.
    """
    import mesa as library

    class Inventor(library.Agent):
        def __init__(self, model: Any) -> None:
            super().__init__(model)
            self.skill = self.random.lognormvariate(0.0, 0.5)
            self.motivation = 1.0
            self.inventions = 0

        def month(self) -> None:
            luck = self.random.random()
            self.motivation += 0.1 * (1.0 - self.motivation) + 0.1 * (luck - 0.5)
            if luck < 0.05 * self.skill * self.motivation:
                parent = self.model.everyone[self.random.randrange(n)]
                self.skill += 0.01 * (parent.skill - self.skill)
                self.inventions += 1

    class Plain(library.Model):
        def __init__(self) -> None:
            super().__init__(rng=SEED)
            Inventor.create_agents(self, n)
            self.everyone = list(self.agents)

    model = Plain()
    act = getattr(model.agents, way)
    act("month")
    clock = Stopwatch()
    for _ in range(steps):
        act("month")
    cpu, wall = clock.read()
    if not sum(agent.inventions for agent in model.everyone):
        raise RuntimeError("the plain Mesa agents invented nothing: the rule was not called")
    return _peer(n, steps, cpu, wall, float(n) * steps)


def _peer(n: int, steps: int, cpu: float, wall: float, agent_steps: float) -> Numbers:
    return {
        "agents": n,
        "steps": steps,
        "run_cpu_s": cpu,
        "run_wall_s": wall,
        "ms_per_step": cpu / steps * 1e3,
        "ns_per_agent_step": cpu / agent_steps * 1e9,
        "memory_mb": peak_memory_mb(),
    }


def measurements(quick: bool = False) -> dict[str, Callable[[], Numbers]]:
    """Return the measurements by name, in the order in which a round takes them.

    In the quick form all worlds have a burn-in of 2 years and run for 2; in the full form the burn-in is the default.
    """
    burn_in = 2 if quick else None
    years = {500: 2, 5000: 2, 100: 2} if quick else {500: 30, 5000: 30, 100: 5}
    steps = 10 if quick else 100
    return {
        "world 500": partial(world, 500, years[500], burn_in),
        "Starsim 10,000": partial(starsim, 10_000),
        "bamengine 6,100": partial(bamengine, 1000, steps),
        "plain Mesa, do": partial(mesa, 10_000, steps, "do"),
        "world 5000": partial(world, 5000, years[5000], burn_in),
        "Starsim 100,000": partial(starsim, 100_000),
        "bamengine 18,100": partial(bamengine, 3000, steps),
        "plain Mesa, shuffle_do": partial(mesa, 10_000, steps, "shuffle_do"),
        "world 100": partial(world, 100, years[100], burn_in),
        # Not in the tables: loads and compiles what a source changed since, so that no measurement waits for it.
        "warm": partial(world, 2000, 1, 1),
    }


def main() -> None:
    """Run the measurement named on the command line; print its numbers as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=list(measurements()))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    numbers = measurements(options.quick)[options.name]()
    print(json.dumps(numbers))


if __name__ == "__main__":
    main()
