"""The page of the study: what was claimed, what came out, what it hangs on, and what did not come out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ecosystem.lab.emergence.curves import Calibration, Curve, calibration, count_draws, curve, order, select
from ecosystem.lab.emergence.outcome import GROUPS, OUTCOMES
from ecosystem.lab.emergence.plan import DRAWN, SWEEPS, USUAL
from ecosystem.lab.model import model_digest
from ecosystem.scenario import Scenario, declared_parameters

WORDS = {"both": "both levers together", "breadth": "breadth alone", "enforcement": "enforcement alone"}
SIGNS = ("no imitation", "R&D does not follow its return", "perfect markets for licenses", "inventions stand alone")
"""Mechanisms about which there is a claim: the first two carry the benefit of rights, the others their harm."""
PAYMENTS = (
    ("rents from own product lines", "count", "always"),
    ("license fees, royalties, sale prices received", "count", "always"),
    ("settlements and damages received", "count", "`firm.settlements_in_return` = 1"),
    ("own cost of disputes, damages paid", "are taken off", "`firm.legal_in_return` = 1"),
    ("royalties, fees and settlements paid to other owners", "are not taken off", "`firm.payments_in_return` = 0"),
)
LIFETIME, TRIALS = (0.01, 0.02), (0.02, 0.08)
"""Bands for suits per patent over its life (cal-0352) and judgments per suit (stylized fact ``trial_share_of_suits``)."""


@dataclass(frozen=True)
class Setting:
    """How the runs were made."""

    base: Scenario
    first_year: int
    date: str
    command: str


def percent(value: float) -> str:
    """Return a share as signed percent, a dash where there is none."""
    return "–" if not math.isfinite(value) else f"{100 * value:+.1f} %"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a Markdown table."""
    return [
        "| " + " | ".join(heads) + " |",
        "|" + "---|" * len(heads),
        *("| " + " | ".join(r) + " |" for r in rows),
        "",
    ]


def pair(runs: pd.DataFrame, part: str, world: str, sweep: str, outcome: str) -> dict[str, Curve]:
    """Return the curves of complex and discrete sectors that the runs allow, by group."""
    rows = select(runs, part, world, sweep)
    found = {group: curve(rows, f"{outcome}_{group}") for group in GROUPS} if len(rows) else {}
    return {group: c for group, c in found.items() if c is not None}


def page(runs: pd.DataFrame, setting: Setting, sectors: dict[str, list[str]], picture: str) -> str:
    """Return the page in Markdown.

    Args:
        runs: finished runs (``runs.table``).
        sectors: titles of the sectors of each group.
        picture: file name of the figure beside the page.
    """
    base = setting.base
    lines = [
        "# The balance of protection", "",
        f"Written by `{setting.command}` on {setting.date}: model `{model_digest()}`, {len(runs)} runs, scale {base.scale:g}, "
        f"{base.years} years, of which those from year {setting.first_year} on count. "
        "Nothing was tuned for where an optimum lies.",
        "",
        "Does too much protection hurt innovation, and does it hurt sooner where products need many rights? Two levers are "
        "moved in all jurisdictions from the start of the horizon: `law.breadth` (how far claims reach) and `law.enforcement` "
        "(whether an owner who acts has proof and is in time), from 0 to 0.95, on equal luck. Rights filed before keep their "
        "breadth. **Innovation** is the quality of launched inventions: no price is in it. **Welfare** of a group of sectors is "
        "consumer surplus + profits − R&D. Complex sectors (sector data, column `complexity`): "
        f"{', '.join(sectors['complex'])}. Discrete: {', '.join(sectors['discrete'])}.", "",
    ]  # fmt: skip
    lines += _calibration(runs) + _answer(runs) + [f"![Curves over the level of protection]({picture})", ""]
    lines += _optimum(runs) + _levels(runs) + _draws(runs) + _switches(runs) + _payments() + _failures(runs)
    return "\n".join(lines).rstrip() + "\n"


