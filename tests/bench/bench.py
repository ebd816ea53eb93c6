"""Speed and memory of the simulator beside peers, in one session: ``make bench``, shorter ``make bench QUICK=1``.

How to read it
--------------
Every measurement runs alone in a fresh process on one thread, so its memory is its own. A round takes all measurements
once, ours and the peers' by turns, so that a busy neighbor disturbs both; the tables show medians of the rounds and,
in brackets, the smallest and largest. Nothing passes or fails on time.

Trust the ratios, not the seconds. Times are processor time (``cpu``) unless ``wall`` is said. On a machine that others
use, processor time still varies by a third or so and wall time by any factor: the load average is printed at the start
and the end. A ratio is the median of the ratios within each round.

* *Worlds*: 30 reported years of the baseline. ``build`` is construction without burn-in, ``burn-in`` the years before
  the first reported month, ``run`` the reported years; ``wall`` is the wall time of the run. Importing the program and
  writing results are in none of them. ``memory`` is the peak of the whole process, imports included.
* *ns per agent and month*: processor time of the run / sum over its months of the living agents: active organizations,
  inventors at work, institutions (offices, courts, governments, intermediaries). Passive organizations (the rest of the
  world) are not counted. All scales are also compared over the same first years, because months grow heavier as
  inventions and rights gather. Flat or falling with size is what is wanted.
* *Peers*: one step of each is another thing. Starsim is an SIR epidemic on a random network with its defaults, BAM
  Engine a macroeconomic model with some forty events, plain Mesa a rule of a few lines. Setting up is not counted.
  The ratio ``x`` says how many times the default world costs per agent and step: 2.0x is twice as dear as the peer.
* *Profile*: where a reported month of the default world goes, by rule, as ``world.schedule.profile()`` times it.

``--json FILE`` keeps all numbers of all rounds. Needs the environment of ``make bench`` (``.venv-bench``).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.measurements import Numbers, measurements

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = "world 500"
WORLDS = ("world 500", "world 5000", "world 100")
PEERS = (
    "Starsim 10,000",
    "Starsim 100,000",
    "bamengine 6,100",
    "bamengine 18,100",
    "plain Mesa, do",
    "plain Mesa, shuffle_do",
)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS")

Rounds = dict[str, list[Numbers]]


class MeasurementError(RuntimeError):
    """A measurement ended without numbers."""


def measure(name: str, quick: bool = False) -> Numbers:
    """Run one measurement in a process of its own and return its numbers.

    Raises:
        MeasurementError: it failed; the message holds the end of what it wrote.
    """
    environment = dict(os.environ)
    # Each simulator sees NumPy as its own users do; ours switches processor features off by itself.
    environment.pop("NPY_DISABLE_CPU_FEATURES", None)
    environment.update(dict.fromkeys(THREADS, "1"))
    command = [sys.executable, "-m", "tests.bench.measurements", name, *(["--quick"] if quick else [])]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        raise MeasurementError(f"{name} ended with code {done.returncode}:\n{done.stderr[-2000:]}")
    numbers: Numbers = json.loads(lines[-1])
    return numbers


def load() -> str:
    """Return the load averages of the machine in words."""
    if not hasattr(os, "getloadavg"):
        return "load average unknown on this system"
    one, five, fifteen = os.getloadavg()
    return f"load average {one:.1f} {five:.1f} {fifteen:.1f} on {os.cpu_count()} cores"


def busy(own: float) -> bool:
    """Return whether others seem to use the machine: half a core or more beyond the ``own`` cores that we keep busy."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] >= own + 0.5


