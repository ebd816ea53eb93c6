"""What stands behind the numbers: formulas, evidence, assumptions, glossary, and how to get the same numbers elsewhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from pprint import pformat

from ecosystem.dashboard.effects import title
from ecosystem.dashboard.engine import Plan
from ecosystem.dashboard.share import differences
from ecosystem.dashboard.text import LANGUAGE, place, text, with_unit
from ecosystem.domain.indicators import INDICATORS
from ecosystem.lab.model import ROOT
from ecosystem.scenario import Scenario, declared_parameters, known_measures

FACTS = ROOT / "docs" / "facts.md"
"""The scoreboard that ``python -m ecosystem.lab.facts`` writes; a wheel does not hold it."""
GLOSSARY = Path(__file__).parent / "locale" / f"glossary_{LANGUAGE}.toml"
MOST_SHOWN = 60
LIMITS = ("forecast", "levels", "ranking", "firms", "quality", "politics", "culture", "outside", "rare", "guesses")
"""What the simulator cannot say, by the name of its text."""
"""Entries of a list drawn at one time; a search makes it shorter."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list that can be searched.

    Attributes:
        name: what it is called in files and commands.
        title: heading for people.
        rows: label and words.
        amber: it is an assumption.
    """

    name: str
    title: str
    rows: tuple[tuple[str, str], ...]
    amber: bool = False

    @property
    def sought(self) -> str:
        """All words of the entry in small letters."""
        return " ".join([self.name, self.name.replace("_", " "), self.title, *(v for _, v in self.rows)]).casefold()


def search(entries: Iterable[Entry], query: str) -> list[Entry]:
    """Return the entries that hold every word of ``query``; those with a word in their title come first."""
    words = query.casefold().split()
    found = [entry for entry in entries if all(word in entry.sought for word in words)]

    def late(entry: Entry) -> bool:
        heading = f"{entry.title} {entry.name}".casefold()
        return not all(word in heading for word in words)

    return sorted(found, key=late) if words else found


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _reason(source: str) -> str:
    """Return the reason of an assumption without the word that marks it."""
    return _sentence(source.removeprefix("assumption").lstrip(": "))


@cache
def formulas() -> tuple[Entry, ...]:
    """Return every indicator: meaning, unit, formula, how a year is made of months, which direction is better."""
    out = []
    for i in INDICATORS.values():
        rows = [
            (text("method.what"), _sentence(i.doc)),
            (text("method.unit"), i.unit),
            (text("method.formula"), i.formula),
            (text("method.year"), text(f"method.year_{i.kind}")),
            (text("method.good"), text(f"method.good_{('none', 'up', 'down')[i.good]}")),
        ]
        out.append(Entry(i.name, title(i.name), tuple(rows)))
    return tuple(sorted(out, key=lambda entry: entry.title))


@cache
def assumed_parameters() -> tuple[Entry, ...]:
    """Return every parameter whose source is an assumption, by name."""
    out = []
    for p in sorted(declared_parameters().values(), key=lambda p: p.name):
        if p.assumed:
            value = text("method.value_range", value=with_unit(p.value, p.unit), low=f"{p.low:g}", high=f"{p.high:g}")
            rows = (
                (text("method.what"), _sentence(p.doc)),
                (text("method.value"), value),
                (text("method.reason"), _reason(p.source)),
            )
            out.append(Entry(p.name, p.name, rows, amber=True))
    return tuple(out)


@cache
def assumed_levers() -> tuple[Entry, ...]:
    """Return every lever with a value that is an assumption, with the places and reasons."""
    from policies.places import known_places, lever_specs

    out = []
    places = known_places()
    for spec in lever_specs().values():
        held = [(code, p.levers[spec.name]) for code, p in places.items() if spec.name in p.levers]
        guessed = [(code, value) for code, value in held if value.source.startswith("assumption")]
        if not guessed:
            continue
        rows = [(text("method.what"), _sentence(spec.doc)), (text("method.unit"), spec.unit)]
        rows += [(place(code), f"{value.value:g} – {_reason(value.source)}") for code, value in guessed]
        out.append(Entry(spec.name, spec.name, tuple(rows), amber=True))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Known:
    """How much of the model is sourced and how much is assumed."""

    parameters: int
    assumed_parameters: int
    lever_values: int
    assumed_lever_values: int
    indicators: int
    rules: int


@cache
def counts() -> Known:
    """Count parameters, lever values, indicators and rules."""
    import ecosystem.world  # noqa: F401 - registers the rules
    from ecosystem.kernel.schedule import Schedule
    from policies.places import known_places

    declared = list(declared_parameters().values())
    values = [value for one in known_places().values() for value in one.levers.values()]
    guessed = sum(value.source.startswith("assumption") for value in values)
    assumed = sum(p.assumed for p in declared)
    return Known(len(declared), assumed, len(values), guessed, len(INDICATORS), len(Schedule().entries))


@cache
def phases() -> tuple[tuple[str, int], ...]:
    """Return the phases of a month in their order, with their number of rules."""
    import ecosystem.world  # noqa: F401 - registers the rules
    from ecosystem.kernel.schedule import PHASES, Schedule

    entries = Schedule().entries
    return tuple((phase, sum(e.phase == phase for e in entries)) for phase in PHASES)


@cache
def left_out() -> tuple[Entry, ...]:
    """Return what each measure leaves out, in the words of its file."""
    out = [
        Entry(
            m.id,
            m.title,
            (
                (text("method.not_modeled"), _sentence(m.not_modeled)),
                (text("method.evidence_range"), _sentence(m.evidence_range)),
            ),
        )
        for m in known_measures().values()
    ]
    return tuple(sorted(out, key=lambda entry: entry.title))


# -- the scoreboard of the evidence -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact:
    """One published regularity against the model."""

    id: str
    use: str
    value: str
    band: str
    inside: bool
    remark: str
    what: str


@dataclass(frozen=True, slots=True)
class Board:
    """The scoreboard: what was run, when, with which model, and every fact."""

    made: str
    model: str
    run: str
    facts: tuple[Fact, ...]

    def score(self, use: str) -> tuple[int, int]:
        """Return how many facts of a use lie inside their band, and how many there are."""
        of = [fact for fact in self.facts if fact.use == use]
        return sum(fact.inside for fact in of), len(of)


USES = {"Put in": "input", "May be fitted": "calibrate", "Only scored": "validate"}


def read_board(page: str) -> Board | None:
    """Return the scoreboard of a page written by ``python -m ecosystem.lab.facts``; None if it is no such page."""
    head = re.search(r"on (\d{4}-\d\d-\d\d): (.+?), model `([0-9a-f]{16})`", page)
    if head is None:
        return None
    use, rows, what = "", [], {}
    for line in page.splitlines():
        if line.startswith("## "):
            use = USES.get(line[3:].strip(), "")
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("| `") or len(cells) < 3:
            continue
        id = cells[0].strip("`| ")
        if use and len(cells) >= 4:
            remark = cells[4].strip("| ") if len(cells) > 4 else ""
            rows.append((id, use, cells[1], cells[2], cells[3].strip("| ") == "yes", remark))
        elif not use:
            what[id] = cells[2].replace("``", "")
    return Board(head[1], head[3], head[2], tuple(Fact(*row, what=what.get(row[0], "")) for row in rows))


@cache
def board() -> Board | None:
    """Return the scoreboard of this installation; None where there is none."""
    try:
        return read_board(FACTS.read_text(encoding="utf-8"))
    except OSError:
        return None


# -- glossary ---------------------------------------------------------------------------------------------------------


@cache
def glossary() -> tuple[Entry, ...]:
    """Return the terms with their meaning in plain words, by alphabet."""
    with GLOSSARY.open("rb") as file:
        terms = tomllib.load(file)
    out = []
    for id, item in terms.items():
        rows = [("", item["text"].strip())]
        if item.get("see"):
            rows.append((text("method.see"), ", ".join(terms[other]["term"] for other in item["see"])))
        out.append(Entry(id, item["term"], tuple(rows)))
    return tuple(sorted(out, key=lambda entry: entry.title.casefold()))


# -- the same numbers elsewhere ---------------------------------------------------------------------------------------


def command_line(plan: Plan) -> str:
    """Return the command that gives the numbers of the page, once the scenario is saved as ``scenario.toml``."""
    return f"ecosystem compare scenario.toml --scale {plan.scale:g} --replicates {plan.pairs} --seed 1 --all"


def python_code(scenario: Scenario, plan: Plan) -> str:
    """Return Python that builds the same scenario and compares it with its base in the same pairs."""
    content = {**differences(scenario), "scale": plan.scale}
    given = [f"    {name}={pformat(value, width=84, sort_dicts=False)}," for name, value in content.items()]
    return "\n".join(
        [
            "from dataclasses import replace",
            "",
            "from ecosystem import Scenario, compare",
            "",
            "scenario = Scenario.baseline(",
            *given,
            ")",
            'base = replace(scenario.without_policy(), title="Baseline")',
            'if __name__ == "__main__":',
            f"    result = compare(base, scenario, replicates={plan.pairs}, seed=1)",
            "    print(result.effects())",
            "",
        ]
    )


def listed(entries: Sequence[Entry]) -> str:
    """Return entries as markup: a heading each and a list of labels and words."""
    out = []
    for entry in entries:
        plain = "".join(f"<p>{escape(words)}</p>" for label, words in entry.rows if not label)
        rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(words)}</dd>" for label, words in entry.rows if label)
        rows = f"<dl>{rows}</dl>" if rows else ""
        code = f"<code>{escape(entry.name)}</code>" if entry.name != entry.title and "" not in dict(entry.rows) else ""
        css = "eco-entry eco-entry-amber" if entry.amber else "eco-entry"
        tag = f'<span class="eco-amber">{escape(text("assumptions.assumption"))}</span>' if entry.amber else ""
        out.append(f'<li class="{css}"><h3>{escape(entry.title)} {code} {tag}</h3>{plain}{rows}</li>')
    return f'<ul class="eco-entries">{"".join(out)}</ul>'


def found_words(found: int, total: int) -> str:
    """Return how many entries there are and how many are drawn."""
    key = "method.found_all" if found == total else "method.found"
    words = text(key, found=f"{found:,}", total=f"{total:,}")
    return words + (" " + text("method.first_shown", most=MOST_SHOWN) if found > MOST_SHOWN else "")
