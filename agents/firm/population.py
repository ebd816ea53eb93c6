"""The firms of the start: sizes from the size law, R&D from the accounts of the place, sectors by their R&D share.

Sizes are bin means of the law, not random draws: every simulated firm stands for the same number of real firms, so the
bins are quantiles and the totals come out exactly (with random draws the R&D of a place would vary by half).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.firm.manage import absorption, first_practices
from agents.firm.recruits import cost_left
from agents.organizations import FIRM
from ecosystem.domain.regions import seat, settle
from ecosystem.kernel.luck import ALWAYS, fold

if TYPE_CHECKING:
    from ecosystem.world import World

_GRID = 20_000


def size_bins(firms: int, exponent: float, largest: float, smallest: float = 10.0) -> np.ndarray:
    """Return mean staff of ``firms`` equally frequent size bins of R&D performers, ascending, float64 (firms,).

    Density of all firms n^-exponent from 10 employees; share that does R&D (n / (n + 1800))^0.75 (fitted to ABS 2021 and
    BERD 2022 size classes; its level cancels here).
    """
    edges = np.geomspace(smallest, largest, _GRID + 1)
    n = np.sqrt(edges[:-1] * edges[1:])
    density = n**-exponent * (n / (n + 1800.0)) ** 0.75 * np.diff(edges)
    cumulative = np.cumsum(density) / density.sum()
    mass = np.cumsum(density * n) / density.sum()
    cuts = np.linspace(0.0, 1.0, firms + 1)[1:]
    upper = np.interp(cuts, np.r_[0.0, cumulative], np.r_[0.0, mass])
    return np.diff(np.r_[0.0, upper]) * firms


def open_firms(world: World) -> None:
    """Create the R&D-performing firms of every place and one passive firm a sector for the rest of the world."""
    p, orgs = world.p, world.orgs
    real = world.fact("real_rd_firms")
    shares = world.sectors["rd_share"]
    for j in range(world.P):
        count = max(world.S * 2, round(real[j] / world.firm_weight))
        weight = real[j] / count
        size = size_bins(count, p["firm.size_exponent"], p["firm.largest"])[::-1]
        sector = _spread_sectors(shares, count)
        uid = fold(np.full(count, 1_000_003 * (1 + world.place_number[j])), np.arange(count), 1)
        draw = world.draw
        intensity = p["firm.intensity_sd"] * draw.normal("firm.intensity", uid, month=ALWAYS)
        rd = size ** p["firm.rd_size_elasticity"] * np.exp(intensity)
        total = world.fact("gerd")[j] * world.fact("business_share")[j]
        sales = np.empty(count)
        for s in range(world.S):
            mine = sector == s
            sector_rd = total * shares[s]
            rd[mine] *= sector_rd / (rd[mine].sum() * weight)
            sales[mine] = size[mine] * sector_rd / world.sectors["rd_intensity"][s] / (size[mine].sum() * weight)
        slots = orgs.add(
            count,
            uid=uid,
            kind=FIRM,
            jurisdiction=j,
            territory=world.home_territory[j],
            sector=sector,
            field=draw.categorical("firm.field", uid, world.sector_fields, sector, month=ALWAYS),
            weight=weight,
            anniversary=(np.arange(count) * 7) % 12,
            founded=world.month - 12 * (1 + (40 * draw.uniform("firm.age", uid, month=ALWAYS)).astype(np.int64)),
            employees=size,
            size_rank=size,
            base=sales,
            rd=rd,
            rd_reference=rd,
            rd_memory=rd,
            intensity=intensity,
            effect=np.exp(p["firm.effect_sd"] * draw.normal("firm.effect", uid, month=ALWAYS)),
            quality_signal=draw.normal("firm.signal", uid, month=ALWAYS),
            hazard=1.0,
        )
        seat(world, slots, rd)
        learn_protection_at_start(world, slots)
        set_wanted(world, slots, j)
        orgs.heads[slots] = orgs.wanted[slots]
        cash = p["firm.cash_buffer"] * (rd + p["firm.overhead_share"] * sales)
        orgs.cash[slots] = cash
        world.accounts.endow("organizations", float((cash * weight).sum()))
        first_practices(world, slots)
        refresh_absorptive(world, slots)
    _open_passive(world)


def learn_protection_at_start(world: World, slots: np.ndarray) -> None:
    """Give firms the awareness of instruments of protection of their place and size."""
    orgs = world.orgs
    small = orgs.is_sme(slots)
    place = orgs.jurisdiction[slots]
    orgs.awareness[slots] = np.where(
        small, world.levers["awareness.small"][place], world.levers["awareness.large"][place]
    )


def refresh_absorptive(world: World, slots: np.ndarray) -> None:
    """Absorptive capacity rises with R&D per head relative to the sector's, and with practices: (rd/head / mean)^e x a(m)."""
    orgs = world.orgs
    per_head = orgs.rd[slots] / np.maximum(orgs.employees[slots], 1.0)
    typical = world.typical_rd_per_head[orgs.jurisdiction[slots], orgs.sector[slots]]
    ratio = np.clip(per_head / np.maximum(typical, 1e-12), 0.05, 20.0)
    orgs.absorptive[slots] = np.clip(
        ratio ** world.p["firm.absorptive_elasticity"] * absorption(world, slots), 0.3, 3.0
    ) * (1.0 + world.p["training.absorptive"] * orgs.trained[slots])


def set_wanted(world: World, slots: np.ndarray, place: np.ndarray | int) -> None:
    """Set how many researchers firms would employ: R&D money x wage share / cost of a researcher."""
    orgs = world.orgs
    orgs.wanted[slots] = (
        orgs.rd[slots]
        * world.p["firm.wage_share"]
        / (world.researcher_cost[place] * world.wage[place] * cost_left(world, slots, place))
    )


def _spread_sectors(shares: np.ndarray, count: int) -> np.ndarray:
    """Assign sectors to firms ordered by size so that every size range holds every sector, at least two firms each.

    Firm counts go with the square root of the R&D share, since sectors with much R&D have larger performers.
    """
    want = np.sqrt(shares)
    want = np.maximum(want / want.sum() * count, 2.0)
    want *= count / want.sum()
    credit = np.arange(len(want)) / len(want) * 0.5
    out = np.empty(count, np.int64)
    for i in range(count):
        credit += want / count
        out[i] = int(np.argmax(credit))
        credit[out[i]] -= 1.0
    return out


def _open_passive(world: World) -> None:
    """One passive firm a sector holds what the rest of the world files, sells and licenses; it decides nothing."""
    uid = fold(np.full(world.S, 999_999_937), np.arange(world.S), 1)
    slots = world.orgs.add(
        world.S, uid=uid, kind=FIRM, jurisdiction=world.ROW, territory=world.home_territory[world.ROW],
        sector=np.arange(world.S), field=world.sector_fields.argmax(axis=1), weight=1.0, passive=True,
        employees=10_000.0, awareness=1.0, founded=world.month - 600,
    )  # fmt: skip
    settle(world, slots)
