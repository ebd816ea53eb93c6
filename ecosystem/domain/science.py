"""Science: results of basic research, by place and field, that make invention easier years later and elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from ecosystem.domain.indicators import flow, ratio, stock
from ecosystem.domain.switches import off
from ecosystem.kernel.luck import fold, u01
from ecosystem.kernel.schedule import rule
from ecosystem.kernel.table import NEVER, code_of

if TYPE_CHECKING:
    from ecosystem.world import World

u8, i8, i1, f8, b1 = nb.uint64, nb.int64, nb.int8, nb.float64, nb.boolean

STAGES = 3
"""Stages of the pipeline from effort to usable result: an Erlang delay needs no history."""


def _level(world: World) -> np.ndarray:
    return world.science.index()


stock("science_stock", "index, base year = 100", "open science at home, sum over fields, month 0 = 100", 1, _level)
flow("rd_basic_spent", "M USD2020", "spending on basic research, all performers", 0)
flow("rd_applied_spent", "M USD2020", "spending on applied research, all performers", 0)
flow("rd_development_spent", "M USD2020", "spending on development, all performers", 0)
flow("rd_spent_total", "M USD2020", "R&D spending, all performers", 0)
flow("science_breakthroughs", "breakthroughs", "breakthroughs that make a field young again", 1)
ratio("basic_research_share", "share", "basic research in all R&D, by money", 0, "rd_basic_spent", "rd_spent_total")


@nb.njit(
    f8[:, ::1](
        f8[:, :, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8, f8, f8
    ),
    cache=True,
)  # fmt: skip
def _pass_on(
    pipeline: np.ndarray, effort: np.ndarray, hidden_pipeline: np.ndarray, hidden_effort: np.ndarray,
    stock: np.ndarray, hidden: np.ndarray, rate: float, fade: float, opened: float,
) -> np.ndarray:  # fmt: skip
    """Pass effort on through the stages of both pipelines into the stocks (see ``Science.advance``)."""
    stages, J, F = pipeline.shape
    out = np.empty((J, F))
    for j in range(J):
        for f in range(F):
            come, kept = effort[j, f], hidden_effort[j, f]
            for k in range(stages):
                moved, buried = rate * pipeline[k, j, f], rate * hidden_pipeline[k, j, f]
                pipeline[k, j, f] = pipeline[k, j, f] - moved + come
                hidden_pipeline[k, j, f] = hidden_pipeline[k, j, f] - buried + kept
                come, kept = moved, buried
            released = opened * hidden[j, f]
            hidden[j, f] += kept - fade * hidden[j, f] - released
            stock[j, f] += come + released - fade * stock[j, f]
            out[j, f] = come
    return out


class Science:
    """Science of all places and fields.

    Attributes:
        pipeline: open results under way, by stage, M USD2020 of effort, float64 (3, places, fields).
        stock: open science S, depreciated effort, float64 (places, fields).
        hidden_pipeline, hidden: the same for results that stay secret (defense, business).
        born: month in which a breakthrough last made a field young, -NEVER for never, int64 (fields,).
        reference: accessible science that counts as 1, frozen in month 0, float64 (places, fields).
        base, fresh_base: open science by place and new results of the world in the reference.
        weights: how basic research at large spreads over the fields, float64 (fields,).
        cells: identities of all (place, field), drawn for breakthroughs, int64 (places x fields,).
        program: open effort of mission programs this month, float64 (places, fields), None without any.
        agenda: what cooperative centers leave of the basic share of universities, float64 (places,), 1 without any.
    """

    def __init__(self, places: int, fields: int) -> None:
        shape = (places, fields)
        self.pipeline = np.zeros((STAGES, *shape))
        self.stock = np.zeros(shape)
        self.hidden_pipeline = np.zeros((STAGES, *shape))
        self.hidden = np.zeros(shape)
        self.born = np.full(fields, -NEVER, np.int64)
        self.reference = np.ones(shape)
        self.base = np.zeros(places)
        self.fresh_base = 0.0
        self.started = False
        self.frozen = False
        self.weights = np.zeros(0)
        self.cells = np.zeros(0, np.int64)
        self.program: np.ndarray | None = None
        self.agenda = np.ones(places)
        self._access = np.ones(shape)

    def access(self, world: World) -> np.ndarray:
        """Return accessible science relative to its reference, float64 (places, fields), 1 in the reference.

        A_jf = sum_j' theta_jj' sum_f' W_ff' S_j'f' (open science; theta 1 at home, ``science.spillover`` abroad) plus
        the home's secret science times ``science.secret_access``; times 1 + boost exp(-age / fade) in a young field.
        Always 1 with ``switch.spillovers`` = 0: what science adds helps nobody's inventions.
        """
        return np.ones_like(self._access) if off(world, "spillovers") else self._access

    def index(self) -> np.ndarray:
        """Return open science at home against month 0, 100 = month 0 (before it: 100), float64 (places,)."""
        total = self.stock.sum(axis=1)
        if not self.frozen:
            return np.full(len(total), 100.0)
        return 100.0 * np.divide(total, self.base, out=np.ones_like(total), where=self.base > 0)

    def start(self, world: World, open_effort: np.ndarray, hidden_effort: np.ndarray) -> None:
        """Fill stock and pipeline as if effort had grown steadily to its present size: S = e / (delta + g)."""
        stage, fade, opened = self._rates(world)
        growth = np.expm1(world.p["science.past_growth"] / 12.0)
        arriving = []
        for effort, pipeline in ((open_effort, self.pipeline), (hidden_effort, self.hidden_pipeline)):
            passing = effort
            for k in range(STAGES):
                pipeline[k] = passing / (growth + stage)
                passing = stage * pipeline[k]
            arriving.append(passing)
        self.hidden[:] = arriving[1] / max(1e-12, growth + fade + opened)
        self.stock[:] = (arriving[0] + opened * self.hidden) / max(1e-12, growth + fade)
        self.started = True

    @staticmethod
    def _rates(world: World) -> tuple[float, float, float]:
        """Return monthly rates: leaving a stage, depreciation, secret science becoming open."""
        p = world.p
        return (
            1.0 - np.exp(-STAGES / (12.0 * p["science.lag_years"])),
            1.0 - np.exp(-p["science.depreciation"] / 12.0),
            1.0 - np.exp(-p["science.declassification"] / 12.0),
        )

    def advance(self, world: World, open_effort: np.ndarray, hidden_effort: np.ndarray) -> np.ndarray:
        """Advance one month and return the open results that arrive, float64 (places, fields).

        Three stages of equal mean stay (Erlang-3, mean ``science.lag_years``); dS/dt = arrivals - delta S; secret
        results become open at ``science.declassification`` a year.

        Args:
            open_effort, hidden_effort: basic research effort of the month, float64 (places, fields).
        """
        rate, fade, opened = self._rates(world)
        arrivals: np.ndarray = _pass_on(
            self.pipeline, open_effort, self.hidden_pipeline, hidden_effort, self.stock, self.hidden, rate, fade, opened
        )
        return arrivals

    def update_access(self, world: World) -> None:
        """Compute accessible science of the month; before month 0 the reference moves along."""
        p = world.p
        theta = p["science.spillover"]
        reach = self.stock + theta * (self.stock.sum(axis=0) - self.stock) + p["science.secret_access"] * self.hidden
        reachable = reach @ world.proximity.T
        if not self.frozen:
            self.reference = np.maximum(reachable, 1e-12)
            if world.month >= 0:
                self.frozen = True
                self.base = self.stock.sum(axis=1)
        age = (world.month - self.born) / 12.0
        young = 1.0 + p["science.breakthrough_boost"] * np.exp(-age / p["science.breakthrough_fade_years"])
        self._access = reachable / self.reference * young


def slug(name: str) -> str:
    """Return the name of a field as it stands in parameter names: ``Furniture, games`` -> ``furniture_games``."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def field_weights(world: World) -> np.ndarray:
    """Return how basic research spreads over the fields, float64 (F,), sum 1; an unlisted field gets the median."""
    science: Science | None = getattr(world, "science", None)
    if science is not None and len(science.weights):
        return science.weights
    names = [f"science.field_weight.{slug(name)}" for name in world.fields.names]
    known = set(world.p)
    listed = np.array([world.p[name] if name in known else np.nan for name in names])
    if np.isnan(listed).all():
        listed = np.ones(len(names))
    weights = np.where(np.isnan(listed), np.nanmedian(listed), listed)
    weights = weights / weights.sum()
    if science is not None:
        science.weights = weights
    return weights


