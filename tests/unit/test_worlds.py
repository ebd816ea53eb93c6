"""Named worlds are data: all can be taken, all say what they assume, and wrong files are refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ecosystem.cli import main
from ecosystem.cli.scenario import Changes, assemble
from ecosystem.kernel.errors import InputError
from ecosystem.scenario import Scenario, declared_parameters
from policies.places import known_places
from policies.worlds import known_worlds, load_world

GOOD = (
    'title = "T"\nwords = "W"\nsource = "S"\n\n[parameters]\n"switch.imitation" = 0\n\n[levers]\n"law.breadth" = 0.5\n'
)


@pytest.mark.parametrize("name", sorted(known_worlds()))
def test_a_scenario_takes_every_world(name: str) -> None:
    world = known_worlds()[name]
    scenario = Scenario.baseline().in_world(name)
    assert scenario.parameters == dict(sorted(world.parameters.items()))
    assert set(scenario.levers) == (set(scenario.jurisdictions) if world.levers else set())
    declared, places = declared_parameters(), known_places()
    differs = [p for p, value in world.parameters.items() if declared[p].value != value]
    differs += [
        lever for lever, value in world.levers.items() if any(places[c].levers[lever].value != value for c in places)
    ]
    assert len(differs) == len(world.parameters) + len(world.levers), "a value that is the usual one says nothing"
    assert world.words.endswith(".")
    assert "Nordhaus" in known_worlds()["incentive"].source


def test_each_switch_has_a_world_that_leaves_out_nothing_else() -> None:
    alone = {next(iter(w.parameters)) for w in known_worlds().values() if len(w.parameters) == 1 and not w.levers}
    assert alone == {name for name in declared_parameters() if name.startswith("switch.")}


def test_levers_of_the_command_line_stand_above_the_world() -> None:
    setup = assemble(None, Changes("us,jp", 5, world="thicket", levers=("enforcement.refrain@us=0.25",)))
    assert setup.levers["us"]["enforcement.refrain"] == 0.25
    assert setup.levers["jp"]["enforcement.refrain"] == 1.0
    assert set(setup.levers) == {"us", "jp"}


def test_the_worlds_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measures", "worlds", "--json"]) == 0
    found = {w["id"]: w for w in json.loads(capsys.readouterr().out)}
    assert found.keys() == known_worlds().keys()
    assert found["no_imitation"]["parameters"] == {"switch.imitation": 0}
    assert main(["measures", "worlds"]) == 0
    assert "thicket" in capsys.readouterr().out


def test_an_unknown_world_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--world", "ticket", "--years", "1"]) == 2
    assert "thicket" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('source = "S"\n', "", "The world holds"),
        ('"law.breadth" = 0.5', '"law.bredth" = 0.5', "law.breadth"),
        ('"law.breadth" = 0.5', '"law.breadth" = 1.5', "0 to 0.95"),
        ('"switch.imitation" = 0', '"switch.imitation" = "off"', "no number"),
    ],
)
def test_a_wrong_world_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_world(path).parameters == {"switch.imitation": 0}
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=words):
        load_world(path)
