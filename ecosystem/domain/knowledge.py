"""Inventions: what was created, by whom, from what, how good, and what became of it."""

from __future__ import annotations

import numpy as np

from ecosystem.kernel.table import NEVER, Column, Table

NATURES = (
    "technical", "small_technical", "software", "design", "brand", "plant_variety", "chip_layout", "organizational",
    "scientific",
)  # fmt: skip
DEFENSE = ("civil", "open", "secret", "declassified")
STATUS = ("idea", "developing", "launched", "dropped", "blocked", "retired", "shelved")
PROTECTION = ("none", "publication", "secret", "patent", "utility_model", "plant_variety", "chip_layout")


class Inventions(Table):
    """One simulated invention stands for ``scale`` real ones. Values are per real invention."""

    uid = Column(np.int64, "id", "stable identity: owner, month, ordinal")
    creator = Column(np.int32, "organization slot", "who made it", -1)
    owner = Column(np.int32, "organization slot", "who owns the technology now", -1)
    lead = Column(np.int32, "inventor slot", "lead inventor", -1)
    jurisdiction = Column(np.int8, "place", "where it was made")
    field = Column(np.int8, "field", "technology field (35 WIPO fields)")
    sector = Column(np.int8, "sector", "market it is for")
    nature = Column(np.int8, "code", "kind of creation", 0, NATURES)
    month = Column(np.int32, "month", "when it was made")
    novelty = Column(np.float32, "sd", "true inventive step against all prior art, standard deviations of inventions")
    quality = Column(np.float32, "1", "technological quality: parents, science, team, luck (mean about 1)")
    known = Column(np.float32, "ln", "standardized part of the value known at filing")
    later = Column(np.float32, "ln", "standardized part of the value learnt later")
    expected = Column(
        np.float32, "M USD2020/year", "first-year market potential expected from what is known, one real unit"
    )
    potential = Column(np.float32, "M USD2020/year", "true first-year market potential, one real unit")
    team_size = Column(np.int8, "persons", "inventors", 1)
    cross_field = Column(np.bool_, "1", "team spans two or more fields")
    exploratory = Column(np.bool_, "1", "field new to the organization")
    industry_university = Column(np.bool_, "1", "team of firm and university inventors")
    partner = Column(np.int32, "organization slot", "co-owner of a joint invention", -1)
    parent1 = Column(np.int32, "invention slot", "first parent", -1)
    parent2 = Column(np.int32, "invention slot", "second parent", -1)
    parent3 = Column(np.int32, "invention slot", "third parent", -1)
    public_funding = Column(np.float32, "share", "share of public money in the effort behind it")
    protected_by = Column(np.int8, "code", "instrument chosen", 0, PROTECTION)
    right = Column(np.int32, "right slot", "first right of the family", -1)
    published = Column(np.int32, "month", "when its content became public", NEVER)
    status = Column(np.int8, "code", "what became of it", 0, STATUS)
    launched = Column(np.int32, "month", "when its first product came to market", NEVER)
    line = Column(np.int32, "line slot", "its product line", -1)
    developer = Column(np.int32, "organization slot", "who develops it into a product, -1 the owner", -1)
    licensor = Column(np.int32, "organization slot", "who gets a royalty from the developer, -1 nobody", -1)
    royalty = Column(np.float32, "share of sales", "royalty that the developer pays")
    defense = Column(np.int8, "code", "whether defense money paid for it, and what became of the secret", 0, DEFENSE)
    right_at = Column(np.int32, "right slot", "right of the family at each office, -1 none", -1, (), "place")


class Citations:
    """Citations are the parent columns; ``pairs`` lists them as edges (citing slot, cited slot)."""

    @staticmethod
    def pairs(inventions: Inventions) -> tuple[np.ndarray, np.ndarray]:
        """Return (citing, cited) invention slots, int64, ordered by citing slot."""
        parents = np.stack([inventions.parent1, inventions.parent2, inventions.parent3], axis=1)
        citing, which = np.nonzero(parents >= 0)
        return citing, parents[citing, which].astype(np.int64)
