"""Signing: licenses, sales of rights, know-how, cross licenses and spin-offs; every deal is a row of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents import intermediary
from agents.firm.commercialize import adopt_for_development
from agents.firm.licensing import pay_license
from agents.firm.life import found_firm
from agents.holdings import note_sale
from agents.organizations import FIRM, INSTITUTE, ORIGINS, SME_EMPLOYEES, UNIVERSITY, affordable
from agents.transfer.bargain import alternatives, terms
from agents.transfer.offers import DROPPED, IDEA, LAUNCHED, LAUNCHED_CLASS, SECRET, SHELVED, UNUSED_CLASS, Meetings
from ecosystem.domain.indicators import flow, ratio
from ecosystem.domain.ledgers import DEALS
from ecosystem.domain.market import LICENSE, make_legal, start_use
from ecosystem.domain.valuation import user_gain
from ecosystem.kernel.luck import Pool, fold
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World

KIND = {word: DEALS.index(word) for word in DEALS}

flow("license_and_sale_deals", "deals", "licenses and sales of technology, at the taker's place", 1)
flow("licenses", "deals", "licenses of technology, at the taker's place", 1)
flow("university_licenses", "deals", "licenses with a university or institute as giver", 1)
flow("university_to_firm_transfers", "transfers",
     "licenses, sales, joint projects and spin-offs from universities to firms", 1)  # fmt: skip
flow("spin_offs", "firms", "start-ups founded on university inventions", 1)
flow("cross_border_licenses", "deals", "licenses across borders, counted at both places", 1)
flow("reassigned_patents", "rights", "rights that change owner by sale", 0)
flow("license_fees", "M USD2020", "lump sums for licenses and sales, at the giver's place", 0)
flow("inventor_royalties", "M USD2020", "shares of university license income paid to inventors", 0)
ratio("brokered_deal_share", "share", "licenses and sales with an intermediary / all licenses and sales", 1,
      "brokered_deals", "license_and_sale_deals")  # fmt: skip
ratio("deal_failure_share", "share", "meetings without a deal although the joint surplus was positive / such meetings",
      -1, "failed_meetings", "promising_meetings")  # fmt: skip


@rule("transfer", "transfer.bargain", after="transfer.meet")
def close_deals(world: World) -> None:
    """Bargain in this month's meetings and sign where both sides agree; a firm signs at most one deal a month."""
    meetings: Meetings | None = world.intermediaries.register.meetings
    if meetings is None or not len(meetings):
        return
    world.intermediaries.register.meetings = None
    orgs, p = world.orgs, world.p
    kind_of_use = existing_uses(world, meetings)
    out = terms(world, meetings)
    eligible = kind_of_use < 0
    if world.uses.n:
        eligible |= world.uses.infringing[np.maximum(kind_of_use, 0)]
    place = orgs.jurisdiction[meetings.owner].astype(np.int64)
    possible = out.possible & eligible
    world.tally.add("promising_meetings", place[possible], world.scale)
    world.tally.add("failed_meetings", place[possible & ~out.agreed], world.scale)
    # Both sides must bear the cost of negotiation out of money at hand.
    per_real = world.scale / orgs.weight[meetings.user]
    able = p["transfer.cash_part"] * affordable(world, meetings.user) / per_real
    cost = world.levers["transfer.transaction_cost"][place]
    go = np.flatnonzero(eligible & out.agreed & (able > cost))
    go = go[np.lexsort((world.inventions.uid[meetings.invention[go]], meetings.user[go]))]
    users = meetings.user[go]
    go = go[np.r_[True, users[1:] != users[:-1]]] if len(go) else go
    if len(go):
        _sign(world, meetings, go, out.gain[go], out.price[go], able[go] - cost[go], cost[go], kind_of_use[go])


def existing_uses(world: World, meetings: Meetings) -> np.ndarray:
    """Return the active use that each user already has of the technology it meets, or -1; int64 (n,)."""
    out = np.full(len(meetings), -1, np.int64)
    inv, lines, uses = world.inventions, world.lines, world.uses
    line = inv.line[meetings.invention]
    for i in np.flatnonzero(line >= 0).tolist():
        use = int(lines.first_use[line[i]])
        while use >= 0:
            if uses.active[use] and uses.user[use] == meetings.user[i]:
                out[i] = use
                break
            use = int(uses.next_use[use])
    return out


