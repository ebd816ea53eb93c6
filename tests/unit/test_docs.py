"""Documents say what is true: generated tables are current, and what they name exists."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from ecosystem.cli import COMMANDS, ecosystem
from ecosystem.cli.scenario import read_lever
from ecosystem.kernel.schedule import PHASES
from ecosystem.scenario import Scenario, declared_parameters
from policies.places import lever_specs

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/README.md", "docs/model.md", "docs/decisions.md")
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS}
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")
PATH = re.compile(
    r"(?<![\w/.<])((?:(?:ecosystem|agents|policies|docs|tests)(?:/[\w.*-]+)+)|[\w-]+\.(?:toml|txt|cff|py|md))(?![\w/])"
)
SOMEWHERE = {"utils.py", "run.json", "policies/common/x_patent_box.toml"}
"""Names in the documents that stand for no file of the project."""
TOP = {"ecosystem", "agents", "policies"}


def fences(text: str, *languages: str) -> list[str]:
    """Return the contents of code fences in the given languages."""
    return [body for language, body in re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL) if language in languages]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    heads = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_generated_tables_are_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def test_check_fails_when_a_table_is_stale(tmp_path: Path) -> None:
    script = (ROOT / "docs" / "generate.py").read_text(encoding="utf-8")
    (tmp_path / "generate.py").write_text(script, encoding="utf-8")
    stale = TEXTS["docs/model.md"].replace("| `office.examine` |", "| `office.sleep` |", 1)
    assert stale != TEXTS["docs/model.md"]
    (tmp_path / "model.md").write_text(stale, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "generate.py"), "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 1
    assert "schedule" in done.stderr


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", TEXTS[name], flags=re.DOTALL)
    for target, anchor in LINK.findall(prose):
        if target.startswith(("http:", "https:")):
            continue
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), f"{name} links to {target}, which does not exist"
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{name} links to {target}#{anchor}"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/README.md", "docs/decisions.md"])
def test_files_named_exist(name: str) -> None:
    named = {path.rstrip(".") for path in PATH.findall(TEXTS[name])} - SOMEWHERE
    assert named
    for path in named:
        found = [*ROOT.glob(path), *(ROOT / "docs").glob(path), *(ROOT / "ecosystem").glob(path)]
        found += [*(ROOT / "policies").glob(path), *(ROOT / "agents").glob(path), *(ROOT / "agents").glob(f"*/{path}")]
        assert found, f"{name} names {path}, which does not exist"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = "\n".join(fences(TEXTS[name], "sh", "console")) + "\n".join(re.findall(r"`(make [a-z]+)`", TEXTS[name]))
    named = set(re.findall(r"\bmake ([a-z]+)", code))
    assert named
    assert named <= targets


def test_commands_and_options_in_readme_exist() -> None:
    context = click.Context(ecosystem)
    lines = [line for line in TEXTS["README.md"].splitlines() if re.search(r"ecosystem (?:--|[a-z]+)", line)]
    code = "\n".join(fences(TEXTS["README.md"], "sh", "console"))
    commands = set(re.findall(r"(?:^|\$ |bin/)ecosystem ([a-z]+)", code, re.MULTILINE))
    commands |= set(re.findall(r"`ecosystem ([a-z]+)", TEXTS["README.md"]))
    assert commands == set(COMMANDS), "the README shows every command and no other"
    for line in lines:
        for name in re.findall(r"ecosystem ([a-z]+)", line):
            command = ecosystem.get_command(context, name)
            if command is None:
                continue
            groups = [command, *getattr(command, "commands", {}).values()]
            known = {option for one in groups for p in one.params for option in p.opts}
            for option in re.findall(r"--[a-z][a-z-]*", line):
                assert option in known | {"--help"}, f"{name} has no option {option}"


def test_levers_parameters_and_rules_named_exist() -> None:
    groups = {name.split(".")[0] for name in (*lever_specs(), *declared_parameters())}
    rules = set(re.findall(r"`([a-z_]+\.[a-z_]+)` \|", TEXTS["docs/model.md"]))
    known = {*lever_specs(), *declared_parameters(), *rules}
    by_place = {name.rsplit(".", 1)[0] for name in declared_parameters()}
    for document in ("README.md", "docs/model.md", "docs/decisions.md"):
        text = re.sub(r"<!-- generated.*?<!-- end -->", "", TEXTS[document], flags=re.DOTALL)
        for name in set(re.findall(r"`([a-z]+\.[a-z_]+)`", text)):
            if name.split(".")[0] in groups and not name.endswith((".toml", ".json")):
                assert name in known | by_place, f"{document} names {name}, which is no lever, parameter or rule"


def test_the_scenario_file_of_the_readme_loads(tmp_path: Path) -> None:
    (body,) = fences(TEXTS["README.md"], "toml")
    path = tmp_path / "scenario.toml"
    path.write_text(body, encoding="utf-8")
    assert Scenario.load(path).levers == {"us": {"office.hours_per_file": 0.5}}


def test_the_levers_of_the_readme_can_be_set() -> None:
    changes = re.findall(r"--lever (\S+)", "\n".join(fences(TEXTS["README.md"], "sh")))
    assert changes
    for change in changes:
        name, place, value = read_lever(change)
        Scenario.baseline().with_lever(name, on=place, value=value)


def test_python_of_the_readme_imports_what_exists() -> None:
    (body,) = fences(TEXTS["README.md"], "python")
    compile(body, "README.md", "exec")
    imports = "\n".join(line for line in body.splitlines() if line.startswith(("from ", "import ")))
    assert {line.split()[1].split(".")[0] for line in imports.splitlines()} <= TOP
    exec(imports, {})


def test_parameter_example_of_contributing_is_a_parameter() -> None:
    (body,) = (b for b in fences(TEXTS["CONTRIBUTING.md"], "toml") if b.startswith("["))
    ((group, ((name, item),)),) = ((g, tuple(t.items())) for g, t in tomllib.loads(body).items())
    assert f"{group}.{name}" in declared_parameters()
    assert {"value", "unit", "range", "source"} <= item.keys()


def test_model_has_a_section_for_every_step() -> None:
    heads = re.findall(r"^### 7\.(\d+) ", TEXTS["docs/model.md"], re.MULTILINE)
    assert len(heads) >= len(PHASES)
