"""Who deals with whom and what builds on what: networkx graphs of a run, and their files.

Organizations are nodes, deals are edges (a multigraph: two organizations may deal many times); inventions are the
nodes of the citation network, with edges from the citing to the cited one.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pandas as pd

from ecosystem.kernel.errors import unknown
from ecosystem.lab.run_folder import check_free, output_trouble

if TYPE_CHECKING:
    from ecosystem.lab.run_folder import Run

FORMATS = ("gexf", "graphml", "csv")
Tables = Mapping[str, pd.DataFrame]
NODE = ("kind", "size_class", "jurisdiction", "sector", "employees", "sales", "weight")
DEAL = ("kind", "month", "field", "from_jurisdiction", "to_jurisdiction", "upfront", "royalty_rate", "exclusive",
        "brokered_by", "joint")  # fmt: skip
INVENTION = ("jurisdiction", "field", "sector", "nature", "month", "quality", "value", "protected_by", "status")


def _plain(value: Any) -> Any:
    """Return a value that GEXF and GraphML can hold (no missing values, no NumPy types)."""
    if pd.isna(value):
        return ""
    return value.item() if isinstance(value, np.generic) else value


def _records(table: pd.DataFrame, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    names = [name for name in columns if name in table.columns]
    plain = {name: [_plain(v) for v in table[name]] if table[name].hasnans else table[name].tolist() for name in names}
    return [dict(zip(names, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def deal_graph(tables: Tables, *, kind: str | None = None) -> nx.MultiDiGraph:
    """Return organizations and the deals between them, from giver to taker.

    Nodes are identities as text (they have 63 bits, more than a browser's numbers hold), described by the last year in
    which the organization was seen. Edges carry what the table of deals says.

    Args:
        tables: tables of a run by name; ``organizations`` and ``deals`` are read.
        kind: only deals of this kind.
    """
    graph: nx.MultiDiGraph = nx.MultiDiGraph()
    last = tables["organizations"].drop_duplicates("uid", keep="last")
    graph.add_nodes_from(zip(last["uid"].astype(str), _records(last, NODE), strict=True))
    deals = tables["deals"].dropna(subset=["giver", "taker"])
    if kind is not None:
        kinds = tables["deals"]["kind"].cat.categories
        if kind not in kinds:
            raise unknown("kind of deal", kind, [k for k in kinds if k])
        deals = deals[deals["kind"] == kind]
    edges = zip(deals["giver"].astype(str), deals["taker"].astype(str), _records(deals, DEAL), strict=True)
    graph.add_edges_from(edges)
    return graph


def citation_graph(tables: Tables) -> nx.DiGraph:
    """Return inventions and what they build on, from the citing to the cited; nodes are identities as text.

    Inventions from before the horizon are nodes without attributes.
    """
    graph: nx.DiGraph = nx.DiGraph()
    inventions = tables["inventions"]
    graph.add_nodes_from(zip(inventions["uid"].astype(str), _records(inventions, INVENTION), strict=True))
    citations = tables["citations"]
    renamed = citations.rename(columns={"self": "self_citation"})  # a reader of GEXF stumbles over "self"
    edges = zip(
        citations["citing"].astype(str), citations["cited"].astype(str), _records(renamed, ("month", "self_citation")),
        strict=True,
    )  # fmt: skip
    graph.add_edges_from(edges)
    return graph


def flow_table(tables: Tables) -> pd.DataFrame:
    """Return simulated deals by giver's and taker's jurisdiction, kind and year of the horizon (0 is the first)."""
    deals = tables["deals"]
    keys = [deals["from_jurisdiction"].astype(str), deals["to_jurisdiction"].astype(str), deals["kind"].astype(str)]
    year = (deals["month"] // 12).rename("year")
    return deals.groupby([*keys, year], observed=True).size().rename("deals").reset_index()


def export_run(
    run: Run, folder: str | Path, format: str, *, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write the networks of a run into a new folder and return the files.

    ``gexf`` and ``graphml`` write ``deals`` and ``citations``; ``csv`` writes the ten tables, ``nodes.csv`` and the
    deals between places. ``progress`` is called with (files done, files in all).

    Raises:
        InputError: an unknown format, or the folder holds something or cannot be written.
    """
    if format not in FORMATS:
        raise unknown("format", format, FORMATS)
    folder = check_free(folder)
    report = progress or (lambda done, total: None)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".ecosystem-part-"))
    part.chmod(0o755)
    tables = run.tables()
    try:
        if format == "csv":
            _write_csv(tables, part, report)
        else:
            write = nx.write_gexf if format == "gexf" else nx.write_graphml
            for done, (name, graph) in enumerate((("deals", deal_graph), ("citations", citation_graph)), 1):
                write(graph(tables), part / f"{name}.{format}")
                report(done, 2)
        if folder.is_dir():
            folder.rmdir()
        part.rename(folder)
    except OSError as error:
        raise output_trouble(error, str(folder)) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return sorted(folder.iterdir())


def _write_csv(tables: Tables, folder: Path, report: Callable[[int, int], None]) -> None:
    for done, (name, table) in enumerate(tables.items(), 1):
        lists = [c for c in table.columns if table[c].dtype == object]
        spelled = {c: [" ".join(str(v) for v in row) for row in table[c]] for c in lists}
        table.assign(**spelled).to_csv(folder / f"{name}.csv", index=False)
        report(done, len(tables))
    graph = deal_graph(tables)
    nodes = pd.DataFrame([{"uid": uid, **data} for uid, data in graph.nodes(data=True)])
    nodes.to_csv(folder / "nodes.csv", index=False)
    flow_table(tables).to_csv(folder / "flows.csv", index=False)
