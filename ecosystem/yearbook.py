"""The yearbook: organizations and payments, once a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ecosystem.world import World

SIZE_CLASSES = ("micro", "small", "medium", "large")
_BOUNDS = (10.0, 50.0, 250.0)
_YEARLY = (
    "sales", "gross_profit", "own_rents", "license_income", "license_payments", "legal_cost", "venture_funding",
    "patents_filed", "rd_spent", "settlement_income",
)  # fmt: skip


class Yearbook:
    """One dictionary of columns a year, rows are organizations alive in that year (values of one real unit)."""

    def __init__(self) -> None:
        self.rows: list[dict[str, np.ndarray]] = []

    def close_year(self, world: World) -> None:
        """Write down the year that ends, then empty the running totals."""
        orgs = world.orgs
        seen = np.flatnonzero(~orgs.passive & (orgs.alive | (orgs.exited >= world.month - 11)))
        held = np.bincount(world.rights.owner[world.rights.in_force], minlength=orgs.n)[seen] * world.scale
        spent = np.where(orgs.rd_spent[seen] > 0, orgs.rd_spent[seen], orgs.rd[seen])
        basic, applied = orgs.basic_share[seen], orgs.applied_share[seen]
        self.rows.append(
            {
                "uid": orgs.uid[seen].copy(),
                "kind": orgs.kind[seen].copy(),
                "size_class": np.searchsorted(_BOUNDS, orgs.employees[seen], side="right").astype(np.int8),
                "jurisdiction": orgs.jurisdiction[seen].copy(),
                "region": orgs.region[seen].copy(),
                "sector": orgs.sector[seen].copy(),
                "year": np.full(len(seen), world.year),
                "employees": orgs.employees[seen].copy(),
                "inventors": orgs.inventors[seen] * world.scale / orgs.weight[seen],
                "sales": orgs.sales[seen].copy(),
                "profit": orgs.gross_profit[seen] - orgs.legal_cost[seen] - orgs.rd_spent[seen],
                "rd_basic": basic * spent,
                "rd_applied": applied * spent,
                "rd_development": (1.0 - basic - applied) * spent,
                "rd_public": orgs.rd_public[seen].copy(),
                "cash": orgs.cash[seen].copy(),
                "productivity": orgs.productivity[seen].copy(),
                "ip_awareness": orgs.awareness[seen].copy(),
                "absorptive_capacity": orgs.absorptive[seen].copy(),
                "rights_held": held / orgs.weight[seen],
                "patents_filed": orgs.patents_filed[seen].copy(),
                "license_income": orgs.license_income[seen].copy(),
                "license_payments": orgs.license_payments[seen].copy(),
                "venture_funding": orgs.venture_funding[seen].copy(),
                "founded_month": orgs.founded[seen].copy(),
                "exited_month": orgs.exited[seen].copy(),
                "origin": orgs.origin[seen].copy(),
                "weight": orgs.weight[seen].copy(),
            }
        )
        current = orgs.own_rents + orgs.license_income
        orgs.income_past[:] += current - world.p["firm.legal_in_return"] * orgs.legal_cost
        orgs.income_past[:] -= world.p["firm.payments_in_return"] * orgs.license_payments
        orgs.income_past[:] -= (1.0 - world.p["firm.settlements_in_return"]) * orgs.settlement_income
        for name in _YEARLY:
            getattr(orgs, name)[:] = 0.0
        world.accounts_book += [(world.year, *row) for row in world.accounts.close_year()]
