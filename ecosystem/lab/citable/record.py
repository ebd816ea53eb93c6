"""What belongs beside results so that others can cite and repeat them: environment, parameters, methods, citation."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from typing import Any

import pandas as pd

from ecosystem import __version__
from ecosystem.lab.experiment.plan import Plan
from ecosystem.lab.model import ROOT, model_digest
from ecosystem.lab.run_folder import math_fingerprint
from ecosystem.lab.store.folder import Folder
from ecosystem.lab.store.status import Status, failures, status

AUTHORS = ("The Innovation Ecosystem Simulator authors",)
PROGRAM = "Innovation Ecosystem Simulator"


@dataclass(frozen=True)
class Citation:
    """How results are cited."""

    title: str
    authors: tuple[str, ...]
    date: str
    license: str
    plan: Plan
    digest: str

    @property
    def key(self) -> str:
        """The key of the BibTeX entry."""
        return f"ecosystem_{self.plan.id}"

    def bibtex(self) -> str:
        """Return entries for the results and the program."""
        who = " and ".join("{" + _tex(a) + "}" if "," not in a else _tex(a) for a in self.authors)
        note = f"Experiment {self.plan.id}, model {self.plan.model}, results {self.digest[:16]}"
        year = self.date[:4]
        return (
            f"@misc{{{self.key},\n  title = {{{{{_tex(self.title)}}}}},\n  author = {{{who}}},\n  year = {{{year}}},\n"
            f"  note = {{{note}; made with {PROGRAM} {__version__}}}\n}}\n\n"
            f"@software{{ecosystem_{__version__.replace('.', '_')},\n  title = {{{{{PROGRAM}}}}},\n"
            f"  author = {{{{{AUTHORS[0]}}}}},\n  version = {{{__version__}}},\n  year = {{{year}}}\n}}\n"
        )

    def cff(self) -> str:
        """Return the text of ``CITATION.cff``."""
        lines = [
            "cff-version: 1.2.0", 'message: "If you use these results, please cite them as below."', "type: dataset",
            f"title: {_quoted(self.title)}", "authors:",
        ]  # fmt: skip
        for author in self.authors:
            family, comma, given = author.partition(",")
            if comma:
                lines += [f"  - family-names: {_quoted(family.strip())}", f"    given-names: {_quoted(given.strip())}"]
            else:
                lines.append(f"  - name: {_quoted(author)}")
        lines += [
            f"date-released: {self.date}", f"license: {self.license}",
            f"version: {_quoted(self.plan.id)}", "identifiers:", "  - type: other",
            f"    value: {_quoted('experiment ' + self.plan.id)}", "  - type: other",
            f"    value: {_quoted('results ' + self.digest)}", "references:", "  - type: software",
            f"    title: {_quoted(PROGRAM)}", "    authors:", f"      - name: {_quoted(AUTHORS[0])}",
            f"    version: {_quoted(__version__)}",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def _quoted(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _tex(words: str) -> str:
    return "".join(
        {"&": "\\&", "%": "\\%", "_": "\\_", "#": "\\#", "$": "\\$", "{": "(", "}": ")"}.get(c, c) for c in words
    )


def environment() -> dict[str, Any]:
    """Return what ran here: Python, system, processor, packages, and the state of the source code where it is known."""
    packages = sorted({f"{d.name}=={d.version}" for d in distributions() if d.name}, key=str.lower)
    return {
        "ecosystem": __version__, "model": model_digest(), "python": platform.python_version(),
        "implementation": platform.python_implementation(), "system": platform.platform(), "machine": platform.machine(),
        "processors": os.cpu_count(), "math_fingerprint": math_fingerprint(), "source": source_state(),
        "packages": packages,
    }  # fmt: skip


def source_state() -> str:
    """Return the commit of the source code and whether it was changed since; empty where there is no repository."""
    if not (ROOT / ".git").exists():
        return ""
    try:

        def git(*words: str) -> str:
            done = subprocess.run(
                ["git", "-C", str(ROOT), *words], capture_output=True, text=True, timeout=20, check=True
            )
            return done.stdout.strip()

        commit = git("rev-parse", "HEAD")
        return commit + (" with changes" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def environment_text(plan: Plan) -> str:
    """Return the environment as a text file; a part of it can be given to pip."""
    here = environment()
    lines = [f"# {PROGRAM} {__version__}, experiment {plan.id}", f"# model of the results {plan.model}"]
    lines.append(f"# model installed when this was written {here['model']}")
    lines += [f"# {k}: {v}" for k, v in here.items() if k not in ("packages", "ecosystem", "model") and v]
    lines += [f"# planned with {name} {version}" for name, version in sorted(plan.versions.items())]
    own = "innovation-ecosystem-simulator"
    return "\n".join([*lines, *(p for p in here["packages"] if not p.lower().startswith(own))]) + "\n"


def parameters(plan: Plan) -> pd.DataFrame:
    """Return all parameters and levers, not only the varied ones: value, unit, range, source, and whether it was varied.

    Columns: kind (parameter, lever), name, jurisdiction, value, changed (by the scenario), varied, low, high, unit, source.
    """
    from pathlib import Path

    from ecosystem.scenario import ROW, declared_parameters
    from policies.places import known_places, lever_specs

    content = plan.content
    varied = {str(f["factor"]): f for f in plan.factors}
    set_here = content.get("parameters", {})
    rows = []
    for name, p in sorted(declared_parameters().items()):
        f = varied.get(name)
        low, high = (f["low"], f["high"]) if f else (p.low, p.high)
        rows.append(("parameter", name, "", set_here.get(name, p.value), name in set_here, f is not None, low, high, p.unit,
                     p.source))  # fmt: skip
    places = known_places(*map(Path, content.get("places_folders", [])))
    for code in (*content["jurisdictions"], ROW):
        changed = content.get("levers", {}).get(code, {})
        for name, spec in lever_specs().items():
            here, f = places[code].levers[name], varied.get(f"{name}@{code}")
            low, high = (f["low"], f["high"]) if f else (spec.low, spec.high)
            rows.append(("lever", name, code, changed.get(name, here.value), name in changed, f is not None, low, high,
                         spec.unit, here.source))  # fmt: skip
    heads = ["kind", "name", "jurisdiction", "value", "changed", "varied", "low", "high", "unit", "source"]
    return pd.DataFrame(rows, columns=heads)


def methods(folder: Folder) -> str:
    """Return a paragraph for the methods section of a paper."""
    plan, state = folder.plan, status(folder)
    c = plan.content
    policies = [n for n in plan.variants if n != "baseline"]
    shown = ", ".join(policies[:6]) + (f" and {len(policies) - 6} more" if len(policies) > 6 else "")
    varied = _varied(plan)
    compared = ", ".join(["the baseline", *([shown] if shown else [])])
    luck = (
        "All random draws are keyed by purpose, month and identity of the actor, and replicate r has the same luck in every "
        "variant and world, so that differences are paired; intervals of differences are Student's t on paired differences "
        "(95 %)."
        if c.get("luck", "common") == "common"
        else "Every run has its own luck; differences are not paired."
    )
    return (
        f"We simulated {', '.join(c['jurisdictions'])} and the rest of the world with the {PROGRAM} {__version__} (model "
        f"{plan.model}), an agent-based model described in ODD form in the accompanying document, over {c['years']} years from "
        f"{c['start_year']} after {c['burn_in_years']} years of burn-in, at a scale of {c['scale']:g} real objects for each "
        f"simulated one. We compared {len(plan.variants)} variants ({compared}) "
        f"in {len(plan.points)} {'world' if len(plan.points) == 1 else 'worlds'}{varied}, with {plan.replicates} replicates"
        f"{_stop(c)}. {luck} {_done(state, folder)} The experiment is {plan.id}, the digest of its results "
        f"{state.digest[:16]}; 'ecosystem batch rerun' repeats any run by its key and verifies it. The model compares "
        "policies; it does not forecast."
    )  # fmt: skip


def _varied(plan: Plan) -> str:
    if not plan.factors:
        return ""
    names = [str(f["factor"]) for f in plan.factors]
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f" (design {plan.content['design']['kind']} over {len(names)} uncertain numbers: {shown})"


def _stop(content: Any) -> str:
    stop = content.get("stop")
    if not stop:
        return ""
    return f", more being added until the interval of {stop['output']} was within {stop['half_width']:g}"


def _done(state: Status, folder: Folder) -> str:
    words = f"{state.done:,} runs were done"
    if state.failed:
        kinds = sorted({f.error_type for f in failures(folder)})
        words += f", {state.failed:,} failed ({', '.join(kinds)}) and are left out"
    if state.missing:
        words += f", {state.missing:,} are missing"
    return words + "."


def citation(folder: Folder, authors: Sequence[str] = (), license: str = "CC-BY-4.0", date: str = "") -> Citation:
    """Return how a folder's results are cited."""
    import datetime

    day = date or f"{datetime.datetime.now(datetime.UTC).date():%Y-%m-%d}"
    title = folder.plan.title or f"Experiment {folder.plan.id}"
    return Citation(title, tuple(authors) or AUTHORS, day, license, folder.plan, status(folder).digest)
