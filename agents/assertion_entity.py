"""Assertion entities buy rights that their owners do not use, search for users, ask for less than a defense costs, sue.

They own rights, never technologies: the column ``inventions.owner`` stays with the seller of the right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents.court.beliefs import cost_to_judgment
from agents.court.incidents import QUARTER, newest_use, quarter_ends, renew_pools
from agents.court.letters import send_letters, territory_share
from agents.court.money import book, transfer
from agents.handle import Handle
from agents.holdings import note_sale
from agents.organizations import ASSERTION, affordable
from ecosystem.domain import valuation
from ecosystem.domain.indicators import TALLIES, flow, stock
from ecosystem.domain.ledgers import DEALS
from ecosystem.domain.potential import F8, I8, B
from ecosystem.domain.regions import settle
from ecosystem.kernel.luck import Pool, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

ENTITY_UID = 72_001


def _held(world: World) -> np.ndarray:
    held = world.courts.portfolio
    place = world.rights.office[held[world.rights.in_force[held]]]
    return np.bincount(place, minlength=world.J)[: world.J] * world.scale


flow("assertion_entity_profit", "M USD2020", "payouts of assertion entities to their owners less new money", 0)
flow("rights_bought_by_entities", "rights", "unused rights bought by assertion entities", 0)
stock("rights_held_by_entities", "rights", "rights in force held by assertion entities", 0, _held)

# A sale counts among all sales of rights; the flow is declared where the market for technology lives.
TALLIES.setdefault("reassigned_patents", len(TALLIES))


class AssertionEntity(Handle):
    """An assertion entity: buys rights, asserts them, settles; what it earns goes to its owners."""

    table = "orgs"
    kinds = (ASSERTION,)


flow("rights_screened_by_entities", "rights", "rights on offer looked at by assertion entities", 0)


def open_assertion_entities(world: World) -> None:
    """Create the entities of each place with cash 0; investors fund them in their first month."""
    p, orgs = world.p, world.orgs
    rows = int(p["assertion.entities"])
    place = np.repeat(np.arange(world.P), rows)
    number = np.tile(np.arange(rows), world.P)
    seat = np.array([np.flatnonzero(np.asarray(world.territories.place) == j)[0] for j in range(world.P)])
    uid = fold(place, number, ENTITY_UID)
    slots = orgs.add(
        len(place), uid=uid, kind=ASSERTION, jurisdiction=place, territory=seat[place], sector=-1,
        weight=p["assertion.real_entities"] / rows, anniversary=uid % 12,
    )  # fmt: skip
    settle(world, slots)


@rule("disputes", "disputes.assert", after="disputes.detect", before="disputes.bargain")
def assert_rights(world: World) -> None:
    """Let entities take new money or pay out once a year, buy what is offered, and write to users of the field.

    They act once a quarter, in its last month, when rights come into view (``court.candidates``).
    """
    if not quarter_ends(world):
        return
    entities = world.orgs.living(ASSERTION)
    if not len(entities):
        return
    _yearly(world, entities)
    _buy(world, entities)
    _write(world)


def _yearly(world: World, entities: np.ndarray) -> None:
    """Pay out what is above the retained cash; where money is gone owners refill only what past payouts justify.

    An entity that never paid out gets one seed; afterwards new money needs an experienced yearly return above the
    market's discount rate. So business grows where assertion pays and withers elsewhere.
    """
    orgs, p, accounts = world.orgs, world.p, world.accounts
    due = entities[orgs.anniversary[entities] // QUARTER == world.month_of_year // QUARTER]
    if not len(due):
        return
    place = orgs.jurisdiction[due].astype(np.int64)
    weight, seed = orgs.weight[due], p["assertion.seed_capital"]
    surplus = np.maximum(0.0, orgs.cash[due] - p["assertion.retained"] * seed)
    accounts.pay("entity_payout", "organizations", due, "outside", place, surplus * weight, place=place)
    first = orgs.founded[due] < -world.burn_in_months
    pace = 1.0 / p["assertion.experience_years"]
    orgs.returns[due] += np.where(first, 0.0, pace * (surplus - orgs.returns[due]))
    pays = orgs.returns[due] >= p["market.discount"] * seed
    money = np.where(first | pays, np.maximum(0.0, seed - orgs.cash[due]), 0.0)
    # A trickle of newcomers tries again where others gave up.
    tries = ~first & ~pays & world.draw.bernoulli("assertion.newcomer", orgs.uid[due], pace)
    money = np.where(tries, np.maximum(0.0, 0.5 * seed - orgs.cash[due]), money)
    accounts.pay("entity_capital", "outside", place, "organizations", due, money * weight, place=place)
    orgs.founded[due[first]] = world.month
    world.tally.add("assertion_entity_profit", place, (surplus - money) * weight)


def _unused(world: World, rights: np.ndarray) -> np.ndarray:
    """Return True where the owner of a right sells nothing with it and is none who asserts, bool (n,)."""
    r, inv, orgs = world.rights, world.inventions, world.orgs
    owner = r.owner[rights].astype(np.int64)
    line = inv.line[r.invention[rights]]
    idle = (line < 0) & (world.month - inv.month[r.invention[rights]] > 36)
    return idle & (owner >= 0) & orgs.alive[owner] & (orgs.kind[owner] != ASSERTION) & ~orgs.passive[owner]


def assertion_value(world: World, rights: np.ndarray) -> np.ndarray:
    """Return what one real right is worth to an entity, M USD2020, float64 (n,).

    Targets a year x horizon x settlement; a settlement lies below the defendant's cost of defense C and about the
    entity's expected award P J, J the reasonable royalty of a typical user of the field (a share of the line profit).
    """
    r, p, levers = world.rights, world.p, world.levers
    place = r.office[rights].astype(np.int64)
    inventions = r.invention[rights].astype(np.int64)
    users, _ = _field_users(world, rights, inventions)
    harm = np.where(users >= 0, _royalty(world, rights, np.maximum(users, 0)), 0.0)
    stop = levers["court.injunction_nonpractising"][place]
    multiple = levers["court.damages"][place] + p["court.injunction_worth"] * stop
    award = harm * multiple
    cost = cost_to_judgment(award, levers["court.cost"][place], p["court.cost_exponent"])
    worth = p["assertion.beliefs_win"] * award - p["assertion.cost_share"] * cost - levers["court.hurdle"][place]
    one = np.where(worth > 0.0, 0.5 * (worth + np.minimum(cost + worth, award)), 0.0)
    return p["assertion.targets"] * p["assertion.horizon_years"] * one


def _royalty(world: World, rights: np.ndarray, users: np.ndarray) -> np.ndarray:
    inventions = world.rights.invention[rights].astype(np.int64)
    gain = valuation.user_gain(world, inventions, users)
    return world.p["court.reasonable_royalty"] * gain * territory_share(world, rights, users)


def _field_users(world: World, rights: np.ndarray, seekers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find a firm that sells in the sector of each right; return (users, their newest own use or -1)."""
    courts, r = world.courts, world.rights
    renew_pools(world, courts)
    _, anywhere, newest = courts.pools
    uid = fold(r.uid[rights], seekers)
    users = world.draw.partner("assertion.user", uid, r.sector[rights].astype(np.int64), anywhere)
    return users, newest_use(world, users, newest)


