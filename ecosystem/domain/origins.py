"""Names of regions that vouch for products: which regions have sought one, and the right that protects it."""

from __future__ import annotations

import numpy as np

from ecosystem.kernel.table import Column, Table


class Origins(Table):
    """One row a region whose producers have applied for a geographical indication."""

    jurisdiction = Column(np.int8, "place", "place of the region")
    region = Column(np.int8, "region", "region of the producers")
    right = Column(np.int32, "right slot", "the geographical indication", -1)
