"""What facts are computed from: the tables of a finished run, whether it is still a world, a folder, or made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ecosystem.lab.run_folder import Run
from ecosystem.lab.tables import TABLES, indicators

if TYPE_CHECKING:
    from ecosystem.world import World


class Evidence:
    """Tables of one run by name, each made when first asked for.

    Attributes:
        months: reported months; months of the burn-in are negative and left out.
        scale: real objects that a row of rights, inventions, deals and disputes stands for.
        places: jurisdictions, the rest of the world last.
    """

    def __init__(
        self,
        make: Callable[[str], pd.DataFrame],
        *,
        months: int,
        scale: float,
        places: list[str],
        seed: int = 1,
        attacked: Callable[[], np.ndarray] | None = None,
    ) -> None:
        self.months, self.scale, self.places, self.seed = months, scale, places, seed
        self._make, self._attacked = make, attacked
        self._tables: dict[str, pd.DataFrame] = {}

    @classmethod
    def of(cls, run: World | Run | Evidence | Mapping[str, Any]) -> Evidence:
        """Return the evidence of a world, of a run's folder, or of tables by name (with ``months``, ``scale``, ``places``)."""
        if isinstance(run, Evidence):
            return run
        if isinstance(run, Run):
            info = run.info
            return cls(
                run.table, months=int(info["months"]), scale=float(info["weights"]["inventions"]),
                places=list(info["places"]), seed=run.seed,
            )  # fmt: skip
        if isinstance(run, Mapping):
            about = {name: run[name] for name in ("months", "scale", "places") if name in run}
            return cls(lambda name: run[name], **about)
        world = run

        def make(name: str) -> pd.DataFrame:
            return indicators(world, period=12) if name == "indicators" else TABLES[name](world)

        def attacked() -> np.ndarray:
            rows = np.flatnonzero(world.disputes.month >= 0)
            return np.asarray(world.courts.cases.attacked[rows], dtype=np.bool_)

        return cls(
            make, months=world.month, scale=world.scale, places=list(world.places), seed=world.seed, attacked=attacked
        )

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the run."""
        if name not in self._tables:
            self._tables[name] = self._make(name)
        return self._tables[name]

    def validity_attacked(self) -> np.ndarray | None:
        """Return by row of the disputes whether the defendant attacks validity, bool (n,); None if not recorded."""
        disputes = self.table("disputes")
        if "validity_attacked" in disputes:
            return disputes["validity_attacked"].to_numpy(np.bool_)
        return self._attacked() if self._attacked is not None else None

    def total(self, indicator: str, place: str) -> float:
        """Return the sum of a flow over the run at one place, in real units."""
        t = self.table("indicators")
        rows = (t["indicator"] == indicator) & (t["jurisdiction"] == place) & (t["sector"] == "")
        return float(t.loc[rows, "value"].sum())

    def firms(self, last_years: int | None = None) -> pd.DataFrame:
        """Return firm-years of the organizations table, of the last years only if asked, with ``rd`` (M USD2020)."""
        t = self.table("organizations")
        t = t[t["kind"] == "firm"]
        if last_years is not None and len(t):
            t = t[t["year"] > t["year"].max() - last_years]
        return t.assign(rd=t["rd_basic"] + t["rd_applied"] + t["rd_development"])

    def seats(self) -> pd.DataFrame:
        """Return kind and jurisdiction by uid of every organization that was ever in the yearbook."""
        t = self.table("organizations").drop_duplicates("uid").set_index("uid")
        return t[["kind", "jurisdiction"]]

    def patents(self, office: str, *, granted: bool = True) -> pd.DataFrame:
        """Return patents filed at an office within the reported months."""
        t = self.table("rights")
        t = t[(t["kind"] == "patent") & (t["office"] == office) & (t["filed_month"] >= 0)]
        return t[t["outcome"] == "granted"] if granted else t

    def with_owner(self, rights: pd.DataFrame) -> pd.DataFrame:
        """Return rights with kind and seat of the first owner (``owner_kind``, ``seat``); the rest of the world has none."""
        seats = self.seats()
        who = rights["owner_at_filing"]
        return rights.assign(
            owner_kind=who.map(seats["kind"].astype(str)), seat=who.map(seats["jurisdiction"].astype(str))
        )

    def with_invention(self, rights: pd.DataFrame) -> pd.DataFrame:
        """Return rights with the columns of their invention; rights on inventions of the burn-in are left out."""
        inventions = self.table("inventions").rename(columns={"uid": "invention"})
        names = ["invention", "month", "value", "team_size", "launched_month", "partner", "industry_university", "sector",
                 "jurisdiction"]  # fmt: skip
        return rights.merge(inventions[[n for n in names if n in inventions]], on="invention", how="inner")
