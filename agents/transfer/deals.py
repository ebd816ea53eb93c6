"""Signing: licenses, sales of rights and know-how; every deal is a row of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numba as nb
import numpy as np

from agents import intermediary
from agents.firm.commercialize import adopt_for_development
from agents.firm.licensing import pay_license
from agents.holdings import note_sale
from agents.organizations import INSTITUTE, UNIVERSITY
from agents.transfer.bargain import terms
from agents.transfer.listing import LAUNCHED_CLASS, MONTHS, SECRET, UNUSED_CLASS
from agents.transfer.offers import Meetings, u8
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.ledgers import DEALS
from ecosystem.domain.market import LICENSE, make_legal, start_use
from ecosystem.domain.potential import F8, FF8, I1, I8, R8, B, f8, i8
from ecosystem.domain.switches import friction
from ecosystem.kernel.luck import u01
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

KIND = {word: DEALS.index(word) for word in DEALS}
SALE, ACADEMIC, KNOW_HOW, PLAIN = (KIND[word] for word in ("sale", "university_license", "know_how", "license"))

flow("license_and_sale_deals", "deals", "licenses and sales of technology, at the taker's place", 1)
flow("licenses", "deals", "licenses of technology, at the taker's place", 1)
flow("university_licenses", "deals", "licenses with a university or institute as giver", 1)
flow("university_to_firm_transfers", "transfers",
     "licenses, sales, joint projects and spin-offs from universities to firms", 1)  # fmt: skip
flow("cross_border_licenses", "deals", "licenses across borders, counted at both places", 1)
flow("association_mediated_licenses", "deals", "licenses that an industry association brought about", 1)
flow("reassigned_patents", "rights", "rights that change owner by sale", 0)
flow("license_fees", "M USD2020", "lump sums for licenses and sales, at the giver's place", 0)
flow("inventor_royalties", "M USD2020", "shares of university license income paid to inventors", 0)
ratio("brokered_deal_share", "share", "licenses and sales with an intermediary / all licenses and sales", 1,
      "brokered_deals", "license_and_sale_deals")  # fmt: skip
ratio("deal_failure_share", "share", "meetings without a deal although the joint surplus was positive / such meetings",
      -1, "failed_meetings", "promising_meetings")  # fmt: skip


@nb.njit(nb.void(i8, i8, i8, i8, nb.boolean, nb.boolean, f8, FF8, FF8, FF8, FF8, FF8, FF8), cache=True)
def count_deal(
    kind: int, frm: int, to: int, sector: int, academic: bool, brokered: bool, scale: float, deals: np.ndarray,
    licenses: np.ndarray, by_broker: np.ndarray, university: np.ndarray, transfers: np.ndarray, abroad: np.ndarray,
) -> None:  # fmt: skip
    """Count one deal in the tallies that ``counters`` names."""
    deals[to, sector] += scale
    if kind != SALE:
        licenses[to, sector] += scale
        if frm != to:
            abroad[to, sector] += scale
            abroad[frm, sector] += scale
    if brokered:
        by_broker[to, sector] += scale
    if academic:
        university[frm, sector] += scale
        transfers[frm, sector] += scale


def counters(world: World) -> tuple[np.ndarray, ...]:
    """Return the tallies of deals in the order of ``count_deal``."""
    tally = world.tally
    return (
        tally["license_and_sale_deals"], tally["licenses"], tally["brokered_deals"], tally["university_licenses"],
        tally["university_to_firm_transfers"], tally["cross_border_licenses"],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contracts:
    """What is signed, one row a deal.

    Attributes:
        at: its meeting, int64 (n,).
        kind, frm, to: code of ``DEALS``, seats of giver and taker, int64 (n,).
        upfront, rate, cost: lump sum, running royalty and cost of the deal of one real deal, float64 (n,).
        exclusive, academic: the license is exclusive; the giver is a university or institute, bool (n,).
    """

    at: np.ndarray
    kind: np.ndarray
    frm: np.ndarray
    to: np.ndarray
    upfront: np.ndarray
    rate: np.ndarray
    cost: np.ndarray
    exclusive: np.ndarray
    academic: np.ndarray


@nb.njit(
    nb.types.Tuple((I8, I8, I8, I8, F8, F8, F8, B, B))(
        I8, FF8, I8, I8, I8, I8, I8, I8, i8, F8, R8, f8, F8, I8, I1, I1, I1, I1, B, B, u8, u8, *[FF8] * 6
    ),
    cache=True,
)  # fmt: skip
def contract(
    go: np.ndarray, money: np.ndarray, which: np.ndarray, klass: np.ndarray, owners: np.ndarray, users: np.ndarray,
    rights: np.ndarray, broker: np.ndarray, most: int, p: np.ndarray, usual_rate: np.ndarray, scale: float,
    transaction: np.ndarray, uid: np.ndarray, sector: np.ndarray, protected_by: np.ndarray, kind: np.ndarray,
    seat: np.ndarray, licensed: np.ndarray, exclusive_of: np.ndarray, key_sale: np.uint64, key_exclusive: np.uint64,
    deals: np.ndarray, licenses: np.ndarray, by_broker: np.ndarray, university: np.ndarray, transfers: np.ndarray,
    abroad: np.ndarray,
) -> tuple[
    np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray
]:  # fmt: skip
    """Write the contracts of meetings ``go``, ordered by taker: at most ``most`` a taker, as long as its money lasts.

    Lump sum = min(part x price, money left); rest / gain, at most 1, over the rule of thumb x the sector's usual rate is
    the running royalty, at most the cap. A sale of a right is paid at once. Marks technologies licensed and counts deals.
    """
    sale_share, exclusive_academic, exclusive_unused, upfront_part, thumb, cap = p
    n = len(go)
    out = np.empty((4, n), np.int64)
    pay = np.empty((3, n))
    sole, public = np.empty(n, np.bool_), np.empty(n, np.bool_)
    m, signed, taker, spent = 0, 0, -1, 0.0
    for t in range(n):
        k = go[t]
        i, o, u = which[k], owners[k], users[k]
        if u != taker:
            taker, signed, spent = u, 0, 0.0
        frm, to, s, me = seat[o], seat[u], sector[i], np.uint64(uid[i])
        gain, price, able = money[0, k], money[1, k], money[2, k] - spent - transaction[frm]
        if signed >= most or able <= 0.0:
            continue
        academic = kind[o] == UNIVERSITY or kind[o] == INSTITUTE
        sale = klass[k] == UNUSED_CLASS and rights[k] >= 0 and price <= able and u01(me, key_sale) < sale_share
        chance = exclusive_academic if academic else exclusive_unused
        exclusive = not sale and klass[k] != LAUNCHED_CLASS and u01(me, key_exclusive) < chance
        upfront = price if sale else min(upfront_part * price, able)
        # The rest becomes a running royalty: a sector's usual rate stands for the usual share of the gain.
        share = 0.0 if sale or gain <= 0.0 else min((price - upfront) / gain, 1.0)
        rate = min(usual_rate[s] * share / thumb, cap)
        if sale:
            code = SALE
        elif academic:
            code = ACADEMIC
        else:
            code = KNOW_HOW if protected_by[i] == SECRET else PLAIN
        out[0, m], out[1, m], out[2, m], out[3, m] = k, code, frm, to
        pay[0, m], pay[1, m], pay[2, m] = upfront, rate, transaction[frm]
        sole[m], public[m] = exclusive, academic
        licensed[i], exclusive_of[i] = True, exclusive
        count_deal(
            code, frm, to, s, academic, broker[k] >= 0, scale, deals, licenses, by_broker, university, transfers, abroad
        )
        m += 1
        signed += 1
        spent += upfront + transaction[frm]
    return out[0, :m], out[1, :m], out[2, :m], out[3, :m], pay[0, :m], pay[1, :m], pay[2, :m], sole[:m], public[:m]


@rule("transfer", "transfer.bargain", after="transfer.meet")
def close_deals(world: World) -> None:
    """Bargain in the quarter's meetings and sign where both sides agree; a firm signs at most three deals a quarter.

    Acts once a quarter, when owners and users have met.
    """
    register = world.intermediaries.register
    meetings: Meetings | None = register.meetings
    if meetings is None:
        return
    register.meetings = None
    register.reach(world.inventions.n)
    out = terms(world, meetings)
    if not len(out.go):
        return
    inv, orgs, p, draw = world.inventions, world.orgs, world.p, world.draw
    numbers = np.array(
        [
            p["transfer.sale_share"], p["transfer.exclusive_academic"], p["transfer.exclusive_unused"],
            p["transfer.upfront_part"], p["transfer.rule_of_thumb"], p["transfer.royalty_cap"],
        ]
    )  # fmt: skip
    signed = Contracts(
        *contract(
            out.go, out.money, meetings.invention, meetings.klass, meetings.owner, meetings.user, meetings.right,
            meetings.broker, MONTHS, numbers, world.sectors["royalty_rate"], world.scale,
            friction(world, "transfer.transaction_cost"), inv.uid, inv.sector, inv.protected_by, orgs.kind, orgs.jurisdiction,
            register.licensed, register.exclusive, draw.key("transfer.sale"), draw.key("transfer.exclusive"),
            *counters(world),
        )
    )  # fmt: skip
    if len(signed.at):
        _sign(world, meetings, signed, out.use[signed.at])


def _sign(world: World, meetings: Meetings, signed: Contracts, use: np.ndarray) -> None:
    """Enter contracts in the ledger, pay what is due at once, and let takers develop or sell."""
    inv, at, rate = world.inventions, signed.at, signed.rate
    which, user, owner = meetings.invention[at], meetings.user[at], meetings.owner[at]
    broker = meetings.broker[at]
    world.deals.add(
        len(at), month=world.month, kind=signed.kind, giver=owner, taker=user, right=meetings.right[at], invention=which,
        field=inv.field[which], from_place=signed.frm, to_place=signed.to, upfront=signed.upfront,
        royalty_rate=rate, exclusive=signed.exclusive, broker=broker, joint=inv.partner[which] >= 0,
    )  # fmt: skip
    pay_license(world, user, owner, signed.upfront)
    world.accounts.pay(
        "deal_cost", "organizations", user, "services", signed.to, signed.cost * world.scale, place=signed.to
    )
    intermediary.commission(world, broker, user, signed.upfront * world.scale)
    academic = signed.academic
    share_inventors(world, owner[academic], signed.upfront[academic] * world.scale)
    arranged = (broker >= 0) & (signed.kind != SALE)
    arranged[arranged] = world.intermediaries.kind[broker[arranged]] == intermediary.ASSOCIATION
    world.tally.add("association_mediated_licenses", signed.to[arranged], world.scale)
    sale = signed.kind == SALE
    if sale.any():
        reassign(world, which[sale], user[sale])
    early = meetings.klass[at] != LAUNCHED_CLASS
    if early.any():
        licensor = np.where(sale, -1, owner)
        adopt_for_development(world, which[early], user[early], licensor[early], rate[early])
    fresh = ~early & (use < 0)
    if fresh.any():
        start_use(
            world, which[fresh], user[fresh], world.everywhere, LICENSE, licensor=owner[fresh], royalty=rate[fresh]
        )
    legal = ~early & (use >= 0)
    if legal.any():
        make_legal(world, use[legal], owner[legal], rate[legal])


def share_inventors(world: World, owner: np.ndarray, received: np.ndarray) -> None:
    """Pass the inventors' share of license income from universities and institutes to households.

    Args:
        owner: universities and institutes, int (n,).
        received: license income just received, real-world totals, M USD2020, float64 (n,).
    """
    if not len(owner):
        return
    place = world.orgs.jurisdiction[owner].astype(np.int64)
    amount = world.levers["university.inventor_share"][place] * received
    world.accounts.pay("inventor_royalty", "organizations", owner, "households", place, amount, place=place)
    world.tally.add("inventor_royalties", place, amount)


def reassign(world: World, inventions: np.ndarray, buyers: np.ndarray) -> None:
    """Give inventions and all rights of their families to new owners; rights change hands, none is born or lost."""
    inv, rights = world.inventions, world.rights
    seller = inv.owner[inventions].copy()
    family = inv.right_at[inventions]
    row, office = np.nonzero(family >= 0)
    right = family[row, office].astype(np.int64)
    mine = rights.owner[right] == seller[row]
    rights.owner[right[mine]] = buyers[row[mine]]
    first = inv.right[inventions].astype(np.int64)
    also = first >= 0
    rest = np.flatnonzero(also)[rights.owner[first[also]] == seller[also]]
    rights.owner[first[rest]] = buyers[rest]
    note_sale(world, np.concatenate([right[mine], first[rest]]))
    inv.owner[inventions] = buyers
    place = world.orgs.jurisdiction[seller[row[mine]]]
    world.tally.add("reassigned_patents", place, world.scale)
