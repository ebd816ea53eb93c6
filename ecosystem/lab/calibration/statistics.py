"""What the start table measures in a run: one documented function a quantity, each with its number of cases."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from agents.organizations import KINDS as ORGANIZATIONS
from ecosystem.domain.rights import KINDS as RIGHTS
from ecosystem.domain.rights import OUTCOMES
from ecosystem.kernel.table import NEVER
from ecosystem.lab.facts.registry import NotYet
from ecosystem.lab.yearly import yearly

if TYPE_CHECKING:
    from ecosystem.lab.yearly import Yearly
    from ecosystem.world import World

PATENT = RIGHTS.index("patent")
GRANTED = OUTCOMES.index("granted")
FIRM, UNIVERSITY, INSTITUTE = (ORGANIZATIONS.index(name) for name in ("firm", "university", "institute"))
LICENSE_YEARS = 10
"""A university license is taken to be alive for ten years."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A statistic as numerator and denominator, so that runs can be pooled.

    Attributes:
        cases: what stands for simulated objects: ``top`` (events counted), ``share`` (the rarer of hits and misses),
            ``bottom`` (a mean over objects) or ``none`` (money, fees: no luck of counting).
    """

    top: float
    bottom: float
    cases: str = "none"

    @property
    def value(self) -> float:
        """The statistic, NaN without a denominator."""
        return self.top / self.bottom if self.bottom > 0 else math.nan

    def __add__(self, other: Sample) -> Sample:
        return Sample(self.top + other.top, self.bottom + other.bottom, self.cases)

    def expected_cases(self, real: float, scale: float) -> float:
        """Return how many simulated objects the statistic would rest on if it were ``real``; infinite for money."""
        objects = self.bottom / scale
        if self.cases == "top":
            return real * objects
        if self.cases == "share":
            return min(real, 1.0 - real) * objects
        return objects if self.cases == "bottom" else math.inf


class Reported:
    """The reported years of a finished run, with the state at their end.

    Attributes:
        years: reported years.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.table: Yearly = yearly(world)
        self.years = self.table.years
        self._row = {name: i for i, name in enumerate(self.table.names)}

    def place(self, code: str) -> int:
        """Return the number of a place; raise NotYet if the run lacks it."""
        if code not in self.world.places:
            raise NotYet(f"the run lacks {code}")
        return self.world.places.index(code)

    def flow(self, name: str, code: str) -> float:
        """Return the sum of a flow over the reported years."""
        return float(self.table.top[:, self._row[name], self.place(code)].sum())

    def ratio(self, name: str, code: str, cases: str) -> Sample:
        """Return a ratio pooled over the reported years."""
        i, j = self._row[name], self.place(code)
        return Sample(float(self.table.top[:, i, j].sum()), float(self.table.bottom[:, i, j].sum()), cases)

    @cached_property
    def decided(self) -> np.ndarray:
        """Patents decided in the reported months, slots."""
        t = self.world.rights
        return np.flatnonzero((t.kind == PATENT) & (t.decided >= 0) & (t.decided < self.world.month))

    @cached_property
    def performers(self) -> dict[tuple[int, int], float]:
        """R&D by (kind of organization, place) over the reported years, million USD2020."""
        out: dict[tuple[int, int], float] = {}
        for row in self.world.yearbook.rows:
            if not len(row["year"]) or row["year"][0] < self.world.setup.start_year:
                continue
            money = (row["rd_basic"] + row["rd_applied"] + row["rd_development"]) * row["weight"]
            for kind in (FIRM, UNIVERSITY, INSTITUTE):
                for j in range(self.world.P):
                    mine = (row["kind"] == kind) & (row["jurisdiction"] == j)
                    out[kind, j] = out.get((kind, j), 0.0) + float(money[mine].sum())
        return out


Statistic = Callable[[Reported, str, str], Sample]
STATISTICS: dict[str, Statistic] = {}


def statistic(function: Statistic) -> Statistic:
    """Register a statistic under its own name."""
    STATISTICS[function.__name__] = function
    return function


@statistic
def applications(run: Reported, place: str, _: str) -> Sample:
    """Patent applications a year at the office, first and second, residents and foreigners."""
    return Sample(run.flow("patent_filings", place), run.years, "top")


@statistic
def utility_models(run: Reported, place: str, _: str) -> Sample:
    """Utility model applications a year at the office."""
    return Sample(run.flow("utility_model_filings", place), run.years, "top")


@statistic
def nonresident_share(run: Reported, place: str, _: str) -> Sample:
    """Patent applications by applicants seated elsewhere / all at the office."""
    return Sample(run.flow("nonresident_filings", place), run.flow("patent_filings", place), "share")


@statistic
def grants(run: Reported, place: str, _: str) -> Sample:
    """Patents granted a year by the office."""
    return Sample(run.flow("patents_granted", place), run.years, "top")


@statistic
def grants_by_origin(run: Reported, place: str, origin: str) -> Sample:
    """Patents granted by the office on inventions made in ``origin`` / all it granted."""
    t = run.world.rights
    rows = run.decided[(t.office[run.decided] == run.place(place)) & (t.outcome[run.decided] == GRANTED)]
    mine = run.world.inventions.jurisdiction[t.invention[rows]] == run.place(origin)
    return Sample(float(mine.sum()) * run.world.scale, len(rows) * run.world.scale, "share")


@statistic
def pendency(run: Reported, place: str, _: str) -> Sample:
    """Mean months to the final decision by the office's own clock: from filing, in Japan and China from the request."""
    return run.ratio("pendency_months", place, "bottom")


