"""A yearly plan over the whole cycle: a fixed part of the innovation budget moves to the stage that lags most.

Budget B: public research money and grants of the base year. Each January the stage with the largest target - score (scores
of the December before, on frozen reference values) gets the part ``share`` of B more, at most ``most`` x B in all, beyond
which the other stages give back. What a stage gets is spent at given prices: creation on grants to firms; protection on
counseling desks and examiners; exploitation on transfer offices, market places and purchases of new products; people on
teaching and on fellowships for researchers from abroad. Research money and grants shrink by the sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.coupling import STAGES
from policies.mechanisms import mechanism

DESKS_FULL = 0.9
"""Counseling desks reach at most so large a share of small firms a year; the rest goes to examiners."""


def plan(moved: dict[str, float], lag: Mapping[str, float], share: float, most: float) -> dict[str, float]:
    """Return the parts of the budget moved to each stage after one more year.

    >>> plan({"creation": 0.0, "people": 0.03}, {"creation": 0.2, "people": 0.1}, 0.01, 0.03)
    {'creation': 0.01, 'people': 0.02}
    """
    last = max(lag, key=lambda stage: lag[stage])
    out = {**moved, last: moved[last] + share}
    others = sum(part for stage, part in out.items() if stage != last)
    excess = max(0.0, others + out[last] - most)
    if others > 0.0:
        keep = max(0.0, 1.0 - excess / others)
        out = {stage: part if stage == last else part * keep for stage, part in out.items()}
    return {stage: round(min(part, most), 12) for stage, part in out.items()}


@mechanism("strategy_cycle")
def strategy_cycle(world: Any, place: int, change: float, values: Mapping[str, float]) -> None:
    """Move the year's part of the budget and pull the levers that it pays for."""
    state = world.measures.state.setdefault(
        ("strategy_cycle", place), {"year": None, "moved": dict.fromkeys(STAGES, 0.0)}
    )
    if state["year"] != world.year and world.records.stocks:
        state["year"] = world.year
        last = world.records.stocks[-1]
        lag = {s: values[f"target_{s}"] - float(last[f"stage_score_{s}"][place].sum()) for s in STAGES}
        state["moved"] = plan(state["moved"], lag, values["share"], values["most"])
    moved, code = state["moved"], world.places[place]
    sources = ("science.public_funding", "government.rd_grants")
    budget = sum(float(world.levers.base(name)[place]) for name in sources)
    by = f"jp_strategy_cycle@{code}"
    for name in sources:
        world.levers.scale(name, 1.0 - change * sum(moved.values()), by=by, on=code)
    for stage in STAGES:
        if moved[stage] > 0.0:
            for lever, amount in spend(world, place, stage, change * moved[stage] * budget, values).items():
                world.levers.add(lever, amount, by=by, on=code)


def spend(world: Any, place: int, stage: str, money: float, values: Mapping[str, float]) -> dict[str, float]:
    """Return how far ``money`` (million USD2020 a year) moves the levers of a stage at the prices of ``values``."""
    gerd, people = float(world.fact("gerd")[place]), float(world.fact("researchers")[place])
    if stage == "creation":
        return {"government.rd_grants": money}
    if stage == "protection":
        small = max(1.0, values["small_share"] * float(world.fact("real_rd_firms")[place]))
        room = max(0.0, DESKS_FULL - float(world.levers.base("awareness.desks")[place]))
        desks = min(room, 0.5 * money / (values["advice"] * small))
        rest = money - desks * values["advice"] * small
        return {"awareness.desks": desks, "office.examiners": rest / values["examiner"]}
    if stage == "exploitation":
        third = money / 3.0
        return {
            "university.tto_efficiency": third / (values["transfer_office"] * gerd),
            "transfer.matching": third / (values["market_place"] * gerd),
            "government.procurement": third,
        }
    usual = max(1.0, float(world.talent.arrivals[place]) * 12.0 * world.scale)
    return {
        "talent.education": 0.5 * money / (values["teaching"] * people),
        "talent.openness": 0.5 * money / (values["fellowship"] * usual),
    }
