"""``ecosystem measures``: the catalogue of measures, one measure in full, the packages, and the check of all claims."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import click

from ecosystem.cli.show import as_json, bar, columns, figure
from ecosystem.kernel.errors import unknown

if TYPE_CHECKING:
    from policies.measures import Measure

DIRECTIONS = {1: "up", -1: "down"}


def record(measure: Measure) -> dict[str, Any]:
    """Return a measure as the catalogue lists it."""
    return {
        "id": measure.id,
        "title": measure.title,
        "origin": measure.origin,
        "group": measure.group,
        "indicator": measure.indicator,
        "direction": DIRECTIONS[measure.direction],
        "evidence": measure.grade,
        "in_force": {code: item.strength for code, item in measure.in_force.items()},
    }


def full_record(measure: Measure) -> dict[str, Any]:
    """Return everything a measure's file says."""
    from dataclasses import asdict

    out = asdict(measure)
    out["direction"] = DIRECTIONS[measure.direction]
    out["grade"] = measure.grade
    out["path"] = measure.path.name
    return out


@click.group(invoke_without_command=True, short_help="The policy measures: list, show, check, packages, worlds.")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
@click.pass_context
def measures(ctx: click.Context, json_: bool) -> None:
    """List the policy measures, show one, or check what they claim.

    \b
    Examples:
      ecosystem measures
      ecosystem measures show us_rd_tax_credit
      ecosystem measures check --ids us_rd_tax_credit,jp_more_examiners
    """
    if ctx.invoked_subcommand is None:
        _list(json_)


def _list(json_: bool) -> None:
    from policies.measures import known_measures

    found = [known_measures()[name] for name in sorted(known_measures())]
    if json_:
        as_json([record(m) for m in found])
        return
    rows = []
    for m in found:
        force = " ".join(f"{code} {figure(item.strength)}" for code, item in m.in_force.items()) or "-"
        rows.append([m.id, m.group, f"{m.indicator} {DIRECTIONS[m.direction]}", m.grade, force, m.title])
    click.echo(columns(rows, ["measure", "group", "direct indicator", "evidence", "in force", "title"]))


@measures.command("list", short_help="All measures.")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
def measures_list(json_: bool) -> None:
    """List all measures: group, direct indicator, grade of the evidence, strength in force by place.

    \b
    Example:
      ecosystem measures list --json
    """
    _list(json_)


@measures.command("show", short_help="One measure in full.")
@click.argument("id")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
def measures_show(id: str, json_: bool) -> None:
    """Show a measure: what it does, what the model assumes, evidence, cost, where it is in force, what is left out.

    \b
    Example:
      ecosystem measures show jp_accelerated_examination
    """
    from policies.measures import NO_EVIDENCE, known_measures

    known = known_measures()
    if id not in known:
        raise unknown("measure", id, known, do="'ecosystem measures' lists them")
    m = known[id]
    if json_:
        as_json(full_record(m))
        return
    lines = [f"{m.title} ({m.id}), origin {m.origin}, {m.group}", "", m.does, f"The model assumes: {m.assumes}", ""]
    lines += [
        f"Who is eligible: {m.eligibility}", f"Law: {m.legal_source}; since {m.since}",
        f"Should move: {m.indicator} {DIRECTIONS[m.direction]} (checked on {m.check_on})", f"Watch for: {m.watch_for}",
        f"Who gains: {m.gains}", f"Who loses: {m.loses}", f"Not modeled: {m.not_modeled}",
    ]  # fmt: skip
    lines += [f"Lever {v.lever}: {v.how} {figure(v.amount)} at full strength ({v.source})" for v in m.moves]
    if m.mechanism:
        values = ", ".join(f"{k} {figure(v)}" for k, v in m.values.items())
        lines.append(f"Mechanism {m.mechanism}: {values or 'no numbers'}")
    for c in m.costs:
        how = (
            f"{figure(c.price)} million USD2020 for each unit of {c.per}" if c.per else f"part of payments {c.follows}"
        )
        lines.append(f"Cost: {c.what}: {how}, paid by {c.payer} ({c.source})")
    lines += [f"In force in {code}: strength {figure(v.strength)} ({v.source})" for code, v in m.in_force.items()]
    lines.append(f"Evidence: {m.grade}" + (f" ({NO_EVIDENCE})" if m.grade == "none" else ""))
    lines += [f"  {e.strength}: {e.finding}: {e.size}, {e.place} {e.years} ({e.source})" for e in m.evidence]
    lines.append(f"Evidence speaks about: {m.evidence_range}")
    click.echo("\n".join(textwrap.fill(line, 110, subsequent_indent="    ") if line else "" for line in lines))


