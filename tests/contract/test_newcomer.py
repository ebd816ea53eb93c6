"""A newcomer adds a measure by following CONTRIBUTING.md to the letter, or from a package of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
THIRD_PARTY = Path(__file__).parent / "third_party"


def ecosystem(arguments: str, folder: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line with the project at ``folder``."""
    place = os.pathsep.join(map(str, (folder, *paths)))
    return subprocess.run(
        [sys.executable, "-m", "ecosystem.cli", *arguments.split()],
        capture_output=True, text=True, cwd=folder, env={**os.environ, "PYTHONPATH": place},
    )  # fmt: skip


def test_contributing_followed_to_the_letter(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text[text.index("**A measure.**") : text.index("**A place.**")]
    name = re.search(r"Save this as `([\w/.]+)`", section)
    body = re.search(r"```toml\n(.*?)```", section, re.DOTALL)
    commands = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert name
    assert body
    assert commands
    for folder in ("ecosystem", "agents", "policies"):  # with the compiled loops, whose age is kept
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / name[1]).write_text(body[1], encoding="utf-8")
    for line in commands[1].strip().splitlines():
        done = ecosystem(line.removeprefix("ecosystem "), tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 claims hold." in done.stdout


def test_another_package_offers_a_measure() -> None:
    done = ecosystem("measures list --json", ROOT, THIRD_PARTY)
    assert done.returncode == 0, done.stderr
    assert "example_patent_box" in [measure["id"] for measure in json.loads(done.stdout)]
    run = "run --years 1 --scale 5000 --measure example_patent_box@eu --json --no-progress"
    assert ecosystem(run, ROOT, THIRD_PARTY).returncode == 0
    without = ecosystem(run, ROOT)
    assert without.returncode == 2
    assert "example_patent_box" in without.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("measures show us_rd_tax_credits", "Nearest match: us_rd_tax_credit"),
        ("measures check --ids nothing", "nothing"),
        ("measures check --on xx", "xx"),
        ("compare --measure us_rd_tax_credit@us:2027:3", "range"),
        ("compare --measure us_rd_tax_credit@mars", "mars"),
        ("compare --replicates 0", "pairs"),
        ("compare --package none@us", "package"),
    ],
)
def test_wrong_words_get_one_paragraph(arguments: str, words: str) -> None:
    done = ecosystem(arguments, ROOT)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
