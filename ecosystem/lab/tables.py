"""Ten tidy tables of a world: a row is an observation, codes are words, months are absolute, keys are stable.

Rows of the burn-in are left out unless asked for; rights still alive at the start of the horizon stay, with their
negative months. A month that never came and a partner that does not exist are missing values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.arrays import BooleanArray, IntegerArray

from agents.organizations import KINDS as ORGANIZATION_KINDS
from agents.organizations import ORIGINS
from ecosystem.domain.knowledge import Citations
from ecosystem.domain.rights import OUTCOMES
from ecosystem.kernel.table import NEVER, Table
from ecosystem.lab.cells import keys, labels, lists, months, words
from ecosystem.lab.indicator_table import indicators
from ecosystem.yearbook import SIZE_CLASSES

if TYPE_CHECKING:
    from ecosystem.world import World


def _reported(months: np.ndarray, burn_in: bool) -> np.ndarray:
    return np.arange(len(months)) if burn_in else np.flatnonzero(months >= 0)


def _codes(table: Table, column: str, rows: np.ndarray) -> pd.Categorical[str]:
    return words(getattr(table, column)[rows], table.columns[column].codes)


def _places(world: World, codes: np.ndarray) -> pd.Categorical[str]:
    return words(codes, world.places)


def territory_names(world: World) -> Callable[[int], str]:
    """Return a function that spells a bit mask of territories: ``us jp``."""
    codes = list(world.territories.code)
    return lambda mask: " ".join(code for i, code in enumerate(codes) if mask >> i & 1)


def organizations(world: World, *, burn_in: bool = False) -> pd.DataFrame:
    """Return organizations by year, values of one real organization, ``weight`` real ones a row."""
    first = world.setup.start_year
    rows = [row for row in world.yearbook.rows if burn_in or (len(row["year"]) and row["year"][0] >= first)]
    if not rows:
        rows = [{name: np.asarray(values)[:0] for name, values in row.items()} for row in world.yearbook.rows[:1]]
    if not rows:
        return pd.DataFrame()
    columns = {name: np.concatenate([np.asarray(row[name]) for row in rows]) for name in rows[0]}
    spell: dict[str, Callable[[np.ndarray], Any]] = {
        "kind": lambda v: words(v, ORGANIZATION_KINDS),
        "size_class": lambda v: words(v, SIZE_CLASSES),
        "jurisdiction": lambda v: _places(world, v),
        "region": lambda v: words(v, world.regions.code),
        "sector": lambda v: words(v, world.sectors.names),
        "origin": lambda v: words(v, ORIGINS),
        "founded_month": months,
        "exited_month": months,
    }
    return pd.DataFrame(
        {name: spell[name](v) if name in spell and v.dtype.kind in "iub" else v for name, v in columns.items()}
    )


def inventions(world: World, *, burn_in: bool = False) -> pd.DataFrame:
    """Return inventions; ``value`` is the true first-year market potential of one real invention."""
    t = world.inventions
    rows = _reported(t.month, burn_in)
    org = world.orgs.uid
    parents = np.stack([t.parent1[rows], t.parent2[rows], t.parent3[rows]], axis=1).astype(np.int64)
    has = parents >= 0
    return pd.DataFrame(
        {
            "uid": t.uid[rows],
            "owner": keys(org, t.owner[rows]),
            "jurisdiction": _places(world, t.jurisdiction[rows]),
            "field": words(t.field[rows], world.fields.names),
            "sector": words(t.sector[rows], world.sectors.names),
            "nature": _codes(t, "nature", rows),
            "month": t.month[rows],
            "quality": t.quality[rows],
            "value": t.potential[rows],
            "team_size": t.team_size[rows],
            "cross_field": t.cross_field[rows],
            "industry_university": t.industry_university[rows],
            "parents": lists(t.uid[parents[has]], has.sum(axis=1)),
            "public_funding": t.public_funding[rows],
            "launched_month": months(t.launched[rows]),
            "protected_by": _codes(t, "protected_by", rows),
            "status": _codes(t, "status", rows),
            "creator": keys(org, t.creator[rows]),
            "partner": keys(org, t.partner[rows]),
            "novelty": t.novelty[rows],
            "expected_value": t.expected[rows],
            "exploratory": t.exploratory[rows],
            "published_month": months(t.published[rows]),
        }
    )


def rights(world: World, *, burn_in: bool = False) -> pd.DataFrame:
    """Return rights; those filed before the horizon only if they were alive at its start."""
    t = world.rights
    over = np.minimum(t.lapsed, t.invalidated) < 0
    closed = np.isin(t.outcome, (OUTCOMES.index("refused"), OUTCOMES.index("withdrawn"))) & (t.decided < 0)
    rows = np.arange(t.n) if burn_in else np.flatnonzero((t.filed >= 0) | ~(over | closed))
    org = world.orgs.uid
    return pd.DataFrame(
        {
            "uid": t.uid[rows],
            "invention": keys(world.inventions.uid, t.invention[rows]),
            "kind": _codes(t, "kind", rows),
            "office": _places(world, t.office[rows]),
            "owner_at_filing": keys(org, t.owner_at_filing[rows]),
            "owner": keys(org, t.owner[rows]),
            "applicant_size": _codes(t, "applicant_size", rows),
            "accelerated": t.accelerated[rows],
            "field": words(t.field[rows], world.fields.names),
            "filed_month": t.filed[rows],
            "requested_month": months(t.requested[rows]),
            "published_month": months(t.published[rows]),
            "first_action_month": months(t.first_action[rows]),
            "decided_month": months(t.decided[rows]),
            "outcome": _codes(t, "outcome", rows),
            "examiner": IntegerArray(t.examiner[rows].astype(np.int64), t.examiner[rows] < 0),
            "examiner_leniency": t.leniency[rows],
            "examiner_hours": t.hours[rows],
            "true_novelty": t.novelty[rows],
            "granted_in_error": t.granted_in_error[rows],
            "refused_in_error": t.refused_in_error[rows],
            "breadth": t.breadth[rows],
            "in_force": t.in_force[rows],
            "lapsed_month": months(t.lapsed[rows]),
            "invalidated_month": months(t.invalidated[rows]),
            "territories": labels(t.territories[rows], territory_names(world)),
            "sep": t.sep[rows],
            "pledged": t.pledged[rows],
            "for_license": t.for_license[rows],
        }
    )


def deals(world: World, *, burn_in: bool = False) -> pd.DataFrame:
    """Return deals; money is per real deal."""
    t = world.deals
    rows = _reported(t.month, burn_in)
    org = world.orgs.uid
    return pd.DataFrame(
        {
            "month": t.month[rows],
            "kind": _codes(t, "kind", rows),
            "giver": keys(org, t.giver[rows]),
            "taker": keys(org, t.taker[rows]),
            "right": keys(world.rights.uid, t.right[rows]),
            "invention": keys(world.inventions.uid, t.invention[rows]),
            "field": words(t.field[rows], world.fields.names),
            "from_jurisdiction": _places(world, t.from_place[rows]),
            "to_jurisdiction": _places(world, t.to_place[rows]),
            "upfront": t.upfront[rows],
            "royalty_rate": t.royalty_rate[rows],
            "exclusive": t.exclusive[rows],
            "brokered_by": _brokers(world, t.broker[rows]),
            "joint": t.joint[rows],
        }
    )


def _brokers(world: World, slots: np.ndarray) -> pd.Categorical[str]:
    """Return who brought the sides together: the kind of intermediary, empty for nobody."""
    table = world.intermediaries
    if not len(table):
        return words(np.full(len(slots), -1), [])
    known = slots >= 0
    codes = np.where(known, table.kind[np.where(known, slots, 0)], -1)
    return words(codes, table.columns["kind"].codes)


def adoptions(world: World, *, burn_in: bool = False) -> pd.DataFrame:
    """Return attempts to use a technology of others."""
    t = world.adoptions
    rows = _reported(t.month, burn_in)
    return pd.DataFrame(
        {
            "month": t.month[rows],
            "user": keys(world.orgs.uid, t.user[rows]),
            "invention": keys(world.inventions.uid, t.invention[rows]),
            "route": _codes(t, "route", rows),
            "foreign": t.foreign[rows],
            "months_since_launch": t.months_since_launch[rows],
            "aware": t.aware[rows],
            "blocked_by": keys(world.rights.uid, t.blocked_by[rows]),
        }
    )


def citations(world: World, *, burn_in: bool = False) -> pd.DataFrame:
    """Return citations between inventions; ``self``: both by one creator.

    ``examiner`` is missing: the simulation knows what an invention builds on, not who wrote the reference down.
    """
    t = world.inventions
    citing, cited = Citations.pairs(t)
    rows = _reported(t.month[citing], burn_in)
    citing, cited = citing[rows], cited[rows]
    n = len(citing)
    return pd.DataFrame(
        {
            "citing": t.uid[citing],
            "cited": t.uid[cited],
            "month": t.month[citing],
            "self": t.creator[citing] == t.creator[cited],
            "examiner": BooleanArray(np.zeros(n, np.bool_), np.ones(n, np.bool_)),
        }
    )


def disputes(world: World, *, burn_in: bool = False) -> pd.DataFrame:
    """Return disputes over rights; money is per real dispute."""
    t = world.disputes
    rows = _reported(t.month, burn_in)
    org = world.orgs.uid
    plaintiff = t.plaintiff[rows].astype(np.int64)
    kinds = world.orgs.kind[plaintiff] if len(plaintiff) else plaintiff
    courts = world.courts.jurisdiction
    where = courts[np.maximum(t.court[rows], 0)] if len(courts) else np.full(len(rows), -1)
    return pd.DataFrame(
        {
            "month": t.month[rows],
            "court": _places(world, np.where(t.court[rows] >= 0, where, -1)),
            "right": keys(world.rights.uid, t.right[rows]),
            "plaintiff": keys(org, plaintiff),
            "defendant": keys(org, t.defendant[rows]),
            "plaintiff_kind": words(kinds, ORGANIZATION_KINDS),
            "stakes": t.stakes[rows],
            "stage_reached": _codes(t, "stage", rows),
            "outcome": _codes(t, "outcome", rows),
            "damages": t.damages[rows],
            "injunction": t.injunction[rows],
            "suit_month": months(t.suit_month[rows]),
            "judged_month": months(t.judged_month[rows]),
            "cost_plaintiff": t.cost_plaintiff[rows],
            "cost_defendant": t.cost_defendant[rows],
            "panel_leniency": t.panel_leniency[rows],
            "truly_valid": t.truly_valid[rows],
            "truly_infringed": t.truly_infringed[rows],
            "abusive": t.abusive[rows],
        }
    )


def inventors(world: World, *, burn_in: bool = False) -> pd.DataFrame:
    """Return inventors; ``last_month`` is missing while the career goes on."""
    t = world.inventors
    rows = np.arange(t.n) if burn_in else np.flatnonzero(t.active | (t.last_month >= 0))
    last = np.where(t.active[rows], NEVER, t.last_month[rows])
    names = np.array(list(world.fields.names), dtype=object)
    first, second = t.field[rows].astype(np.int64), t.field2[rows].astype(np.int64)
    two = second != first
    both = np.stack([first, second], axis=1)
    has = np.stack([np.ones(len(rows), np.bool_), two], axis=1)
    return pd.DataFrame(
        {
            "uid": t.uid[rows],
            "jurisdiction": _places(world, t.jurisdiction[rows]),
            "origin": _places(world, t.origin[rows]),
            "fields": lists(names[both[has]], has.sum(axis=1)),
            "skill": t.skill[rows],
            "first_month": months(t.first_month[rows]),
            "last_month": months(last),
            "inventions": t.inventions[rows],
            "moves": t.moves[rows],
            "employer_last": keys(world.orgs.uid, t.employer[rows]),
        }
    )


def accounts(world: World, *, burn_in: bool = False) -> pd.DataFrame:
    """Return payments by year in real-world totals, million USD2020."""
    names = ["year", "from_sector", "to_sector", "kind", "jurisdiction", "measure", "amount"]
    rows = [row for row in world.accounts_book if burn_in or row[0] >= world.setup.start_year]
    frame = pd.DataFrame(rows, columns=names)
    types = dict.fromkeys(names[1:-1], "str") | {"year": "int32", "amount": "float64"}
    return frame.astype(types)


TABLES: dict[str, Callable[..., pd.DataFrame]] = {
    "indicators": indicators,
    "organizations": organizations,
    "inventions": inventions,
    "rights": rights,
    "deals": deals,
    "adoptions": adoptions,
    "citations": citations,
    "disputes": disputes,
    "inventors": inventors,
    "accounts": accounts,
}


def all_tables(world: World, *, burn_in: bool = False) -> dict[str, pd.DataFrame]:
    """Return the ten tables by name."""
    return {name: table(world, burn_in=burn_in) for name, table in TABLES.items()}