@measures.command("packages", short_help="The named packages of measures.")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
def measures_packages(json_: bool) -> None:
    """List the named packages with the strength of each measure.

    \b
    Example:
      ecosystem measures packages
    """
    from policies.packages import known_packages

    found = known_packages()
    if json_:
        as_json([{"id": p.id, "title": p.title, "home": p.home, "idea": p.idea, "strengths": dict(p.strengths)}
                 for p in found.values()])  # fmt: skip
        return
    for p in found.values():
        click.echo(textwrap.fill(f"{p.id}: {p.title} (home {p.home}). {p.idea} Source: {p.source}", 110))
        click.echo(textwrap.fill(", ".join(f"{k} {figure(v)}" for k, v in p.strengths.items()), 110,
                                 initial_indent="    ", subsequent_indent="    "))  # fmt: skip


@measures.command("worlds", short_help="The named worlds in which a question can be set.")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
def measures_worlds(json_: bool) -> None:
    """List the named worlds: what each assumes, and the numbers that say so.

    \b
    Examples:
      ecosystem measures worlds
      ecosystem compare --world thicket --lever law.breadth@us=0.9
    """
    from policies.worlds import known_worlds

    found = known_worlds()
    if json_:
        as_json([{"id": w.id, "title": w.title, "words": w.words, "source": w.source, "parameters": dict(w.parameters),
                  "levers": dict(w.levers)} for w in found.values()])  # fmt: skip
        return
    for w in found.values():
        click.echo(textwrap.fill(f"{w.id}: {w.title}. {w.words} Source: {w.source}", 110))
        numbers = ", ".join(f"{k} {figure(v)}" for k, v in (*w.parameters.items(), *w.levers.items()))
        click.echo(textwrap.fill(numbers, 110, initial_indent="    ", subsequent_indent="    "))


@measures.command("check", short_help="Does each measure move its direct indicator as claimed?")
@click.option("--ids", metavar="LIST", help="Measures, comma-separated (default all).")
@click.option("--on", default="", metavar="PLACE", help="Place (default: the one named in each measure's file).")
@click.option("--pairs", type=click.IntRange(2, 1000), help="Paired runs (default: what each measure asks for).")
@click.option("--workers", type=click.IntRange(1, 1024), help="Processes (default: one a processor).")
@click.option("--json", "json_", is_flag=True, help="Print as JSON.")
@click.option("--progress/--no-progress", default=None, help="Progress bar (default: on a terminal).")
def measures_check(
    ids: str | None, on: str, pairs: int | None, workers: int | None, json_: bool, progress: bool | None
) -> int:
    """Run each measure at strength 1 and 0 on the same luck and read its direct indicator.

    A claim holds when the 95 % interval of the paired difference lies on the claimed side of zero. The exit code is 0 if
    all claims hold, else 1.

    \b
    Example:
      ecosystem measures check --ids us_rd_tax_credit,jp_more_examiners --json
    """
    from ecosystem.lab.measure_check import check
    from policies.places import known_places

    if on and on not in (places := [c for c in known_places() if c != "row"]):
        raise unknown("jurisdiction", on, places, where="--on")
    names = None if ids is None else [name.strip() for name in ids.split(",") if name.strip()]
    try:
        with bar("checking", progress, unit="pair") as report:
            found = check(names, on=on, pairs=pairs, workers=workers, progress=report)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Interrupted: the check was not finished.") from None
    holding = sum(c.holds for c in found)
    if json_:
        as_json([c.to_dict() for c in found])
        return 0 if holding == len(found) else 1
    rows = [
        ["holds" if c.holds else "FAILS", c.id, c.on, f"{c.indicator} {c.direction}", figure(c.base), figure(c.effect),
         f"[{figure(c.low)}, {figure(c.high)}]", str(c.pairs), figure(c.events), c.unit]
        for c in found
    ]  # fmt: skip
    heads = ["", "measure", "on", "claim", "at 0", "effect", "95 % interval", "pairs", "cases", "unit"]
    click.echo(columns(rows, heads, right=(4, 5, 7, 8)))
    click.echo(f"{holding} of {len(found)} claims hold.")
    return 0 if holding == len(found) else 1