def _sign(
    world: World,
    meetings: Meetings,
    go: np.ndarray,
    gain: np.ndarray,
    price: np.ndarray,
    able: np.ndarray,
    cost: np.ndarray,
    use: np.ndarray,
) -> None:
    inv, orgs, p, draw = world.inventions, world.orgs, world.p, world.draw
    which, user, owner, right = meetings.invention[go], meetings.user[go], meetings.owner[go], meetings.right[go]
    klass, broker = meetings.klass[go], meetings.broker[go]
    uid, sector = inv.uid[which], inv.sector[which].astype(np.int64)
    academic = (orgs.kind[owner] == UNIVERSITY) | (orgs.kind[owner] == INSTITUTE)
    sale = (klass == UNUSED_CLASS) & draw.bernoulli("transfer.sale", uid, p["transfer.sale_share"]) & (price <= able)
    sale &= right >= 0
    chance = np.where(academic, p["transfer.exclusive_academic"], p["transfer.exclusive_unused"])
    exclusive = ~sale & (klass != LAUNCHED_CLASS) & draw.bernoulli("transfer.exclusive", uid, chance)
    upfront = np.where(sale, price, np.minimum(p["transfer.upfront_part"] * price, able))
    # The rest becomes a running royalty: a sector's usual rate stands for the usual share of the gain.
    rest = np.where(sale, 0.0, price - upfront)
    share = np.minimum(np.divide(rest, gain, out=np.zeros(len(go)), where=gain > 0), 1.0)
    rate = world.sectors["royalty_rate"][sector] * share / p["transfer.rule_of_thumb"]
    rate = np.minimum(rate, p["transfer.royalty_cap"])
    secret = (inv.protected_by[which] == SECRET) & ~academic
    kind = np.where(sale, KIND["sale"], np.where(academic, KIND["university_license"],
                    np.where(secret, KIND["know_how"], KIND["license"])))  # fmt: skip
    frm, to = orgs.jurisdiction[owner].astype(np.int64), orgs.jurisdiction[user].astype(np.int64)
    world.deals.add(
        len(go), month=world.month, kind=kind, giver=owner, taker=user, right=right, invention=which,
        field=inv.field[which], from_place=frm, to_place=to, upfront=upfront, royalty_rate=rate, exclusive=exclusive,
        broker=broker, joint=inv.partner[which] >= 0,
    )  # fmt: skip
    pay_license(world, user, owner, upfront)
    world.accounts.pay("deal_cost", "organizations", user, "services", to, cost * world.scale, place=to)
    intermediary.commission(world, broker, user, upfront * world.scale)
    share_inventors(world, owner[academic], upfront[academic] * world.scale)
    register = world.intermediaries.register
    register.licensed[which] = True
    register.exclusive[which] = exclusive
    if sale.any():
        reassign(world, which[sale], user[sale])
    early = klass != LAUNCHED_CLASS
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
    _count(world, kind, frm, to, sector, academic, broker)


def _count(
    world: World,
    kind: np.ndarray,
    frm: np.ndarray,
    to: np.ndarray,
    sector: np.ndarray,
    academic: np.ndarray,
    broker: np.ndarray,
) -> None:
    add, scale = world.tally.add, world.scale
    license_ = kind != KIND["sale"]
    add("license_and_sale_deals", to, scale, sector)
    add("licenses", to[license_], scale, sector[license_])
    add("brokered_deals", to[broker >= 0], scale, sector[broker >= 0])
    add("university_licenses", frm[academic], scale, sector[academic])
    add("university_to_firm_transfers", frm[academic], scale, sector[academic])
    abroad = license_ & (frm != to)
    add("cross_border_licenses", to[abroad], scale, sector[abroad])
    add("cross_border_licenses", frm[abroad], scale, sector[abroad])


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