def _calibration(runs: pd.DataFrame) -> list[str]:
    usual = runs[(runs["part"] == "sweep") & (runs["sweep"] == "")]
    if not len(usual):
        return []
    c: Calibration = calibration(runs)

    def verdict(value: float, band: tuple[float, float]) -> str:
        return "inside" if band[0] <= value <= band[1] else "outside"

    rows = [
        ["letters per right granted", f"{c.letters:.3g}", "no figure found", "–"],
        ["suits per right granted (life)", f"{c.suits:.2%}", "1 % to 2 % of US patents (cal-0352)", verdict(c.suits, LIFETIME)],
        ["suits a year per 1,000 rights in force", f"{c.suits_per_1000:.3g}", "see `docs/facts.md`", "–"],
        ["judgments per suit", f"{c.trials:.2%}", "2 % to 8 % (US)", verdict(c.trials, TRIALS)],
        ["settlements per letter", f"{c.settled:.2%}", "no figure found", "–"],
        ["settlements and damages / business R&D", f"{c.money:.3%}", "no figure found", "–"],
    ]  # fmt: skip
    return [
        "## First: are disputes as rare as they are?", "",
        "In prototypes the rise of the curve hung on money from settlements, so the frequency of letters, suits and judgments "
        "decides the answer. At the levers as they are, all four jurisdictions and all rights:", "",
        *table(["quantity", "here", "published", "within"], rows),
    ]  # fmt: skip


def _answer(runs: pd.DataFrame) -> list[str]:
    out = ["## Answer", ""]
    for outcome in OUTCOMES:
        for sweep in SWEEPS:
            curves = pair(runs, "sweep", USUAL, sweep, outcome)
            if len(curves) < 2:
                continue
            gap = order(curves["complex"], curves["discrete"])
            flat = [group for group, c in curves.items() if c.flat]
            held = "**holds**" if gap.holds and not flat else "**does not hold**"
            out.append(
                f"- {outcome}, {WORDS[sweep]}: best level in complex less best level in discrete sectors "
                f"{gap.difference:+.2f} (standard error {gap.error:.2f}, {len(curves['complex'].values)} seeds). The claim that "
                f"complex sectors want less protection, by two standard errors, {held}."
                + (f" Flat within 1 %, so that the best level is luck: {', '.join(flat)} sectors." if flat else "")
            )
    return [*out, ""]


def _optimum(runs: pd.DataFrame) -> list[str]:
    rows = []
    for outcome in OUTCOMES:
        for sweep in SWEEPS:
            for group, c in pair(runs, "sweep", USUAL, sweep, outcome).items():
                low, high = c.as_good()
                gain, half = c.change(c.levels[0], c.levels[-1])
                rows.append([
                    outcome, WORDS[sweep], group, f"{c.best:g}" + (" (inside)" if c.interior else " (end)"),
                    ", ".join(f"{x:g}" for x in np.sort(c.peaks())), f"{low:g} to {high:g}",
                    f"{percent(gain)} ± {100 * half:.1f}",
                ])  # fmt: skip
    heads = [
        "outcome",
        "moved",
        "sectors",
        "best level",
        "best by seed",
        "within 1 % of the best",
        "change from 0 to 0.95",
    ]
    return ["## Where the optimum lies and how flat it is", "", *table(heads, rows)] if rows else []


def _levels(runs: pd.DataFrame) -> list[str]:
    out: list[str] = []
    for outcome in OUTCOMES:
        curves = pair(runs, "sweep", USUAL, "both", outcome)
        if not curves:
            continue
        levels = next(iter(curves.values())).levels
        rows = [
            [group, *(percent(v) for v in (c.mean - c.mean[0]) / abs(c.mean[0]))] for group, c in curves.items()
        ]  # fmt: skip
        out += [f"Mean change of {outcome} against level 0, both levers together:", ""]
        out += table(["sectors", *(f"{x:g}" for x in levels)], rows)
    return out


def _draws(runs: pd.DataFrame) -> list[str]:
    rows = []
    for outcome in OUTCOMES:
        d = count_draws(runs, outcome)
        if d.number:
            rows.append([outcome, *map(str, (d.number, d.interior, d.lowest, d.highest, d.below, d.equal, d.above))])
    if not rows:
        return []
    heads = ["outcome", "draws", "complex best inside", "at 0", "at 0.95", "complex below discrete", "equal", "above"]
    ranges = ", ".join(
        f"`{n}` {p.low:g} to {p.high:g}" for n, p in ((n, declared_parameters()[n]) for n in DRAWN)
    )  # fmt: skip
    return [
        "## Over the ranges of the parameters", "",
        "A Latin hypercube over parameters that no figure pins down, few seeds and five levels each, both levers together.", "",
        *table(heads, rows), f"Drawn: {ranges}.", "",
    ]  # fmt: skip


