"""What the parties of a dispute expect: chances of winning seen through errors, stakes, costs, values of going on.

Compiled functions of numbers or of arrays (n,); the notation follows Priest & Klein 1984 (Journal of Legal Studies 13:1).
"""

from __future__ import annotations

import math

import numba as nb

f8 = nb.float64


@nb.vectorize([f8(f8, f8, f8, f8)], cache=True)
def chance(margin: float, error: float, party: float, court: float) -> float:
    """Return the chance that a party sees of a margin being found positive: Phi((x + s e) / sqrt(s^2 + q^2)).

    Args:
        margin: true margin x, sd.
        error: the party's standard normal error e.
        party: sd s of a party's error.
        court: sd q of the court's error.
    """
    return 0.5 * math.erfc(-(margin + party * error) / math.sqrt(2.0 * (party * party + court * court)))


@nb.vectorize([f8(f8, f8, f8, f8, f8, f8)], cache=True)
def stakes(harm: float, multiple: float, injunction: float, worth: float, years: float,
           rate: float) -> float:  # fmt: skip
    """Return what a judgment for the owner is worth: J = exp(-r d) (m H + i w H), M USD2020.

    Args:
        harm: H, M USD2020.
        multiple: damages multiple m.
        injunction: chance i of an injunction.
        worth: worth w of an injunction relative to the harm.
        years: time d to judgment.
        rate: impatience of the parties r, per year (interest, obsolescence of what is fought over).
    """
    return math.exp(-rate * years) * harm * (multiple + injunction * worth)


@nb.vectorize([f8(f8, f8, f8)], cache=True)
def cost_to_judgment(award: float, coefficient: float, exponent: float) -> float:
    """Return the cost of one side to judgment: C = c J^0.6 (medians of the AIPLA survey within 17 %), M USD2020."""
    return coefficient * award**exponent


@nb.vectorize([f8(f8, f8, f8, f8, f8, f8)], cache=True)
def plaintiff_value(win: float, award: float, own: float, other: float, shift: float,
                    left: float) -> float:  # fmt: skip
    """Return the owner's value of going on: P (J + phi C_p) - (1 - P) phi C_d - left C_p.

    Args:
        win: chance of winning as the owner sees it.
        own, other: full costs to judgment C_p, C_d.
        shift: share phi of the winner's cost that the loser pays.
        left: share of the own cost not yet spent.
    """
    return win * (award + shift * own) - (1.0 - win) * shift * other - left * own


@nb.vectorize([f8(f8, f8, f8, f8, f8, f8)], cache=True)
def defendant_loss(win: float, award: float, own: float, other: float, shift: float,
                   left: float) -> float:  # fmt: skip
    """Return the defendant's loss from going on: P (J + phi C_p) - (1 - P) phi C_d + left C_d.

    Args:
        win: chance that the owner wins as the defendant sees it.
        own, other: full costs to judgment C_d, C_p.
    """
    return win * (award + shift * other) - (1.0 - win) * shift * own + left * own
