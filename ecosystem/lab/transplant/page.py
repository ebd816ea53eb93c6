"""The matrix as a page, a table and a picture under ``docs``, with date and digest of the model."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ecosystem.lab.compare import CLEAR, EQUAL, FEW, UNCLEAR
from ecosystem.lab.store.folder import Folder, writing_trouble
from ecosystem.lab.transplant.design import ONE_TERRITORY
from ecosystem.lab.transplant.explain import explanations
from ecosystem.lab.transplant.heatmap import heat_map
from ecosystem.lab.transplant.matrix import DIRECT, OUTCOMES, Matrix, matrix
from ecosystem.scenario import known_measures

NAME = "transplant"
TRIAL = "**A trial of a few measures, not the full matrix.**"
_WORDS = {UNCLEAR: "luck", FEW: "few cases", EQUAL: "none", ONE_TERRITORY: "one territory"}


def write_results(folder: Folder, into: Path | None = None) -> list[Path]:
    """Write matrix and heat map into the folder, or with ``into`` the page, table and picture into another one.

    Raises:
        InputError: runs are missing, or the files cannot be written.
    """
    found = matrix(folder)
    where = folder.path if into is None else into
    day = datetime.datetime.now(datetime.UTC).date()
    try:
        where.mkdir(parents=True, exist_ok=True)
        files = [where / f"{NAME}.csv", where / f"{NAME}.svg", where / f"{NAME}.md"]
        found.table.to_csv(files[0], index=False, float_format="%.6g", lineterminator="\n")
        files[1].write_text(heat_map(found, _subtitle(found, folder, day)), encoding="utf-8")
        files[2].write_text(page(found, folder, day), encoding="utf-8")
    except OSError as error:
        raise writing_trouble(error, str(where)) from None
    return files


def _subtitle(found: Matrix, folder: Folder, day: datetime.date) -> str:
    s = found.settings
    return f"{s.replicates} pairs, {s.years} years, scale {s.scale:g}, model {folder.plan.model}, {day:%Y-%m-%d}"


def page(found: Matrix, folder: Folder, day: datetime.date) -> str:
    """Return the page in Markdown."""
    s = found.settings
    all_ = len(known_measures())
    which = f"all {all_} measures" if len(s.measures) == all_ else f"{len(s.measures)} of {all_} measures"
    first = f"years {s.first_year + 1} to {s.years}"
    lines = [
        "# The transplant matrix", "",
        f"Written by `ecosystem transplant --docs` on {day:%Y-%m-%d}: {which} on {', '.join(s.places)}, "
        f"{s.replicates} pairs of runs each, {s.years} years, scale {s.scale:g}, seed {s.seed}, model "
        f"`{folder.plan.model}`, experiment `{folder.plan.id}`. To be run again after each calibration of the model.", "",
        *([TRIAL, ""] if len(s.measures) < all_ else []),
        "Each cell compares two worlds that share all luck and differ in one measure on one place: at full strength and "
        "not at all. The size is given in percent of the value without the measure, of welfare and public cost in percent "
        f"of the place's GDP, as means over {first} (what the measure aims at: over the years its own check names), with "
        "the 95 % interval of the paired difference. In **bold** what is distinguishable from luck. With so many cells "
        "some of the bold ones are luck all the same: of cells without any effect about one in twenty.", "",
        f"- *luck*: {UNCLEAR}.", f"- *few cases*: {FEW} at this scale; the number of pairs does not cure it.",
        "- *none*: equal in every pair.", f"- *one territory*: {ONE_TERRITORY}.",
        "- °: the measure is in force there today at some strength; the effect is that of taking it from nothing to full.",
        "", "A place that has a measure today loses the effect when it drops it; how far it stands is in "
        "[measures.md](measures.md). Many sizes rest on assumptions, named there. **Compares policies; not a forecast.** "
        f"All numbers: [{NAME}.csv]({NAME}.csv).", "", f"![Heat map of all effects]({NAME}.svg)", "",
        *_summary(found),
        *_where_it_differs(found),
    ]  # fmt: skip
    lines += explanations(folder.path)
    cells = {(r["measure"], r["place"], r["outcome"]): r for r in found.table.to_dict("records")}
    titles = [(o.name, o.title, "GDP" if o.per == "gdp" else "the value without the measure") for o in OUTCOMES]
    titles.append((DIRECT, "What the measure aims at", "the value without the measure"))
    for name, title, whole in titles:
        lines += ["", f"## {title}", "", f"Percent of {whole}, 95 % interval.", ""]
        lines.append("| measure | " + ("indicator | " if name == DIRECT else "") + " | ".join(s.places) + " |")
        lines.append("|---" * (len(s.places) + 1 + (name == DIRECT)) + "|")
        for id in s.measures:
            m = known_measures()[id]
            aim = f"`{m.indicator}` {'up' if m.direction > 0 else 'down'} | " if name == DIRECT else ""
            lines.append(f"| `{id}` | {aim}" + " | ".join(cell(cells[id, p, name]) for p in s.places) + " |")
    lines += ["", "## Booked cost", "", "What the measure itself costs the public at full strength, beyond strength 0, million "
              "USD2020 a year. It lacks what the measure moves elsewhere, which *public cost* above holds.", "",
              "| measure | " + " | ".join(s.places) + " |", "|---" * (len(s.places) + 1) + "|"]  # fmt: skip
    for id in s.measures:
        costs = [f"{found.booked[id, p]:,.0f}" if (id, p) in found.booked else "one territory" for p in s.places]
        lines.append(f"| `{id}` | " + " | ".join(costs) + " |")
    return "\n".join(lines) + "\n"


def cell(row: Mapping[Any, Any]) -> str:
    """Return one cell of a table."""
    mark = "°" if row["strength_in_force"] else ""
    verdict = row["verdict"]
    if verdict in (FEW, EQUAL, ONE_TERRITORY) or not np.isfinite(float(row["relative"] or np.nan)):
        return f"{_WORDS.get(verdict, verdict)}{mark}"
    size, low, high = (100.0 * row[k] for k in ("relative", "relative_low", "relative_high"))
    words = f"{size:+.2g} [{low:.2g}, {high:.2g}]"
    few = f" ({row['pairs']} of {row['planned']} pairs)" if row["pairs"] < row["planned"] else ""
    return f"**{words}**{mark}{few}" if verdict in CLEAR else f"{words} *luck*{mark}{few}"


def _summary(found: Matrix) -> list[str]:
    t = found.table
    lines = ["## In numbers", "", "| outcome | cells | better | worse | luck | few cases | none | not applicable |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    for name in [*(o.name for o in OUTCOMES), DIRECT]:
        part = t[t["outcome"] == name]
        clear = part[part["verdict"].isin(CLEAR)]
        better = int((np.sign(clear["effect"].astype(float)) * clear["good"] > 0).sum())
        count = part["verdict"].value_counts()
        rest = [int(count.get(v, 0)) for v in (UNCLEAR, FEW, EQUAL, ONE_TERRITORY)]
        title = next((o.title for o in OUTCOMES if o.name == name), "What the measure aims at (better: as claimed)")
        lines.append(
            f"| {title} | {len(part)} | {better} | {len(clear) - better} | " + " | ".join(map(str, rest)) + " |"
        )
    reduced = t["variance_reduction"].astype(float)
    reduced = reduced[np.isfinite(reduced)]
    if len(reduced):
        lines += ["", f"Common luck makes the variance of an effect {reduced.median():.3g} times smaller than independent "
                  "runs would (median of the cells)."]  # fmt: skip
    return lines


def _where_it_differs(found: Matrix, most: int = 12) -> list[str]:
    lines = ["", "## Where the place decides", "", "Measures whose effect differs clearly between two places: the pair of "
             "places that differs most clearly, difference in percentage points (interval widened for the number of pairs "
             "of places)."]  # fmt: skip
    for outcome in OUTCOMES:
        if outcome.name in ("quality", "licenses"):
            continue
        frame = found.between(outcome.name)
        lines += ["", f"### {outcome.title}", ""]
        if not len(frame):
            lines.append("No two places differ clearly under any measure.")
            continue
        lines += ["| measure | from | against | difference |", "|---|---|---|---|"]
        for r in frame.head(most).to_dict("records"):
            size = f"{100 * r['difference']:+.2g} [{100 * r['low']:.2g}, {100 * r['high']:.2g}]"
            lines.append(f"| `{r['measure']}` | {r['place']} | {r['other']} | {size} |")
        if len(frame) > most:
            lines += ["", f"And {len(frame) - most} more."]
    return lines
