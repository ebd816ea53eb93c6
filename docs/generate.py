"""Write the generated parts of ``docs/model.md`` from the registries, so that the tables cannot drift from the code.

Run ``.venv/bin/python docs/generate.py`` after a change of a rule, a column, a lever, a parameter or an indicator;
``--check`` changes nothing and fails if a part is stale. A part stands between ``<!-- generated: name -->`` and
``<!-- end -->``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType

import ecosystem.world as world  # registers rules, tables and indicators
from ecosystem.domain.indicators import INDICATORS
from ecosystem.domain.kinds import kinds_of_right
from ecosystem.domain.sectors import TITLES
from ecosystem.kernel.parameters import Parameter
from ecosystem.kernel.schedule import PHASES, Schedule
from ecosystem.kernel.table import Table
from ecosystem.scenario import declared_parameters
from policies.places import known_places, lever_specs

assert isinstance(world, ModuleType)
FILE = Path(__file__).with_name("model.md")
PART = re.compile(r"(<!-- generated: ([a-z_]+) -->\n).*?(<!-- end -->)", re.DOTALL)
GOOD = {1: "higher", -1: "lower", 0: "neither"}
SECTOR, FIELD_WEIGHT = "sector.", "science.field_weight."


def cell(text: object) -> str:
    """Return text that stays text inside a Markdown table."""
    words = " ".join(str(text).replace("``", "`").split())
    for sign, instead in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("*", "\\*"), ("$", "\\$")):
        words = words.replace(sign, instead)
    return words


def figure(value: float) -> str:
    """Return a number without loss and without exponents where they are not needed."""
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}"
    return f"{value:.6g}"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    heads = list(heads)
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def sourced(source: str) -> str:
    """Return a source with assumptions in bold."""
    return re.sub(r"^assumption", "**assumption**", cell(source))


def schedule() -> str:
    """Return the month: the printed schedule, then what each rule does in its own words."""
    month = Schedule()
    rows = []
    for number, phase in enumerate(PHASES, 1):
        for entry in (e for e in month.entries if e.phase == phase):
            claim = (entry.rule.__doc__ or "").strip().split("\n\n")[0]
            where = entry.rule.__module__.replace(".", "/") + ".py"
            rows.append([f"{number} {phase}", f"`{entry.name}`", cell(claim), f"`{where}`"])
    return f"```text\n{month}\n```\n\n{table(['step', 'rule', 'what it does', 'module'], rows)}"


def tables() -> str:
    """Return every table of state with its columns."""
    found: list[type[Table]] = sorted(Table.__subclasses__(), key=lambda kind: kind.__name__)
    parts = []
    for kind in found:
        claim = (kind.__doc__ or "").strip().split("\n\n")[0]
        rows = []
        for name, column in kind.columns.items():
            words = f" ({', '.join(column.codes)})" if column.codes else ""
            axis = f", one for each {column.width}" if column.width else ""
            rows.append([f"`{name}`", cell(column.unit), cell(column.doc + axis + words)])
        parts.append(f"**{kind.__name__}.** {cell(claim)}\n\n{table(['column', 'unit', 'meaning'], rows)}")
    return "\n\n".join(parts)


def levers() -> str:
    """Return every lever with its value in each place; ``°`` marks a value that is an assumption."""
    places = known_places()
    rows = []
    for name, spec in lever_specs().items():
        values = []
        for place in places.values():
            value = place.levers[name]
            values.append(figure(value.value) + ("°" if value.source.startswith("assumption") else ""))
        bounds = f"{figure(spec.low)} to {figure(spec.high)}"
        rows.append([f"`{name}`", cell(spec.unit), bounds, *values, cell(spec.doc), f"`{spec.read_by}`"])
    return table(["lever", "unit", "range", *places, "meaning", "read by"], rows)


def parameters() -> str:
    """Return every parameter but those by sector and by field."""
    rows = [
        [f"`{p.name}`", figure(p.value), cell(p.unit), f"{figure(p.low)} to {figure(p.high)}", cell(p.doc), sourced(p.source)]
        for name, p in sorted(declared_parameters().items())
        if not name.startswith((SECTOR, FIELD_WEIGHT))
    ]  # fmt: skip
    return table(["parameter", "value", "unit", "range", "meaning", "source"], rows)


def sectors() -> str:
    """Return the columns of the sectors: values, then units, ranges and sources."""
    columns: dict[str, dict[str, Parameter]] = {}
    for name, p in declared_parameters().items():
        if name.startswith(SECTOR):
            _, column, code = name.split(".")
            columns.setdefault(column, {})[code] = p
    values = [
        [f"`{code}`", cell(title), *(figure(row[code].value) for row in columns.values())]
        for code, title in TITLES.items()
    ]
    about = []
    for column, row in columns.items():
        sources = list(dict.fromkeys(p.source for p in row.values()))
        low, high = min(p.low for p in row.values()), max(p.high for p in row.values())
        code, first = next(iter(row.items()))
        said = f"{sourced(sources[0])}{f'; and {len(sources) - 1} more by sector' if len(sources) > 1 else ''}"
        doc = cell(first.doc.removesuffix(f", {TITLES[code].lower()}"))
        about.append([f"`{column}`", cell(first.unit), f"{figure(low)} to {figure(high)}", doc, said])
    return (
        table(["sector", "", *(f"`{c}`" for c in columns)], values)
        + "\n\n"
        + table(["column", "unit", "ranges", "meaning", "source"], about)
    )


def rights() -> str:
    """Return the kinds of right."""
    rows = [
        [
            f"`{kind.name}`", cell(kind.title), kind.arises, figure(kind.term_years) if kind.term_years else "none",
            figure(kind.breadth), figure(kind.height), figure(kind.disclosure), ", ".join(kind.enforcement),
        ]
        for kind in kinds_of_right().values()
    ]  # fmt: skip
    return table(["kind", "", "arises by", "term, years", "breadth", "height, sd", "disclosure", "enforcement"], rows)


def indicators() -> str:
    """Return every indicator with its formula and the direction that counts as better."""
    rows = [
        [
            f"`{i.name}`", i.kind, cell(i.unit), cell(i.doc if i.kind != "ratio" else f"{i.doc} = {i.formula}"),
            GOOD[i.good],
        ]
        for i in sorted(INDICATORS.values(), key=lambda i: i.name)
    ]  # fmt: skip
    return table(["indicator", "kind", "unit", "what it is; for a ratio the counters divided", "better"], rows)


def counts() -> str:
    """Return how much of the model rests on assumptions."""
    declared = declared_parameters().values()
    places = known_places()
    values = [value for place in places.values() for value in place.levers.values()]
    guessed = sum(v.source.startswith("assumption") for v in values)
    return (
        f"{len(list(declared))} parameters, of which {sum(p.assumed for p in declared)} are assumptions; "
        f"{len(lever_specs())} levers in {len(places)} places ({', '.join(places)}), of whose {len(values)} values "
        f"{guessed} are assumptions; {len(INDICATORS)} indicators; {len(Schedule().entries)} rules."
    )


PARTS: dict[str, Callable[[], str]] = {
    "counts": counts, "schedule": schedule, "tables": tables, "rights": rights, "levers": levers,
    "parameters": parameters, "sectors": sectors, "indicators": indicators,
}  # fmt: skip


def renewed(text: str) -> str:
    """Return the document with every generated part written anew.

    Raises:
        KeyError: the document names a part that does not exist, or lacks one.
    """
    named = [match[1] for match in PART.findall(text)]
    if sorted(named) != sorted(PARTS):
        raise KeyError(f"generated parts in {FILE.name}: {sorted(named)}, expected {sorted(PARTS)}")
    return PART.sub(lambda m: f"{m[1]}\n{PARTS[m[2]]()}\n\n{m[3]}", text)


def main(arguments: list[str]) -> int:
    """Write or check the document; return 1 if a check fails."""
    old = FILE.read_text(encoding="utf-8")
    new = renewed(old)
    if "--check" not in arguments:
        FILE.write_text(new, encoding="utf-8")
        return 0
    stale = [a[1] for a, b in zip(PART.finditer(old), PART.finditer(new), strict=True) if a[0] != b[0]]
    if stale:
        names = ", ".join(re.findall(r"generated: (\w+)", "".join(stale)))
        sys.stderr.write(f"docs/model.md is stale in: {names}. Run: .venv/bin/python docs/generate.py\n")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