def _screen(world: World, funded: np.ndarray) -> None:
    """Pay for looking at the rights on offer: so many a quarter for each real entity, as far as its money goes.

    Exchanges (``transfer.trading``) show more rights, and each costs a look.
    """
    orgs, p = world.orgs, world.p
    seat = orgs.jurisdiction[funded].astype(np.int64)
    each = p["assertion.meetings"] * QUARTER / 12.0 * world.levers["transfer.trading"][seat]
    cost = np.minimum(each * p["assertion.search_cost"], affordable(world, funded))
    weight = orgs.weight[funded]
    world.accounts.pay("right_search", "organizations", funded, "services", seat, cost * weight, place=seat)
    world.tally.add("rights_screened_by_entities", seat, each * weight)


def _buy(world: World, entities: np.ndarray) -> None:
    """Let entities buy some of the unused rights that come into view this quarter, at the middle of both values."""
    orgs, r, p, courts = world.orgs, world.rights, world.p, world.courts
    offered = courts.candidates
    offered = offered[_unused(world, offered)] if len(offered) else offered
    funded = entities[orgs.cash[entities] > 0.0]
    _screen(world, funded)
    if not len(offered) or not len(funded):
        return
    place = r.office[offered].astype(np.int64)
    # Meetings of all entities of a place, shared among the rights offered there this quarter.
    looked = np.bincount(
        orgs.jurisdiction[funded], weights=orgs.weight[funded], minlength=world.J
    ) * p["assertion.meetings"] * QUARTER / (12.0 * world.scale)  # fmt: skip
    looked *= world.levers["transfer.trading"]
    chance = np.minimum(1.0, looked / np.maximum(np.bincount(place, minlength=world.J), 1))
    offered = offered[world.draw.bernoulli("assertion.offer", r.uid[offered], chance[place])]
    if not len(offered):
        return
    place = r.office[offered].astype(np.int64)
    pool = Pool.of(
        funded, orgs.uid[funded], orgs.jurisdiction[funded].astype(np.int64), world.J, np.maximum(orgs.cash[funded], 0.0)
    )  # fmt: skip
    buyer = world.draw.partner("assertion.buyer", r.uid[offered], place, pool)
    gain, keep = assertion_value(world, offered), valuation.right_present_value(world, offered)
    # An owner who has not used the technology for years expects little of it.
    keep *= world.p["assertion.idle_value"]
    price = 0.5 * (gain + keep)
    deal = (buyer >= 0) & (gain > keep + p["assertion.deal_cost"])
    safe = np.maximum(buyer, 0)
    room = affordable(world, safe) * orgs.weight[safe]
    deal = _within(deal, safe, room, price * world.scale, orgs.n)
    offered, buyer, price, place = offered[deal], buyer[deal], price[deal], place[deal]
    if not len(offered):
        return
    seller = r.owner[offered].astype(np.int64)
    paid = transfer(world, "right_sale", buyer, seller, price, place)
    book(world, "license_income", seller, paid)
    book(world, "license_payments", buyer, paid)
    r.owner[offered] = buyer
    note_sale(world, offered)
    courts.portfolio = np.concatenate([courts.portfolio, offered])
    world.deals.add(
        len(offered), month=world.month, kind=DEALS.index("sale"), giver=seller, taker=buyer, right=offered,
        invention=r.invention[offered], field=r.field[offered], from_place=orgs.jurisdiction[seller],
        to_place=orgs.jurisdiction[buyer], upfront=paid, exclusive=True,
    )  # fmt: skip
    tally, scale = world.tally, world.scale
    tally.add("rights_bought_by_entities", place, scale)
    tally.add("reassigned_patents", orgs.jurisdiction[seller].astype(np.int64), scale)
    tally.add("license_and_sale_deals", orgs.jurisdiction[buyer].astype(np.int64), scale)


