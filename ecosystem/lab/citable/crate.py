"""An archive for Zenodo, CoMSES and others: results, documents, and the code that made them, as an RO-Crate 1.1."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ecosystem import __version__
from ecosystem.kernel.errors import InputError
from ecosystem.lab.citable import record
from ecosystem.lab.citable.odd import full, odd
from ecosystem.lab.citable.rerun import INSIDE, WANTED
from ecosystem.lab.model import ROOT, model_digest
from ecosystem.lab.run_folder import output_trouble
from ecosystem.lab.store.export import export
from ecosystem.lab.store.folder import RUNS, Folder
from ecosystem.lab.store.status import status
from ecosystem.scenario_text import to_toml

_CODE = ("agents", "policies", "ecosystem")
_CODE_FILES = ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", "CITATION.cff", "app.py")
_KINDS = {".py", ".toml", ".csv", ".json", ".sql", ".md", ".css", ".js", ".vue", ".txt"}
_TYPES = {
    ".csv": "text/csv", ".json": "application/json", ".md": "text/markdown", ".toml": "application/toml",
    ".sqlite": "application/vnd.sqlite3", ".html": "text/html", ".bib": "application/x-bibtex", ".txt": "text/plain",
    ".cff": "application/yaml", ".py": "text/x-python",
}  # fmt: skip
_LICENSE = re.compile(r"[A-Za-z0-9.+-]{2,64}")
_STAMP = (2020, 1, 1, 0, 0, 0)


def publish(
    folder: Folder, out: str | Path, *, authors: Sequence[str] = (), license: str = "CC-BY-4.0", date: str = "",
    code: bool = True, report: Callable[[], str] | None = None,
) -> list[str]:  # fmt: skip
    """Write the archive, all or nothing; return the names in it.

    Args:
        authors: ``Family, Given`` or a name.
        license: SPDX id of the license of the results.
        code: with the program's source, if it is the one that made the results.
        report: gives the HTML report to put into it.

    Raises:
        InputError: the file is there already or cannot be written, parts are not merged, no run is done.
    """
    out = Path(out)
    if out.suffix != ".zip":
        raise InputError(f"{out.name!r} does not end in .zip", where="--out", do=f"Write {out.name}.zip")
    if out.exists():
        raise InputError("The archive is there already; nothing was written", where=str(out), do="Choose another name")
    if not _LICENSE.fullmatch(license):
        raise InputError(f"{license!r} is no license", where="--license", allowed="an SPDX id, as CC-BY-4.0")
    if folder.shards():
        raise InputError("The parts of this experiment are not merged yet", where=str(folder.path),
                         do=f"ecosystem batch merge {folder.path}")  # fmt: skip
    if not status(folder).done:
        raise InputError("No run is done, so there is nothing to publish", where=str(folder.path))
    part = Path(tempfile.mkdtemp(prefix="ecosystem-crate-"))
    try:
        _fill(folder, part, record.citation(folder, authors, license, date), code, report)
        names = sorted(p.relative_to(part).as_posix() for p in part.rglob("*") if p.is_file())
        out.parent.mkdir(parents=True, exist_ok=True)
        half = out.with_name(f".{out.name}.part")
        try:
            with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
                for name in names:
                    item = zipfile.ZipInfo(name, _STAMP)
                    item.compress_type, item.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                    with (part / name).open("rb") as source, archive.open(item, "w", force_zip64=True) as target:
                        shutil.copyfileobj(source, target)
            half.rename(out)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        raise output_trouble(error, str(out)) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return names


def _fill(
    folder: Folder, root: Path, cite: record.Citation, code: bool, report: Callable[[], str] | None
) -> None:  # fmt: skip
    plan, results, docs = folder.plan, root / INSIDE, root / "docs"
    results.mkdir()
    docs.mkdir()
    for name in WANTED:
        if name != RUNS and (folder.path / name).exists():
            shutil.copyfile(folder.path / name, results / name)
    _snapshot(folder.path / RUNS, results / RUNS)
    (results / "experiment.toml").write_text(to_toml(plan.content), encoding="utf-8")
    export(folder, root / "data")
    texts = {
        "CITATION.cff": cite.cff(), "citation.bib": cite.bibtex(), "environment.txt": record.environment_text(plan),
        "docs/methods.md": f"# Methods\n\n{record.methods(folder)}\n", "docs/odd.md": odd(plan),
        "docs/model.md": full(), "report.html": report() if report is not None else "",
        "README.md": _readme(folder, cite, code),
    }  # fmt: skip
    for name, words in texts.items():
        if words:
            (root / name).write_text(words, encoding="utf-8")
    record.parameters(plan).to_csv(docs / "parameters.csv", index=False, lineterminator="\n")
    if code and plan.model == model_digest():
        for path in _sources():
            target = root / "code" / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    (root / "ro-crate-metadata.json").write_text(
        json.dumps(_metadata(root, folder, cite), indent=1) + "\n", encoding="utf-8"
    )


def _snapshot(source: Path, target: Path) -> None:
    """Copy a database as it is at this moment, whatever stands in its log."""
    with sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True) as a, sqlite3.connect(target) as b:
        a.backup(b)
        b.execute("PRAGMA journal_mode=DELETE")
    a.close()
    b.close()


def _sources() -> Iterator[Path]:
    for name in _CODE:
        for path in sorted((ROOT / name).rglob("*")):
            if path.is_file() and path.suffix in _KINDS and "__pycache__" not in path.parts:
                yield path
    yield from (ROOT / name for name in _CODE_FILES if (ROOT / name).exists())
    yield from sorted(p for p in (ROOT / "LICENSES").glob("*") if p.is_file())


def _readme(folder: Folder, cite: record.Citation, code: bool) -> str:
    plan = folder.plan
    with folder.database() as database:
        key = database.select(
            "SELECT run_key FROM runs WHERE status = 'done' ORDER BY variant, point, replicate LIMIT 1"
        )
    with_code = code and plan.model == model_digest()
    how = (
        "The program that made the results is in `code/`:\n\n```sh\ncd code && python3 -m venv .venv\n"
        ".venv/bin/python -m pip install -c constraints.txt -e .\n"
        f".venv/bin/ecosystem batch rerun ../{INSIDE.rstrip('/')} --run {key[0][0]}\n```\n"
        if with_code else f"The results come from model {plan.model}, whose code is not in this archive.\n"
    )  # fmt: skip
    return (
        f"# {cite.title}\n\nExperiment `{plan.id}`, model `{plan.model}`, digest of the results `{cite.digest}`.\n"
        f"License of the results: {cite.license}. Compares policies; not a forecast.\n\n"
        "| what | where |\n|---|---|\n| plan and database of all runs | `results/` |\n| tables (CSV) | `data/` |\n"
        "| methods, ODD, parameters | `docs/` |\n| how to cite | `CITATION.cff`, `citation.bib` |\n"
        f"| versions | `environment.txt` |\n\n## Repeat a run\n\n{how}"
    )


def _metadata(root: Path, folder: Folder, cite: record.Citation) -> dict[str, Any]:
    files: list[dict[str, Any]] = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        if name.startswith("code/"):
            continue
        files.append({
            "@id": name, "@type": "File", "name": path.name, "contentSize": str(path.stat().st_size),
            "encodingFormat": _TYPES.get(path.suffix, "application/octet-stream"),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        })  # fmt: skip
    code: list[dict[str, Any]] = [{"@id": "code/", "@type": "Dataset", "name": f"Source of {record.PROGRAM} {__version__}",
             "license": {"@id": "https://spdx.org/licenses/Apache-2.0"}}] if (root / "code").is_dir() else []  # fmt: skip
    people: list[dict[str, Any]] = [{"@id": f"#author-{i}", "@type": "Person" if "," in a else "Organization", "name": a}
              for i, a in enumerate(cite.authors, 1)]  # fmt: skip
    terms: dict[str, Any] = {
        "@id": f"https://spdx.org/licenses/{cite.license}",
        "@type": "CreativeWork",
        "name": cite.license,
    }
    root_entity: dict[str, Any] = {
        "@id": "./", "@type": "Dataset", "name": cite.title, "description": record.methods(folder),
        "datePublished": cite.date, "license": {"@id": terms["@id"]}, "author": [{"@id": p["@id"]} for p in people],
        "identifier": folder.plan.id, "hasPart": [{"@id": f["@id"]} for f in [*files, *code]],
        "mentions": [{"@id": "#run"}],
    }  # fmt: skip
    program = {"@id": "#program", "@type": "SoftwareApplication", "name": record.PROGRAM, "version": __version__,
               "softwareVersion": f"{__version__}, model {folder.plan.model}"}  # fmt: skip
    action = {
        "@id": "#run", "@type": "CreateAction", "name": "ecosystem batch run", "instrument": {"@id": "#program"},
        "object": [{"@id": f"{INSIDE}experiment.toml"}], "result": [{"@id": f"{INSIDE}{RUNS}"}],
    }  # fmt: skip
    about = {
        "@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }  # fmt: skip
    graph = [about, root_entity, *files, *code, *people, terms, program, action]
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