def _switches(runs: pd.DataFrame) -> list[str]:
    rows = []
    for world in runs.loc[runs["part"] == "switch", "world"].unique():
        cells = [str(world)]
        for outcome in OUTCOMES:
            for c in (pair(runs, "switch", str(world), "both", outcome).get(g) for g in GROUPS):
                if c is None:
                    cells.append("–")
                    continue
                change, half = c.change(c.levels[0], c.levels[-1])
                cells.append(f"{percent(change)} ± {100 * half:.1f}; best {c.best:g}")
        rows.append(cells)
    if not rows:
        return []
    heads = ["world", *(f"{outcome}, {g}" for outcome in OUTCOMES for g in GROUPS)]
    return [
        "## What it hangs on", "",
        "Change from level 0 to 0.95 of both levers, with the 95 % interval of the paired change, and the best of five levels. "
        "Each row leaves out one mechanism or books payments differently. The named worlds "
        "(`ecosystem measures worlds`) were set by hand, inside the ranges of the parameters, to show both camps of the "
        "literature: they say what it takes, not what is.",
        "",
        *table(heads, rows), *_claims(runs),
    ]  # fmt: skip


def _claims(runs: pd.DataFrame) -> list[str]:
    out = ["What was claimed of the mechanisms, read on innovation:", ""]
    for k, world in enumerate(SIGNS):
        curves = pair(runs, "switch", world, "both", "innovation")
        if len(curves) < 2:
            continue
        sign, wanted = (-1.0, "worse") if k < 2 else (1.0, "better")
        found = [
            sign * change - half > 0.0
            for change, half in (c.change(c.levels[0], c.levels[-1]) for c in curves.values())
        ]
        words = {2: "holds in both groups", 1: "holds in one group only", 0: "does not hold"}[sum(found)]
        out.append(f"- {world}: stronger protection is {wanted}: {words}.")
    curves = pair(runs, "switch", "no imitation, inventions stand alone", "both", "innovation")
    if curves:
        spread = max(float(np.abs(c.values - c.values[:, :1]).max() / abs(c.mean[0])) for c in curves.values())
        word = "holds" if spread == 0.0 else f"does not hold: up to {100 * spread:.1f} % in a single run remain"
        out.append(f"- no imitation and no cumulation together leave exactly no effect: {word}.")
    return [*out, ""]


def _payments() -> list[str]:
    rows = [list(row) for row in PAYMENTS]
    return [
        "## Which payments count in a return on R&D", "",
        "A firm looks back on what its own R&D brought. What enters is a choice that results may hang on; each is a switch:", "",
        *table(["payment", "in the default", "parameter"], rows),
    ]  # fmt: skip


def _failures(runs: pd.DataFrame) -> list[str]:
    usual = runs[(runs["part"] == "sweep") & (runs["sweep"] == "")].sum(numeric_only=True)
    out = ["## What does not come out, and why", ""]
    if len(usual) and usual["launches_complex"] > 0:
        for group in GROUPS:
            met, launched, stopped = (float(usual[f"{name}_{group}"]) for name in ("met", "launches", "blocked"))
            ended = launched + stopped
            out.append(
                f"- {group} sectors: {met / ended:.1%} of finished developments meet a living right of others, "
                f"{stopped / max(met, 1e-9):.1%} of these are stopped by it ({stopped / ended:.2%} of all). Few are, "
                "since firms that do not know of a right, or do not fear it, go ahead."
            )
    out += [
        "- An invention reads on three parents at most in every sector. The column `complexity` names the groups here; nothing "
        "in the clearing of a product reads it, so that a thicket in complex sectors has to come from who builds on whom.",
        "- Rights filed before the horizon keep their breadth; the first years of a run understate breadth.",
        "- Welfare by sector leaves out wages and public money, which no sector owns.",
    ]  # fmt: skip
    return [*out, ""]