@nb.njit(B(B, I8, F8, F8, nb.int64), cache=True)
def _within(wanted: np.ndarray, buyer: np.ndarray, room: np.ndarray, price: np.ndarray, n: int) -> np.ndarray:
    """Return the purchases that leave a buyer as much as it pays: at most one a month, later offers find less money."""
    spent, bought = np.zeros(n), np.zeros(n, np.int64)
    out = np.zeros(len(wanted), np.bool_)
    for i in range(len(wanted)):
        b = buyer[i]
        out[i] = wanted[i] and bought[b] < QUARTER and room[i] - spent[b] >= 2.0 * price[i]
        if out[i]:
            bought[b] += 1
            spent[b] += price[i]
    return out


def _write(world: World) -> None:
    """Search users of the field of each bought right and send them letters."""
    courts, r, orgs, p = world.courts, world.rights, world.orgs, world.p
    held = courts.portfolio
    if not len(held):
        return
    owner = r.owner[held]
    held = courts.portfolio = held[r.in_force[held] & (orgs.kind[owner] == ASSERTION)]
    found = held[world.draw.bernoulli("assertion.search", r.uid[held], QUARTER / 12.0 * p["assertion.targets"])]
    if not len(found):
        return
    users, use = _field_users(world, found, np.full(len(found), world.month + 100_000))
    good = users >= 0
    found, users, use = found[good], users[good], use[good]
    if len(found):
        send_letters(world, found, users, use, _royalty(world, found, users), p["assertion.reach"])
