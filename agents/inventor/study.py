"""Who studies to become a researcher, and how well: money for teaching buys places and time for each student.

With L the money relative to the usual, students n = L^phi w^eta choose their studies, so that money a student is
L^(1-phi). Their log skill moves by (g (1 - phi) - m phi) ln L: better teaching less the weaker bent of those whom more
places draw in. They begin to work ``talent.education_years`` later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ecosystem.world import World


def students(world: World) -> np.ndarray:
    """Return who begins to study relative to the usual, float64 (J,)."""
    p = world.p
    places = world.levers["talent.education"] ** p["talent.study_places"]
    return np.asarray(places * world.wage ** p["talent.intake_elasticity"])


def lesson(world: World) -> np.ndarray:
    """Return how much more they will know than the usual student, ln, float64 (J,)."""
    p = world.p
    phi = p["talent.study_places"]
    gain = p["talent.teaching_gain"] * (1.0 - phi) - p["talent.marginal_students"] * phi
    return np.asarray(gain * np.log(world.levers["talent.education"]))
