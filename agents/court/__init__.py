"""Courts: detection of infringements, letters, suits, the docket, judgments (step 11 of the month)."""

from __future__ import annotations

from agents.court.bargain import bargain_disputes
from agents.court.detect import detect_infringements, release_from_invalid, watch
from agents.court.docket import Cases, Court, Courts, Law, open_courts, run_docket
from agents.court.judge import judge_cases
from agents.court.letters import send_letters

__all__ = [
    "Cases", "Court", "Courts", "Law", "bargain_disputes", "detect_infringements", "judge_cases", "open_courts",
    "release_from_invalid", "run_docket", "send_letters", "watch",
]  # fmt: skip