def basic_effort(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return the month's basic research effort (open, secret), each float64 (places, fields).

    Money of all organizations for basic research, deflated by wages: e = money / w^theta with theta the wage share.
    A share of it goes to the organization's field, the rest over all fields like basic science at large. What
    universities and institutes find is open but for the defense part of their public money; firms publish a share.
    Writes the basic and applied share of every organization from the levers of its place on the way.
    """
    orgs, p, levers = world.orgs, world.p, world.levers
    return _split(
        code_of(orgs.columns["kind"], "firm"), orgs.kind, orgs.alive, orgs.passive, orgs.jurisdiction, orgs.field,
        orgs.rd, orgs.rd_public, orgs.weight, orgs.basic_share, orgs.applied_share,
        levers["science.basic_share"] * world.science.agenda,
        levers["science.business_basic_share"], levers["science.business_applied_share"],
        np.minimum(1.0, levers["science.defense_share"] * p["science.defense_basic_ratio"]),
        p["science.academic_applied_share"], 1.0 - p["science.business_published_share"], p["science.own_field_share"],
        field_weights(world), world.wage ** p["talent.wage_share"],
    )  # fmt: skip


@nb.njit(
    nb.types.UniTuple(f8[:, ::1], 2)(
        i8, i1[::1], b1[::1], b1[::1], i1[::1], i1[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],
        f8[::1], f8[::1], f8[::1], f8[::1], f8, f8, f8, f8[::1], f8[::1],
    ),
    cache=True,
)  # fmt: skip
def _split(
    firm: int, kind: np.ndarray, alive: np.ndarray, passive: np.ndarray, place: np.ndarray, field: np.ndarray,
    rd: np.ndarray, public: np.ndarray, weight: np.ndarray, basic_share: np.ndarray, applied_share: np.ndarray,
    school_basic: np.ndarray, firm_basic: np.ndarray, firm_applied: np.ndarray, defense: np.ndarray,
    school_applied: float, firm_secret: float, own: float, weights: np.ndarray, deflator: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Write the basic and applied share of all organizations and sum their effort (see ``basic_effort``)."""
    J, F = len(deflator), len(weights)
    home = np.zeros((2, J, F))
    total = np.zeros((2, J))
    for o in range(len(kind)):
        j = place[o]
        business = kind[o] == firm
        basic = firm_basic[j] if business else school_basic[j]
        rest = 1.0 - basic
        basic_share[o] = basic
        applied_share[o] = min(firm_applied[j] if business else rest * school_applied, rest)
        if not alive[o] or rd[o] <= 0.0 or passive[o]:
            continue
        money = rd[o] * basic * weight[o] / 12.0
        secret = firm_secret if business else defense[j] * min(1.0, public[o] / max(rd[o], 1e-12))
        for k in range(2):
            part = money * secret if k else money * (1.0 - secret)
            home[k, j, field[o]] += part
            total[k, j] += part
    for k in range(2):
        for j in range(J):
            for f in range(F):
                home[k, j, f] = (own * home[k, j, f] + (1.0 - own) * (total[k, j] * weights[f])) / deflator[j]
    return home[0].copy(), home[1].copy()


@rule("research", "science.advance", after="university.research")
def advance(world: World) -> None:
    """Turn basic research into science with a delay, and let rare breakthroughs make fields young.

    Levers: ``science.basic_share`` (universities and institutes), ``science.business_basic_share`` and
    ``science.business_applied_share`` (firms) split R&D; what is neither basic nor applied is development.
    """
    science: Science = world.science
    open_effort, hidden_effort = basic_effort(world)
    if not science.started:
        science.start(world, open_effort, hidden_effort)
    if science.program is not None:
        open_effort = open_effort + science.program
    arrivals = science.advance(world, open_effort, hidden_effort)
    _break_through(world, arrivals)
    science.update_access(world)


def _break_through(world: World, arrivals: np.ndarray) -> None:
    """Poisson events by place and field, in proportion to new science against its level in the reference."""
    science: Science = world.science
    total = float(arrivals.sum())
    if not science.frozen:
        science.fresh_base = total
    if science.fresh_base <= 0.0:
        return
    rate = world.p["science.breakthroughs_per_year"] / 12.0 * arrivals / science.fresh_base
    if not len(science.cells):
        place, field = np.indices(rate.shape)
        science.cells = fold(place.ravel(), field.ravel(), 11)
    if not _any_hit(science.cells, rate, world.draw.key("science.breakthrough")):
        return
    count = world.draw.poisson("science.breakthrough", science.cells, rate.ravel())
    hit = np.flatnonzero(count)
    science.born[hit % world.F] = world.month
    world.tally.add("science_breakthroughs", hit // world.F, count[hit].astype(np.float64))


@nb.njit(b1(i8[::1], f8[:, ::1], u8), cache=True)
def _any_hit(uid: np.ndarray, rate: np.ndarray, key: np.uint64) -> bool:
    """Return True where the uniform of a cell exceeds exp(-rate): the Poisson draw of that cell is not zero."""
    flat = rate.reshape(-1)
    for i in range(len(uid)):  # noqa: SIM110 (compiled: no generators)
        if flat[i] > 0.0 and u01(np.uint64(uid[i]), key) > np.exp(-flat[i]):
            return True
    return False