@statistic
def grant_rate(run: Reported, place: str, disposals: str) -> Sample:
    """Grants / disposals as the office counts them.

    ``all``: grants, refusals and every withdrawal; ``requested``: without applications for which nobody asked for
    examination; ``examined``: without withdrawals before the first action.
    """
    t = run.world.rights
    rows = run.decided[t.office[run.decided] == run.place(place)]
    if disposals == "examined":
        rows = rows[t.first_action[rows] < NEVER]
    elif disposals == "requested":
        rows = rows[t.requested[rows] < NEVER]
    granted = float((t.outcome[rows] == GRANTED).sum())
    return Sample(granted * run.world.scale, len(rows) * run.world.scale, "share")


@statistic
def gerd_to_gdp(run: Reported, place: str, _: str) -> Sample:
    """R&D of all performers / GDP of the place's data."""
    gdp = float(run.world.fact("gdp")[run.place(place)])
    return Sample(run.flow("rd_spent_total", place), gdp * run.years)


@statistic
def rd_by_type(run: Reported, place: str, kind: str) -> Sample:
    """Basic, applied or development spending / all R&D."""
    return Sample(run.flow(f"rd_{kind}_spent", place), run.flow("rd_spent_total", place))


@statistic
def rd_by_performer(run: Reported, place: str, performer: str) -> Sample:
    """R&D performed by firms (business), public institutes (government) or universities (higher education) / by these three."""
    kinds = {"business": FIRM, "government": INSTITUTE, "higher_education": UNIVERSITY}
    j = run.place(place)
    return Sample(run.performers[kinds[performer], j], sum(run.performers[k, j] for k in kinds.values()))


@statistic
def defense_share(run: Reported, place: str, _: str) -> Sample:
    """Defense money / public money for research at universities and institutes."""
    return Sample(run.flow("defense_research_money", place), run.flow("public_research_money", place))


@statistic
def suits(run: Reported, place: str, _: str) -> Sample:
    """Infringement suits a year for 1,000 patents and utility models in force."""
    return run.ratio("suits_per_1000_rights", place, "top")


@statistic
def licensed_disclosures(run: Reported, place: str, _: str) -> Sample:
    """Licenses of universities and institutes / inventions disclosed to them."""
    return Sample(run.flow("university_licenses", place), run.flow("university_disclosures", place), "top")


def _academic(run: Reported, place: str, kind: int) -> np.ndarray:
    """Return patents in force at the end, at the office of the place, of makers of a kind seated there, slots."""
    world = run.world
    t, inv, orgs, j = world.rights, world.inventions, world.orgs, run.place(place)
    rows = np.flatnonzero(t.in_force & (t.kind == PATENT) & (t.office == j))
    maker = inv.creator[t.invention[rows]]
    return rows[(orgs.kind[maker] == kind) & (orgs.jurisdiction[maker] == j)]


@statistic
def licenses_per_university_patent(run: Reported, place: str, _: str) -> Sample:
    """Licenses of universities signed in the last ten years / their patents in force at home (makers at filing)."""
    world, j = run.world, run.place(place)
    held = len(_academic(run, place, UNIVERSITY))
    deals = world.deals
    given = (deals.kind == list(deals.columns["kind"].codes).index("university_license")) & (deals.from_place == j)
    signed = float((given & (deals.month >= world.month - 12 * LICENSE_YEARS)).sum())
    return Sample(signed * world.scale, held * world.scale, "top")


@statistic
def patents_used(run: Reported, place: str, who: str) -> Sample:
    """Patents in force whose invention is on the market or was / patents in force; of ``university``, ``joint`` or ``firm``.

    ``university``: made by a university, alone or not; ``joint``: those of them made together with a firm.
    """
    world = run.world
    rows = _academic(run, place, FIRM if who == "firm" else UNIVERSITY)
    slots = world.rights.invention[rows]
    if who == "joint":
        slots = slots[world.inventions.partner[slots] >= 0]
    used = float((world.inventions.launched[slots] <= world.month).sum())
    return Sample(used * world.scale, len(slots) * world.scale, "share")


@statistic
def opposition_rate(run: Reported, place: str, _: str) -> Sample:
    """Oppositions / patents granted."""
    return run.ratio("opposition_rate", place, "top")


@statistic
def unitary_share(run: Reported, place: str, _: str) -> Sample:
    """Granted patents that take the unitary right / patents granted."""
    return run.ratio("unitary_uptake", place, "share")


@statistic
def renewal_over_life(run: Reported, place: str, kind: str) -> Sample:
    """Renewal fees of a patent kept for its whole term, USD2020 at purchasing power parity; ``rise``: last fee / first.

    ``all_territories``: in every territory by its national schedule.
    """
    world, j = run.world, run.place(place)
    due = np.asarray(world.geography.places[j].fees["patent"].due, dtype=np.float64)
    paid = due[due > 0]
    if kind == "rise":
        return Sample(float(paid[-1]), float(paid[0]))
    parts = 1.0
    if kind == "all_territories":
        parts = float(sum(t.renewal for t in world.geography.places[j].territories))
    return Sample(1e6 * float(due.sum()) * parts, 1.0)


@statistic
def innovation_index_rank(run: Reported, place: str, _: str) -> Sample:
    """Rank in the Global Innovation Index."""
    raise NotYet(
        "the index is built from some 80 survey answers and statistics of 132 economies, most of which the model does not "
        "hold; a rank among four places would not be comparable"
    )
