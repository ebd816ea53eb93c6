"""A scenario as a link or a file: differences from the baseline only; whatever is not understood is refused whole.

``?s=`` holds base64url(zlib(JSON)) of ``{"v": version, "m": digest of the model, "d": differences}``.
"""

from __future__ import annotations

import base64
import binascii
import json
import tomllib
import zlib
from typing import Any
from urllib.parse import parse_qs, urlencode

from ecosystem.dashboard.text import text
from ecosystem.kernel.errors import InputError
from ecosystem.lab.model import model_digest
from ecosystem.scenario import Scenario

VERSION = 1
KEYS = ("title", "jurisdictions", "start_year", "years", "measures", "levers", "parameters", "budgets")
"""Keys of a scenario that a link may hold. No folders: nothing from a visitor reaches the file system."""
FILE_KEYS = (*KEYS, "base", "scale", "burn_in_years", "places_folders")
MOST_LINK = 16_000
MOST_TEXT = 200_000
"""Characters of a link and of an unpacked link or a file; far above any real scenario."""
MOST_YEARS = 50
START: dict[str, Any] = {"title": ""}
"""The scenario of a new visit as differences from the baseline of the command line: not yet named."""
MOST_USES = 400


def start() -> Scenario:
    """Return the scenario of a new visit: the baseline."""
    return Scenario.baseline(**START)


def differences(scenario: Scenario) -> dict[str, Any]:
    """Return what a scenario changes against the baseline, as keys of a scenario file."""
    before, now = start().to_dict(), scenario.to_dict()
    return {key: now[key] for key in KEYS if now[key] != before[key]}


def checked(content: dict[str, Any], where: str) -> Scenario:
    """Return the scenario with these differences.

    Raises:
        InputError: an unknown key, a wrong value, or more than a page can compute.
    """
    for key in content:
        if key not in KEYS:
            raise InputError(text("share.key", name=str(key)[:40]), where=where, allowed=", ".join(KEYS))
    measures = content.get("measures", [])
    if isinstance(measures, list) and len(measures) > MOST_USES:
        raise InputError(text("share.many", most=MOST_USES), where=where)
    scenario = Scenario.baseline(**{**START, **content})
    if scenario.years > MOST_YEARS:
        raise InputError(text("share.years", years=scenario.years, most=MOST_YEARS), where=where)
    return scenario


def pack(scenario: Scenario) -> str:
    """Return the scenario as the value of ``?s=``; empty for the baseline."""
    changed = differences(scenario)
    if not changed:
        return ""
    content = {"v": VERSION, "m": model_digest(), "d": changed}
    packed = zlib.compress(json.dumps(content, separators=(",", ":"), allow_nan=False).encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def unpack(link: str) -> tuple[Scenario, str]:
    """Return the scenario of a link and a notice ("" if there is nothing to say).

    Raises:
        InputError: the link is damaged, of another version, or holds something this model does not know.
    """
    where = text("share.link")
    if not link:
        return start(), ""
    if len(link) > MOST_LINK:
        raise InputError(text("share.long"), where=where)
    try:
        packed = base64.urlsafe_b64decode(link.encode("ascii") + b"=" * (-len(link) % 4))
        # A few bytes can unpack to gigabytes: stop at the limit.
        opened = zlib.decompressobj()
        plain = opened.decompress(packed, MOST_TEXT)
        if opened.unconsumed_tail or not opened.eof:
            raise ValueError
        content = json.loads(plain)
    except (ValueError, UnicodeError, binascii.Error, zlib.error, RecursionError):
        raise InputError(text("share.damaged"), where=where, do=text("share.damaged_do")) from None
    if not isinstance(content, dict) or not isinstance(content.get("d"), dict):
        raise InputError(text("share.damaged"), where=where, do=text("share.damaged_do"))
    if content.get("v") != VERSION:
        raise InputError(text("share.version", version=str(content.get("v"))[:20]), where=where)
    scenario = checked(content["d"], where)
    return scenario, "" if content.get("m") == model_digest() else text("share.other_model")


def read_file(name: Any, content: Any) -> tuple[Scenario, str]:
    """Return the scenario of an uploaded TOML file and a notice.

    Raises:
        InputError: too large, no TOML, or wrong content.
    """
    where = "".join(c for c in str(name)[:60] if c.isprintable()) or text("share.file")
    if not isinstance(content, str) or len(content) > MOST_TEXT:
        raise InputError(text("share.large", most=MOST_TEXT // 1000), where=where)
    try:
        table = tomllib.loads(content.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        words = text("share.deep") if isinstance(error, RecursionError) else str(error)[:200]
        raise InputError(text("share.no_toml", words=words), where=where) from None
    for key in table:
        if key not in FILE_KEYS:
            raise InputError(text("share.key", name=str(key)[:40]), where=where, allowed=", ".join(FILE_KEYS))
    if table.pop("places_folders", []):
        raise InputError(text("share.folders"), where=where, do=text("share.folders_do"))
    base, burn_in = Scenario.baseline(), table.pop("burn_in_years", None)
    if table.pop("base", base.base) != base.base or burn_in not in (None, base.burn_in_years):
        raise InputError(text("share.base"), where=where)
    scale = table.pop("scale", None)
    scenario = checked(table, where)
    return scenario, "" if scale is None or scale == base.scale else text("share.scale")


def write_file(scenario: Scenario) -> str:
    """Return the scenario as a TOML file for the command line, with what identifies the model on top."""
    from ecosystem import __version__

    head = text("share.head", version=__version__, model=model_digest())
    return "".join(f"# {line}\n" for line in head.splitlines()) + scenario.to_toml()


def read_search(search: str | None) -> dict[str, str]:
    """Return the values of a URL's search part; the last one counts where a name stands twice."""
    try:
        return {
            name: values[-1] for name, values in parse_qs((search or "").removeprefix("?"), max_num_fields=20).items()
        }
    except ValueError:
        return {}


def search_of(tab: str, scenario: Scenario, more: dict[str, str] | None = None) -> str:
    """Return the search part of the URL that restores tab and scenario."""
    parts = {"tab": tab, "s": pack(scenario), **(more or {})}
    return "?" + urlencode({name: value for name, value in parts.items() if value})
