"""Publication: what an application discloses becomes public some months after filing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents.patent_office.decisions import publish
from agents.patent_office.filing import UTILITY_MODEL
from ecosystem.kernel.schedule import rule

if TYPE_CHECKING:
    from ecosystem.world import World


@rule("examination", "office.publish", after="office.request")
def publish_applications(world: World) -> None:
    """Publish applications ``office.publication_months`` after filing, at grant if that is earlier.

    Withdrawn ones stay secret. A change of the lever holds for applications filed from then on. Utility models
    become public at registration.
    """
    rights, month = world.rights, world.month
    new = world.calendar.pop("office.to_publish", month)
    if len(new):
        model = rights.kind[new] == UTILITY_MODEL
        patents, models = new[~model], new[model]
        months = world.levers["office.publication_months"][rights.office[patents]]
        world.calendar.put("office.publication", month + np.floor(months + 0.5).astype(np.int64), patents)
        formal = max(1, round(world.p["office.utility_model_months"]))
        world.calendar.put("office.register", month + formal, models)
    publish(world, world.calendar.pop("office.publication", month))