@rule("transfer", "transfer.swap", after="transfer.bargain")
def swap(world: World) -> None:
    """Let large firms of complex sectors cross-license: each takes the other's newest patented product, at no fee.

    Both agree if each gains more than it loses and the cost of the deal.
    """
    orgs, p, draw = world.orgs, world.p, world.draw
    complex_ = world.sectors["rights_per_product"] >= p["transfer.complex_rights"]
    firms = orgs.living(FIRM)
    firms = firms[(orgs.employees[firms] >= SME_EMPLOYEES) & complex_[orgs.sector[firms]]]
    seekers = firms[orgs.anniversary[firms] == world.month_of_year]
    seekers = seekers[draw.bernoulli("transfer.swap", orgs.uid[seekers], p["transfer.swap_share"])]
    if not len(seekers) or not world.rights.n:
        return
    newest = newest_product(world, firms)
    have = newest[firms] >= 0
    firms, seekers = firms[have], seekers[newest[seekers] >= 0]
    pool = Pool.of(firms, orgs.uid[firms], orgs.sector[firms], world.S, orgs.rd[firms])
    partner = draw.partner("transfer.swap_partner", orgs.uid[seekers], orgs.sector[seekers], pool,
                           avoid=orgs.uid[seekers])  # fmt: skip
    seekers, partner = seekers[partner >= 0], partner[partner >= 0]
    if not len(seekers):
        return
    side = np.stack([seekers, partner])
    takes = newest[side[::-1]]
    gains = _weigh_swaps(world, side, takes)
    taken: set[int] = set()
    for k in np.flatnonzero(gains).tolist():
        a, b = side[:, k].tolist()
        if a not in taken and b not in taken:
            taken.update((a, b))
            _sign_swap(world, side[:, k], takes[:, k])


def newest_product(world: World, firms: np.ndarray) -> np.ndarray:
    """Return by organization the newest invention on the market under a right in force of its own, or -1; int64."""
    inv = world.inventions
    rows = world.intermediaries.register.on_market
    rows = rows[(inv.status[rows] == LAUNCHED) & (inv.right[rows] >= 0)]
    rows = rows[world.rights.in_force[inv.right[rows]] & (inv.line[rows] >= 0) & ~_exclusive(world, rows)]
    out = np.full(world.orgs.n, -1, np.int64)
    out[inv.owner[rows]] = rows
    wanted = np.zeros(world.orgs.n, np.bool_)
    wanted[firms] = True
    return np.where(wanted, out, -1)


def _exclusive(world: World, rows: np.ndarray) -> np.ndarray:
    register = world.intermediaries.register
    register.reach(world.inventions.n)
    out: np.ndarray = register.exclusive[rows]
    return out


def _weigh_swaps(world: World, side: np.ndarray, takes: np.ndarray) -> np.ndarray:
    """Return whether both sides of each pair can pay and gain, bool (n,).

    Args:
        side: both firms of each pair, int64 (2, n).
        takes: the invention of the other side that each would take, int64 (2, n).
    """
    orgs, inv, shape = world.orgs, world.inventions, side.shape
    user, which = side.ravel(), takes.ravel()
    cost = world.levers["transfer.transaction_cost"][orgs.jurisdiction[user]]
    none = np.full(len(user), -1, np.int64)
    klass = np.full(len(user), LAUNCHED_CLASS)
    meetings = Meetings(which, klass, side[::-1].ravel(), user, inv.right[which], none)
    able = affordable(world, user) * orgs.weight[user] >= cost * world.scale
    usual = user_gain(world, which, user)
    outside, lost = alternatives(world, which, user, usual, usual)
    given = lost.reshape(shape)[::-1].ravel()
    net = usual * (1.0 - world.p["transfer.outlay_launched"]) - outside - given
    good = able & (existing_uses(world, meetings) < 0) & (net > cost)
    both: np.ndarray = good.reshape(shape).all(axis=0)
    return both


