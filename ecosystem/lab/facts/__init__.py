"""Published regularities, each a documented function of a run's tables: ``fact(id)(run)``, ``score(run)``."""

from ecosystem.lab.facts import creation, disputes, examination, structure, transfer, value  # noqa: F401 - they register
from ecosystem.lab.facts.board import main, scoreboard
from ecosystem.lab.facts.evidence import Evidence
from ecosystem.lab.facts.registry import FACTS, NotYet, fact, published, score, summary

__all__ = ["FACTS", "Evidence", "NotYet", "fact", "main", "published", "score", "scoreboard", "summary"]
