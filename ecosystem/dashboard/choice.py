"""What a visitor may choose, and within which limits: the page never starts a run outside them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from ecosystem.kernel.errors import InputError, unknown
from ecosystem.scenario import PLACES

JURISDICTIONS = PLACES
SCALES = (5000, 2000, 1000, 500)
YEARS = (1, 50)
SEEDS = (0, 2**31 - 1)
START_YEAR = 2025


@dataclass(frozen=True, slots=True)
class Choice:
    """One run that a visitor can ask for.

    Attributes:
        jurisdictions: places of the world; the rest of the world is always there.
        years: reported years.
        scale: real researchers a simulated inventor stands for.
        seed: of all luck.
    """

    jurisdictions: tuple[str, ...] = JURISDICTIONS
    years: int = 30
    scale: int = 500
    seed: int = 1
    start_year: int = START_YEAR

    @property
    def title(self) -> str:
        """Name of the scenario: on this page always the baseline."""
        return "Baseline"

    @property
    def key(self) -> str:
        """Text that is equal for equal choices."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)


def _whole(name: str, value: Any, low: int, high: int) -> int:
    allowed = f"a whole number from {low} to {high:,}"
    try:
        number = int(value)
        exact = float(value) == number
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} is not a number: {str(value)[:40]!r}", allowed=allowed) from None
    if not exact or not low <= number <= high:
        raise InputError(f"{name} {str(value)[:40]} is outside the range", allowed=allowed)
    return number


def read_choice(form: dict[str, Any]) -> Choice:
    """Check what came from the form of the page and return it as a choice.

    Raises:
        InputError: something outside the limits, in one readable sentence.
    """
    asked = form.get("jurisdictions")
    asked = list(asked) if isinstance(asked, list | tuple) else []
    for code in asked:
        if code not in JURISDICTIONS:
            raise unknown("jurisdiction", code, JURISDICTIONS)
    places = tuple(code for code in JURISDICTIONS if code in asked)
    if not places:
        raise InputError("No jurisdiction is chosen", do="Choose at least one")
    scale = _whole("Scale", form.get("scale"), min(SCALES), max(SCALES))
    if scale not in SCALES:
        raise InputError(f"Scale {scale} is not offered on this page", allowed=", ".join(map(str, sorted(SCALES))))
    return Choice(
        jurisdictions=places,
        years=_whole("Years", form.get("years"), *YEARS),
        scale=scale,
        seed=_whole("Seed", form.get("seed"), *SEEDS),
    )
