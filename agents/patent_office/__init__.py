"""Patent offices: they take applications, examine them with scarce hours, publish, hire and live on fees.

One decision a file: ``filing``, ``requests``, ``examination`` (with ``decisions``), ``hiring``, ``publication``,
``budget``; ``offices`` holds the state, ``figures`` what is counted.
"""

from __future__ import annotations

from agents.patent_office import budget, examination, hiring, publication, requests
from agents.patent_office.decisions import decided_now
from agents.patent_office.filing import file_applications
from agents.patent_office.offices import Offices, PatentOffice, open_offices
from agents.renewal import strike

__all__ = [
    "Offices",
    "PatentOffice",
    "budget",
    "decided_now",
    "examination",
    "file_applications",
    "hiring",
    "open_offices",
    "publication",
    "requests",
    "strike",
]
