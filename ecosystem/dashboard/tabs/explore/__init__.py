"""Tab Explore: measures on the left, baseline against scenario in the middle, what was changed and its price on the right."""

from __future__ import annotations

import solara

from ecosystem.dashboard.parts import html
from ecosystem.dashboard.session import Session
from ecosystem.dashboard.tabs import Tab
from ecosystem.dashboard.tabs.explore.explain import Explain
from ecosystem.dashboard.tabs.explore.measures import Measures
from ecosystem.dashboard.tabs.explore.results import Results


@solara.component
def Explore(session: Session, dark: bool) -> None:
    """The whole tab."""
    with html("div", css="eco-explore"):
        Measures(session)
        Results(session, dark)
        Explain(session)


TAB = Tab("explore", 10, Explore)
