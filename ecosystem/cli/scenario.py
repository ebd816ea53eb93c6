"""The options that make a scenario, shared by every command that runs one, and the scenario they make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ecosystem.kernel.errors import InputError

if TYPE_CHECKING:
    from ecosystem.scenario import Scenario

OPTIONS = (
    click.option("--jurisdictions", metavar="LIST", help="Places, comma-separated, as us,eu,jp,cn."),
    click.option("--years", type=int, help="Years to report (default 30)."),
    click.option("--scale", type=float, help="Real objects that one simulated object stands for (default 500)."),
    click.option("--world", metavar="NAME", help="Set it in a named world ('ecosystem measures worlds')."),
    click.option("--measure", "measures", multiple=True, metavar="ID@PLACE[:START[:STRENGTH]]",
                 help="Put a measure on a place; START is a year or 2027-07, STRENGTH a level 0..1."),
    click.option("--package", "packages", multiple=True, metavar="NAME@PLACE[:START]",
                 help="Put a package on a place."),
    click.option("--without-package", "without", multiple=True, metavar="NAME@PLACE[:START]",
                 help="Take a package's measures away from a place."),
    click.option("--lever", "levers", multiple=True, metavar="NAME@PLACE=VALUE", help="Set a lever of a place."),
)  # fmt: skip
"""As ``Changes`` names them, in the order of the help."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the options of a command line change in a scenario; empty for what was not given."""

    jurisdictions: str | None = None
    years: int | None = None
    scale: float | None = None
    world: str | None = None
    measures: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    levers: tuple[str, ...] = ()

    def setting(self) -> Changes:
        """Return what holds for a base as well: places, years, scale, world."""
        return Changes(self.jurisdictions, self.years, self.scale, self.world)


def scenario_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a scenario; it receives them as one argument, ``changes``."""

    @functools.wraps(command)
    def gathered(**given: Any) -> Any:
        changes = Changes(**{f.name: given.pop(f.name) for f in fields(Changes)})
        return command(changes=changes, **given)

    for option in reversed(OPTIONS):
        gathered = option(gathered)
    return gathered


def assemble(path: Path | None, changes: Changes) -> Scenario:
    """Return the scenario of a command line: the file (or the baseline) with the options on top, the world first."""
    from ecosystem.scenario import Scenario

    scenario = Scenario.load(path) if path else Scenario.baseline()
    frame: dict[str, Any] = {}
    if changes.jurisdictions is not None:
        frame["jurisdictions"] = [code.strip() for code in changes.jurisdictions.split(",") if code.strip()]
    if changes.years is not None:
        frame["years"] = changes.years
    if changes.scale is not None:
        frame["scale"] = changes.scale
    if frame:
        scenario = Scenario.from_dict({**scenario.to_dict(), **frame})
    if changes.world is not None:
        scenario = scenario.in_world(changes.world)
    for text in changes.levers:
        name, place, value = read_lever(text)
        scenario = scenario.with_lever(name, on=place, value=value)
    for text in changes.measures:
        use = read_measure(text)
        scenario = scenario.with_measure(use.pop("id"), on=use.pop("on"), **use)
    for text in changes.packages:
        scenario = scenario.with_package(**read_package(text, "--package"))
    for text in changes.without:
        scenario = scenario.without_package(**read_package(text, "--without-package"))
    return scenario


def read_lever(text: str) -> tuple[str, str, float]:
    """Return (lever, jurisdiction, value) of ``NAME@JURISDICTION=VALUE``."""
    shape = "NAME@JURISDICTION=VALUE, as office.examiners@us=12000"
    head, equals, value = text.partition("=")
    name, at, place = head.partition("@")
    if not (name and at and place and equals):
        raise InputError(f"{text!r} is no change of a lever", where="--lever", allowed=shape)
    try:
        amount = float(value)
    except ValueError:
        raise InputError(f"{value!r} is no number", where=f"--lever {text}", allowed=shape) from None
    return name, place, amount


def read_measure(text: str) -> dict[str, Any]:
    """Return the measure of ``ID@JURISDICTION[:START[:STRENGTH]]``."""
    shape = "ID@JURISDICTION[:START[:STRENGTH]], as jp_accelerated_examination@cn:2027-07:0.5"
    head, *rest = text.split(":")
    name, at, place = head.partition("@")
    if not (name and at and place) or len(rest) > 2:
        raise InputError(f"{text!r} puts no measure on a place", where="--measure", allowed=shape)
    out: dict[str, Any] = {"id": name, "on": place}
    if rest and rest[0]:
        out["start"] = rest[0]
    if len(rest) == 2:
        try:
            out["strength"] = float(rest[1])
        except ValueError:
            where = f"--measure {text}"
            raise InputError(f"The strength {rest[1]!r} is no number", where=where, allowed=shape) from None
    return out


def read_package(text: str, where: str) -> dict[str, str]:
    """Return the parts of ``NAME@JURISDICTION[:START]``."""
    shape = "NAME@JURISDICTION[:START], as cn_recommended@eu:2027"
    head, _, start = text.partition(":")
    name, at, place = head.partition("@")
    if not (name and at and place):
        raise InputError(f"{text!r} puts no package on a place", where=where, allowed=shape)
    return {"name": name, "on": place, "start": start}
