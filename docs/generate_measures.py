"""Write ``docs/measures.md`` from the measure files, so that the catalogue cannot drift from the data.

Run ``.venv/bin/python docs/generate_measures.py`` after a change of a measure or package; ``--check`` changes nothing and
fails if the page is stale.
"""

from __future__ import annotations

import sys
from pathlib import Path

from policies.measures import NO_EVIDENCE, SEVERAL_TERRITORIES, Measure, known_measures
from policies.packages import known_packages
from policies.places import known_places

FILE = Path(__file__).with_name("measures.md")
HEAD = """# Measures

Written by [generate_measures.py](generate_measures.py) from the files in `policies/us`, `eu`, `jp`, `cn` and `common`.
Any measure can be put on any jurisdiction. **Strength is a level**: the baseline holds the real figures with everything
in force, a measure in force is recorded with its strength there, and only the difference to it moves anything.
Strength 0 takes a measure away, 1 is full strength. Sizes marked *assumption* rest on no estimate.
"""
ORIGINS = {"us": "United States", "eu": "Europe", "jp": "Japan", "cn": "China", "any": "Common"}


def cell(text: object) -> str:
    """Return text that stays text inside a Markdown table."""
    words = " ".join(str(text).split())
    for sign, instead in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("*", "\\*"), ("$", "\\$")):
        words = words.replace(sign, instead)
    return words


def figure(value: float) -> str:
    """Return a number with up to six significant digits."""
    return f"{value:.6g}"


def overview(measures: list[Measure]) -> str:
    """Return the table of all measures with their strength in force in each place."""
    codes = [code for code in known_places() if code != "row"]
    lines = [
        f"| measure | group | direct indicator | evidence | {' | '.join(codes)} |",
        f"|{'---|' * (4 + len(codes))}",
    ]
    for m in measures:
        arrow = "up" if m.direction > 0 else "down"
        force = [figure(m.strength_in_force(code)) for code in codes]
        name = f"[{cell(m.title)}](#{m.id})"
        lines.append(f"| {name} | {m.group} | `{m.indicator}` {arrow} | {m.grade} | {' | '.join(force)} |")
    return "\n".join(lines)


def about(m: Measure) -> str:
    """Return the section of one measure."""
    lines = [f'<a id="{m.id}"></a>', "", f"### {cell(m.title)}", "", f"`{m.id}` · {m.group} · since {m.since} · "
             f"{cell(m.legal_source)}", "", f"{cell(m.does)} *The model assumes:* {cell(m.assumes)}", ""]  # fmt: skip
    facts = [
        ("Eligible", m.eligibility), ("Watch for", m.watch_for), ("Gains", m.gains), ("Loses", m.loses),
        ("Not modeled", m.not_modeled), ("Evidence speaks about", m.evidence_range),
    ]  # fmt: skip
    if m.needs == SEVERAL_TERRITORIES:
        facts.append(("Needs", "a place with several territories"))
    lines += [f"- {name}: {cell(text)}" for name, text in facts]
    lines += [f"- Lever `{v.lever}`: {v.how} {figure(v.amount)} at full strength ({cell(v.source)})" for v in m.moves]
    if m.mechanism:
        values = ", ".join(f"{k} {figure(v)}" for k, v in m.values.items()) or "no numbers"
        lines.append(f"- Mechanism `{m.mechanism}`: {values}")
    for c in m.costs:
        size = (
            f"{figure(c.price)} million USD2020 for each unit of `{c.per}` a year"
            if c.per
            else f"part of `{c.follows}`"
        )
        lines.append(f"- Cost, {cell(c.what)}: {size}, paid by {c.payer} ({cell(c.source)})")
    if not m.costs:
        lines.append("- Cost: no public outlay")
    lines += [f"- In force in {code}: {figure(v.strength)} ({cell(v.source)})" for code, v in m.in_force.items()]
    if m.grade == "none":
        lines.append(f"- Evidence: {NO_EVIDENCE}")
    lines += [
        f"- Evidence ({e.strength}): {cell(e.finding)}: {cell(e.size)}; {cell(e.place)}, {cell(e.years)}; {cell(e.source)}"
        for e in m.evidence
    ]
    return "\n".join(lines)


def page() -> str:
    """Return the whole page."""
    measures = sorted(known_measures().values(), key=lambda m: (list(ORIGINS).index(m.origin), m.id))
    parts = [HEAD, f"{len(measures)} measures.\n", overview(measures), ""]
    if known_packages():
        parts += ["## Packages", ""]
        for p in known_packages().values():
            strengths = ", ".join(f"`{name}` {figure(s)}" for name, s in p.strengths.items())
            parts += [
                f"**{cell(p.title)}** (`{p.id}`, home {p.home}). {cell(p.idea)} {cell(p.source)}",
                "",
                strengths,
                "",
            ]
    for origin, title in ORIGINS.items():
        mine = [m for m in measures if m.origin == origin]
        if mine:
            parts += [f"## {title}", "", *(f"{about(m)}\n" for m in mine)]
    return "\n".join(parts).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the page; return 1 if a check fails."""
    new = page()
    if "--check" not in arguments:
        FILE.write_text(new, encoding="utf-8")
        return 0
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != new:
        sys.stderr.write("docs/measures.md is stale. Run: .venv/bin/python docs/generate_measures.py\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
