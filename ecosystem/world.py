"""The one composition root: a scenario and a seed become a world, ``step()`` is one month."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import mesa
import numpy as np

from agents import load
from agents.assertion_entity import open_assertion_entities
from agents.court import open_courts
from agents.firm.budget import Returns
from agents.firm.invent import Arrivals
from agents.firm.population import open_firms
from agents.government import Governments, open_governments
from agents.intermediary import Intermediaries, open_intermediaries
from agents.inventor import open_inventors
from agents.inventors import Inventors
from agents.investor import open_investors
from agents.organizations import FIRM, Organizations, set_credit
from agents.patent_office import Offices, open_offices
from agents.university import open_universities
from ecosystem.domain.ancestry import Ancestry
from ecosystem.domain.fields import Fields
from ecosystem.domain.indicators import Records, Tally
from ecosystem.domain.knowledge import Inventions
from ecosystem.domain.ledgers import Adoptions, Challenges, Deals, Disputes
from ecosystem.domain.market import Lines, Market, Uses
from ecosystem.domain.origins import Origins
from ecosystem.domain.rights import Rights
from ecosystem.domain.science import Science
from ecosystem.domain.sectors import Sectors
from ecosystem.domain.valuation import Experience, Valuation
from ecosystem.geography import Geography
from ecosystem.kernel.accounts import Accounts
from ecosystem.kernel.calendar import Calendar
from ecosystem.kernel.compiled import release
from ecosystem.kernel.errors import InputError
from ecosystem.kernel.levers import Levers
from ecosystem.kernel.luck import Draw, Pool
from ecosystem.kernel.parameters import Parameters
from ecosystem.kernel.schedule import Schedule
from ecosystem.scenario import Scenario, declared_parameters
from ecosystem.yearbook import Yearbook
from policies.application import Measures
from policies.places import lever_specs, select

Progress = Callable[[int, int], None]

FIRMS_PER_INVENTOR = 6.0
"""Simulated inventors stand for six times as many people as simulated firms for firms (model description, section 1)."""
COARSE_SCALE = 2000.0
"""Above this scale sectors are merged so that a market keeps enough simulated firms."""


class World(mesa.Model):
    """A simulated innovation ecosystem.

    Args:
        scenario: what to simulate; the baseline of four jurisdictions if none.
        seed: any integer; equal seeds share all luck.
        progress: called with (months done, months in all) during the burn-in.

    A new world stands at ``month == 0`` with the burn-in done. ``step()`` runs one month, ``run()`` the rest of the
    horizon. The agents are in ``agents_by_type[Firm]`` and so on; they are created when first asked for.
    """

    def __init__(self, scenario: Scenario | None = None, seed: int = 1, progress: Progress | None = None) -> None:
        super().__init__(rng=int(seed) % 2**32)
        release()
        self.setup = scenario if scenario is not None else Scenario.baseline()
        self.seed = int(seed)
        self.finished = False
        self._handles = False
        self._open_places()
        self._open_tables()
        self._open_population()
        self._freeze_references()
        self.schedule = Schedule()
        total = self.burn_in_months
        for done in range(total):
            self._month()
            if progress is not None:
                progress(done + 1, total)
        self._begin_horizon()

    # -- construction ---------------------------------------------------------------------------------------------

    def _open_places(self) -> None:
        setup = self.setup
        self.scale = float(setup.scale)
        self.firm_weight = max(1.0, self.scale / FIRMS_PER_INVENTOR)
        self.geography = Geography(select((*setup.jurisdictions, "row"), *map(Path, setup.places_folders)))
        self.places = self.geography.codes
        self.J = len(self.places)
        self.P = self.ROW = self.J - 1
        self.territories = self.geography.territories
        self.T = len(self.territories.code)
        self.everywhere = (1 << self.T) - 1
        self.home_territory = self.geography.home
        self.regions = self.geography.regions
        self.place_number = self.geography.number
        self.fees = self.geography.fees
        self.horizon_months = 12 * setup.years
        self.burn_in_months = 12 * setup.burn_in_years
        self.month = -self.burn_in_months
        self.draw = Draw(self.seed)
        self.draw.month = self.month
        self.p = Parameters(declared_parameters()).with_values(setup.parameters)
        self.levers = Levers(lever_specs(), self.places, {p.code: p.levers for p in self.geography.places})
        self.measures = Measures(self)
        self.sectors = Sectors(self.p, coarse=self.scale > COARSE_SCALE)
        self.S = self.sectors.S
        self.fields = Fields(self.sectors)
        self.F = self.fields.F
        self.proximity, self.sector_fields = self.fields.proximity, self.fields.sector_fields
        mixed = (self.sector_fields * self.sectors["rd_share"][:, None]).T
        self.sector_of_field = mixed / mixed.sum(axis=1, keepdims=True)
        self.environment_field = self.fields.index("Environmental technology")

    def _open_tables(self) -> None:
        self.orgs = Organizations(4096)
        months = self.burn_in_months + self.horizon_months
        filings = (self.fact("resident_filings") + self.fact("utility_model_filings")).sum() / self.scale / 12.0
        room = int(1000 + 1.2 * filings * months)
        self.inventors = Inventors(int(1000 + self.fact("researchers").sum() / self.scale * (1.0 + months / 120.0)))
        self.inventions = Inventions(2 * room, place=self.J)
        self.rights = Rights(2 * room)
        self.lines = Lines(room, territory=self.T)
        self.uses = Uses(2 * room, territory=self.T)
        self.deals, self.adoptions, self.disputes = Deals(room), Adoptions(2 * room), Disputes(room)
        self.challenges = Challenges(room // 8)
        self.governments, self.offices, self.intermediaries = Governments(), Offices(), Intermediaries()
        self.calendar = Calendar()
        self.tally = Tally(self.J, self.S)
        self.records = Records()
        self.yearbook = Yearbook()
        self.accounts_book: list[tuple[int, str, str, str, str, str, float]] = []
        self.accounts = Accounts(self.places)
        self.accounts.open("organizations", self.orgs, bounded=True)
        for name in ("households", "government", "office", "court", "services", "outside"):
            self.accounts.open(name)
        none = np.zeros(0, np.int64)
        self.new_inventions = self.disclosed = self.live_lines = self.live_uses = none
        self.outlay_so_far = np.zeros(self.J)
        self.new_lines_potential = np.zeros(self.J)
        self.waiting: list[list[np.ndarray]] = [[] for _ in range(6)]
        self.nature_chances: np.ndarray | None = None
        self.origins = Origins()
        self.claims: dict[int, int] = {}
        self.pool: Pool | None = None
        self.pool_month = 0

    def _open_population(self) -> None:
        self.wage = np.ones(self.J)
        self.motivation = np.ones(self.J)
        self.base_levers = {name: self.levers.base(name) for name in self.levers}
        business = self.fact("gerd") * self.fact("business_share")
        people = self.fact("researchers") * self.fact("business_researcher_share")
        self.researcher_cost = self.p["firm.wage_share"] * business / np.maximum(people, 1.0)
        self.researcher_cost[self.researcher_cost <= 0] = 1.0
        self.typical_rd_per_head = np.ones((self.J, self.S))
        open_firms(self)
        self._set_typical()
        open_universities(self)
        open_investors(self)
        open_assertion_entities(self)
        self.science = Science(self.J, self.F)
        self.passive_firms = np.flatnonzero(self.orgs.passive & (self.orgs.kind == FIRM))
        open_governments(self)
        open_offices(self)
        open_courts(self)
        open_intermediaries(self)
        open_inventors(self)

    def _set_typical(self) -> None:
        """Averages of the starting firms that later decisions are measured against."""
        orgs = self.orgs
        firms = orgs.living(FIRM)
        cell = orgs.jurisdiction[firms].astype(np.int64) * self.S + orgs.sector[firms]
        size = self.J * self.S

        def total(values: np.ndarray) -> np.ndarray:
            return np.bincount(cell, weights=values * orgs.weight[firms], minlength=size)

        staff = np.maximum(total(orgs.employees[firms]), 1.0)
        self.typical_rd_per_head = (total(orgs.rd[firms]) / staff).reshape(self.J, self.S)
        self.typical_sales_per_head = (total(orgs.base[firms]) / staff).reshape(self.J, self.S)
        self.typical_weight = np.zeros(self.J)
        self.start_sizes = []
        for j in range(self.P):
            sizes = np.sort(orgs.employees[firms[orgs.jurisdiction[firms] == j]])
            self.start_sizes.append(sizes[sizes < self.p["firm.exit_merger_size"]])
            self.typical_weight[j] = orgs.weight[firms[orgs.jurisdiction[firms] == j]].mean()
        self._open_market(total(orgs.base[firms]).reshape(self.J, self.S))
        self.base_total = total(orgs.base[firms])
        self.vacated, self.founders, self.failed = np.zeros(size), np.zeros(size), np.zeros(size)

    def _open_market(self, sales: np.ndarray) -> None:
        """Set spending so that the starting sales of R&D performers and the fringe fill every market.

        sales: (J, S) of R&D performers at the start, million USD2020 a year. What new product lines will sell is taken
        out of the old products: rents of ``firm.rents_share`` x R&D need 1 / ``market.line_margin`` times as much in sales.
        """
        p = self.p
        gdp = self.fact("gdp") * self.fact("market_rate")
        size = gdp[self.territories.place] * self.territories.share / gdp.sum()
        access = np.ones((self.J, self.T))
        for j in range(self.J):
            home = self.territories.place == j
            own, h = size[home].sum(), p["market.home_share"]
            access[j, ~home] = min(1.0, own * (1.0 - h) / (h * max(1.0 - own, 1e-9)))
        spread = access * size
        spread /= spread.sum(axis=1, keepdims=True)
        sold = np.einsum("js,jt->st", sales, spread)
        fringe = p["market.fringe_share"]
        spending = sold / (1.0 - fringe)
        row = self.territories.place == self.ROW
        spending[:, row] = np.maximum(
            spending[:, row], spending[:, ~row].sum(axis=1, keepdims=True) * gdp[self.ROW] / gdp[: self.P].sum()
        )
        lines = np.minimum(0.8, p["firm.rents_share"] / p["market.line_margin"] * self.sectors["rd_intensity"])
        for s in range(self.S):
            mine = self.orgs.sector == s
            self.orgs.base[mine] *= 1.0 - lines[s]
        set_credit(self, self.orgs.living(FIRM))
        rest = np.maximum(spending - sold, fringe * spending)
        self.market = Market(spending, access, rest)
        self.experience = Experience(self)
        self.valuation = Valuation(self)

    def _freeze_references(self) -> None:
        self.row_filings = np.r_[self.fact("row_filings")[: self.P], 0.0]
        self.row_families = max(1.0, 1.1 * float(self.row_filings.max(initial=0.0)))
        self.arrivals = Arrivals(self)
        self.returns = Returns(self)
        self.ancestry = Ancestry(self.F, self.burn_in_months + self.horizon_months)
        self.common_at_start = self.market.common.copy()
        self.accounts.close_opening()

    def _begin_horizon(self) -> None:
        """Freeze what later months are measured against, and let the scenario's levers and measures take hold."""
        self.common_at_start = self.market.common.copy()
        self.measures.take(self)
        for code, values in self.setup.levers.items():
            for name, value in values.items():
                self.levers.set(name, value, by="scenario", on=code, standing=True)

    def frozen(self) -> bytes:
        """Return the world as bytes from which ``World.forked`` makes as many worlds as one likes.

        Raises:
            ValueError: the horizon has begun.
        """
        if self.month != 0 or self.setup.measures or self.setup.levers:
            raise ValueError("only a world at the start of its horizon, without measures and levers, can be forked")
        return pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def forked(content: bytes, scenario: Scenario) -> World:
        """Return a world at the start of its horizon that shares the burn-in of a frozen one.

        What it does is bit for bit what ``World(scenario, seed)`` does, without the burn-in's time.

        Raises:
            ValueError: the scenario's burn-in is not that of the frozen world.
        """
        world: World = pickle.loads(content)  # our own bytes, never a user's
        if scenario.burn_in_key() != world.setup.burn_in_key():
            raise ValueError("the scenario's burn-in differs from that of the frozen world")
        world.setup = scenario
        world._begin_horizon()
        return world

    # -- running --------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Run one month.

        Raises:
            InputError: the horizon is over; tables and memory are made for its years.
        """
        if self.month >= self.horizon_months:
            raise InputError(f"The {self.setup.years} years of this world are over", do="Give the scenario more years")
        self._month()

    def run(self, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None) -> World:
        """Run to the end of the horizon; return the world.

        Args:
            progress: called with (months done, months in all) after every month.
            cancelled: asked before every month; when true the run stops and ``finished`` stays False.
        """
        while self.month < self.horizon_months:
            if cancelled is not None and cancelled():
                return self
            self.step()
            if progress is not None:
                progress(self.month, self.horizon_months)
        self.finished = True
        return self

    def _month(self) -> None:
        self.draw.month = self.month
        self.tally.clear()
        self.disclosed = np.zeros(0, np.int64)
        self.schedule.run(self)
        self.month += 1

    # -- asking ---------------------------------------------------------------------------------------------------

    @property
    def month_of_year(self) -> int:
        """Month of the year, 0 January to 11 December."""
        return self.month % 12

    @property
    def year(self) -> int:
        """Calendar year."""
        return self.setup.start_year + self.month // 12

    def fact(self, name: str) -> np.ndarray:
        """Return a baseline fact of every place, float64 (J,)."""
        return self.geography.fact(name)

    def by_place(self, group: str) -> np.ndarray:
        """Return parameters ``group.<place>`` with ``group.default`` where a place has none, float64 (J,)."""
        default = self.p[f"{group}.default"]
        names = [f"{group}.{code}" for code in self.places]
        return np.array([self.p.get(name, default) for name in names])

    def user_cost_at_start(self, firms: np.ndarray) -> np.ndarray:
        """Return 1 - tax relief of firms under the baseline levers, float64 (n,)."""
        orgs = self.orgs
        small = orgs.size_rank[firms] < 250
        place = orgs.jurisdiction[firms]
        return 1.0 - np.where(
            small,
            self.base_levers["government.rd_credit_small"][place],
            self.base_levers["government.rd_credit_large"][place],
        )

    def indicators(self, period: int = 1) -> Any:
        """Return all indicators as a tidy DataFrame; ``period`` 1 for months, 12 for years."""
        # the laboratory stands above the world; it is looked up by name when a user asks
        return import_module("ecosystem.lab.tables").indicators(self, period=period)

    # -- Mesa's agents, created when first asked for -----------------------------------------------------------------

    @property
    def agents(self) -> Any:
        """All agents of the world as a Mesa AgentSet."""
        self._create_handles()
        return self._all_agents

    @property
    def agents_by_type(self) -> Any:
        """Agents by class, each a Mesa AgentSet."""
        self._create_handles()
        return self._agents_by_type

    @property
    def agent_types(self) -> list[type]:
        """Classes of agents in the world."""
        return list(self.agents_by_type)

    def _create_handles(self) -> None:
        load.synchronize(self)