def _sign_swap(world: World, side: np.ndarray, takes: np.ndarray) -> None:
    """Sign one cross license: side i takes invention ``takes[i]``, which the other side owns."""
    orgs, inv, rights = world.orgs, world.inventions, world.rights
    place = orgs.jurisdiction[side].astype(np.int64)
    cost = world.levers["transfer.transaction_cost"][place]
    broker = np.full(2, -1, np.int64)
    owner = side[::-1].copy()
    world.deals.add(
        2, month=world.month, kind=KIND["cross_license"], giver=owner, taker=side, right=inv.right[takes],
        invention=takes, field=inv.field[takes], from_place=place[::-1], to_place=place,
    )  # fmt: skip
    world.accounts.pay("deal_cost", "organizations", side, "services", place, cost * world.scale, place=place)
    start_use(world, takes, side, world.everywhere, LICENSE, licensor=owner, royalty=0.0, right=inv.right[takes])
    rights.for_license[inv.right[takes]] = True
    sector = inv.sector[takes].astype(np.int64)
    _count(world, np.full(2, KIND["cross_license"]), place[::-1], place, sector, np.zeros(2, np.bool_), broker)


@rule("transfer", "university.spin_off", after="transfer.bargain")
def spin_off(world: World) -> None:
    """Let protected university inventions that found no licensee found a firm, with the chance the lever states.

    The firm takes over the invention and its rights; its founders bring the first money, venture funds may follow.
    """
    inv, orgs, p = world.inventions, world.orgs, world.p
    born = world.month - round(p["transfer.spin_off_months"])
    low, high = (int(np.searchsorted(inv.month, np.int32(born), side)) for side in ("left", "right"))
    rows = np.arange(low, high)
    if not len(rows):
        return
    register = world.intermediaries.register
    register.reach(inv.n)
    owner = inv.owner[rows]
    academic = (owner >= 0) & ((orgs.kind[owner] == UNIVERSITY) | (orgs.kind[owner] == INSTITUTE))
    rows = rows[academic]
    rows = rows[~orgs.passive[inv.owner[rows]] & (inv.developer[rows] < 0) & ~register.licensed[rows]]
    status, right = inv.status[rows], inv.right[rows]
    open_ = (status == IDEA) | (status == SHELVED) | (status == DROPPED)
    rows, right = rows[open_], right[open_]
    held = inv.protected_by[rows] == SECRET
    some = right >= 0
    held[some] = world.rights.in_force[right[some]] | (world.rights.outcome[right[some]] == 0)
    rows = rows[held]
    place = orgs.jurisdiction[inv.owner[rows]].astype(np.int64)
    chance = world.levers["university.spin_off_share"][place]
    rows = rows[world.draw.bernoulli("university.spin_off", inv.uid[rows], chance)]
    for invention in rows.tolist():
        found(world, invention)


def found(world: World, invention: int) -> int:
    """Found a firm on one university invention and return its slot."""
    inv, orgs = world.inventions, world.orgs
    giver = int(inv.owner[invention])
    place, sector = int(orgs.jurisdiction[giver]), int(inv.sector[invention])
    lead = int(inv.lead[invention])
    founder = int(world.inventors.uid[lead]) if lead >= 0 else 0
    uid = int(fold(int(inv.uid[invention]), founder)[0])
    slot = int(
        found_firm(
            world, place, sector, int(inv.field[invention]), ORIGINS.index("university_spin_off"), uid,
            world.p["transfer.spin_off_cash"], invention,
        )
    )  # fmt: skip
    one = np.array([invention])
    if inv.owner[invention] != slot:
        reassign(world, one, np.array([slot]))
    adopt_for_development(world, one, np.array([slot]), -1, 0.0)
    world.intermediaries.register.licensed[invention] = True
    world.deals.add(
        1, month=world.month, kind=KIND["spin_off"], giver=giver, taker=slot, right=inv.right[invention],
        invention=invention, field=inv.field[invention], from_place=place, to_place=place, exclusive=True,
        joint=inv.partner[invention] >= 0,
    )  # fmt: skip
    world.tally.add("spin_offs", place, world.scale, sector)
    world.tally.add("university_to_firm_transfers", place, world.scale, sector)
    return slot