def sources() -> str:
    """Return a short digest of the simulator's code and data, to see whether they changed during a session."""
    digest = hashlib.blake2b(digest_size=6)
    for folder in ("ecosystem", "agents", "policies"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".toml", ".csv"):
                digest.update(str(path.relative_to(ROOT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def take(rounds: int, quick: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """Take all measurements ``rounds`` times in alternation; return them with what is known of the machine."""
    session: dict[str, Any] = {
        "quick": quick,
        "rounds": rounds,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "load_before": load(),
        "busy": busy(own=0.0),
        "sources": sources(),
    }
    say("compiling what changed (not counted)")
    measure("warm", quick)
    results: Rounds = {}
    for number in range(1, rounds + 1):
        for name in measurements(quick):
            if name == "warm":
                continue
            say(f"round {number} of {rounds}: {name}")
            results.setdefault(name, []).append(measure(name, quick))
    session["load_after"] = load()
    session["sources_changed"] = sources() != session["sources"]
    session["busy"] = session["busy"] or busy(own=1.0)
    session["results"] = results
    return session


def median(rows: list[Numbers], key: str) -> float:
    """Return the median over the rounds."""
    return statistics.median(row[key] for row in rows)


def spread(rows: list[Numbers], key: str, digits: int = 0) -> str:
    """Return median and, from two rounds on, [smallest, largest]."""
    values = [row[key] for row in rows]
    text = f"{statistics.median(values):,.{digits}f}"
    return text if len(values) == 1 else f"{text} [{min(values):,.{digits}f}, {max(values):,.{digits}f}]"


def ratio(above: list[float], below: list[float]) -> str:
    """Return the median of the ratios within each round, as ``2.1x``."""
    return f"{statistics.median(a / b for a, b in zip(above, below, strict=True)):.2f}x"


def first_years(row: Numbers, years: int) -> float:
    """Return ns per agent and month of the first years of a world's run."""
    return sum(row["cpu_by_year_s"][:years]) / (12 * sum(row["agents_by_year"][:years])) * 1e9


def table(head: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> str:
    """Return aligned columns: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]

    def line(row: tuple[str, ...]) -> str:
        return "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])

    return "\n".join([line(head), "  ".join("-" * w for w in widths), *map(line, body)])


def world_table(results: Rounds) -> str:
    """Return the table of worlds: seconds of each part, cost of a month, memory."""
    head = ("scale (years + burn-in)", "agents", "build s", "burn-in s", "run s cpu", "run s wall", "ms/month", "ns/agent-month", "memory MB")  # fmt: skip  # noqa: E501
    body = []
    for name in WORLDS:
        rows = results[name]
        last = rows[-1]
        body.append((
            f"{name} ({last['years']} + {last['burn_in_years']})",
            f"{median(rows, 'agents'):,.0f}",
            spread(rows, "construction_cpu_s", 2),
            spread(rows, "burn_in_cpu_s", 2),
            spread(rows, "run_cpu_s", 2),
            spread(rows, "run_wall_s", 2),
            spread(rows, "ms_per_month", 2),
            spread(rows, "ns_per_agent_step"),
            spread(rows, "memory_mb"),
        ))  # fmt: skip
    return table(head, body)


def size_table(results: Rounds) -> str:
    """Return cost per agent by size of the world over the same first years, relative to the default world."""
    years = min(results[name][-1]["years"] for name in WORLDS)
    default = [first_years(row, years) for row in results[DEFAULT]]
    body = []
    for name in ("world 5000", "world 500", "world 100"):
        values = [first_years(row, years) for row in results[name]]
        agents = statistics.median(sum(row["agents_by_year"][:years]) / years for row in results[name])
        body.append((name, f"{agents:,.0f}", f"{statistics.median(values):,.0f}", ratio(values, default)))
    return table((f"first {years} years", "agents", "ns/agent-month", "per agent, to the default world"), body)


def peer_table(results: Rounds) -> str:
    """Return ours and the peers per agent and step, and how many times theirs ours is."""
    ours = results[DEFAULT]
    body = [(
        f"ours, {DEFAULT}", f"{median(ours, 'agents'):,.0f}", f"{12 * ours[-1]['years']}",
        spread(ours, "ms_per_month", 2), spread(ours, "ns_per_agent_step"), "1.00x", spread(ours, "memory_mb"),
    )]  # fmt: skip
    for name in PEERS:
        rows = results[name]
        body.append((
            name, f"{rows[-1]['agents']:,}", f"{rows[-1]['steps']}",
            spread(rows, "ms_per_step", 2), spread(rows, "ns_per_agent_step"),
            ratio([r["ns_per_agent_step"] for r in ours], [r["ns_per_agent_step"] for r in rows]),
            spread(rows, "memory_mb"),
        ))  # fmt: skip
    return table(("simulator", "agents", "steps", "ms/step", "ns/agent-step", "ours / it", "memory MB"), body)


def profile_table(results: Rounds) -> str:
    """Return the month of the default world by rule (medians of the rounds), slowest first, with sums by phase."""
    rows = results[DEFAULT]
    taken: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        for phase, name, microseconds in row["profile_us"]:
            taken.setdefault((phase, name), []).append(microseconds)
    cost = {key: statistics.median(values) for key, values in taken.items()}
    total = sum(cost.values())
    body = [
        (name, phase, f"{us:,.0f}", f"{us / total:.1%}")
        for (phase, name), us in sorted(cost.items(), key=lambda item: -item[1])
    ]
    phases: dict[str, float] = {}
    for (phase, _), us in cost.items():
        phases[phase] = phases.get(phase, 0.0) + us
    sums = [(phase, f"{us:,.0f}", f"{us / total:.1%}") for phase, us in sorted(phases.items(), key=lambda i: -i[1])]
    sums.append(("whole month", f"{total:,.0f}", "100.0%"))
    return (
        table(("rule", "phase", "us/month", "share"), body)
        + "\n\n"
        + table(("phase", "us/month", "share"), sums)
    )  # fmt: skip


def report(session: dict[str, Any]) -> str:
    """Return the whole report as text."""
    results: Rounds = session["results"]
    form = "quick form: short runs after a short burn-in, dearer or cheaper than the real one" if session["quick"] else "full form"  # fmt: skip  # noqa: E501
    parts = [
        f"Speed and memory, {form}; {session['rounds']} round(s), medians [smallest, largest]",
        f"Python {session['python']}, {session['machine']}; before: {session['load_before']}; "
        f"after: {session['load_after']}",
    ]
    if session["busy"]:
        parts.append("The machine is shared (our own share of the load is about 1): absolute numbers are noisy, trust the ratios.")  # fmt: skip  # noqa: E501
    if session["sources_changed"]:
        parts.append("WARNING: code or data changed during the session: the rounds measured different programs.")
    default = results[DEFAULT]
    parts += [
        "",
        "Worlds (cpu seconds; baseline of four jurisdictions and the rest of the world)",
        world_table(results),
        f"Agents of the default world at its end: {default[-1]['inventors']:,} inventors, "
        f"{default[-1]['organizations']:,} organizations, {default[-1]['institutions']} institutions "
        f"({default[-1]['passive']} passive organizations not counted). "
        f"Import of the program: {median(default, 'import_cpu_s'):.2f} s.",
        "",
        "Cost per agent by size of the world (wanted: flat or falling as agents grow)",
        size_table(results),
        "",
        "Beside peers (one step of each is another thing; see the head of tests/bench/bench.py)",
        peer_table(results),
        "",
        "Where a month of the default world goes (wall clock)",
        profile_table(results),
    ]
    return "\n".join(parts)


def main(arguments: list[str] | None = None) -> int:
    """Take the measurements and print the report; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round of short runs, about half a minute")
    parser.add_argument("--rounds", type=int, help="rounds (3; quick form 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep all numbers of all rounds in FILE")
    options = parser.parse_args(arguments)
    rounds = options.rounds if options.rounds is not None else (1 if options.quick else 3)
    if rounds < 1:
        parser.error("--rounds must be 1 or more")

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    try:
        session = take(rounds, options.quick, say)
    except MeasurementError as error:
        say(str(error))
        return 1
    if options.json is not None:
        options.json.write_text(json.dumps(session, indent=1) + "\n", encoding="utf-8")
    print(report(session))
    return 0


if __name__ == "__main__":
    sys.exit(main())
