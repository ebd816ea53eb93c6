"""Inventors: who creates, what they know, for whom they work."""

from __future__ import annotations

import numpy as np

from ecosystem.kernel.table import NEVER, Column, Table


class Inventors(Table):
    """One simulated inventor stands for ``scale`` real researchers."""

    uid = Column(np.int64, "id", "stable identity")
    employer = Column(np.int32, "organization slot", "employer, -1 for none", -1)
    jurisdiction = Column(np.int8, "place", "where they live")
    origin = Column(np.int8, "place", "where they come from")
    field = Column(np.int8, "field", "first field")
    field2 = Column(np.int8, "field", "second field")
    skill = Column(np.float32, "1", "inventive skill (log-normal, median 1)", 1)
    motivation = Column(np.float32, "1", "motivation (mean 1)", 1)
    awareness = Column(np.float32, "share", "knowledge of the instruments of protection", 0)
    active = Column(np.bool_, "1", "working as an inventor", True)
    first_month = Column(np.int32, "month", "start of the career", -NEVER)
    last_month = Column(np.int32, "month", "planned or actual end of the career", NEVER)
    inventions = Column(np.int32, "inventions", "inventions taken part in")
    moves = Column(np.int16, "moves", "changes of employer")
    foreign = Column(np.bool_, "1", "migrated at least once")
    trained = Column(np.bool_, "1", "trained by a public program in recent years")
