"""Reading and writing the values of scenario files: every wrong value becomes one paragraph for its author."""

from __future__ import annotations

import json
import math
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ecosystem.kernel.errors import InputError, unknown

_YEAR_MONTH = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2]))?", re.ASCII)
_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def placed(error: InputError, where: str) -> InputError:
    """Return the same error with the file that holds the mistake named in it."""
    message = str(error)
    if "Where: " not in message:
        return InputError(message, where=where)
    out = InputError("")
    out.args = (message.replace("Where: ", f"Where: {where}, ", 1),)
    return out


def shown(value: Any) -> str:
    """Return a value as a short text for an error."""
    try:
        words = f"{value:.12g}" if isinstance(value, float) else ascii(value)
    except (ValueError, RecursionError):  # integers beyond Python's limit of digits
        words = f"a very large {type(value).__name__}"
    return words if len(words) <= 60 else words[:57] + "..."


def load_toml(path: Path, most_bytes: int) -> dict[str, Any]:
    """Read a TOML file; raise InputError if it is missing, unreadable, too large, not UTF-8 or not TOML."""
    where = printable(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError("The scenario is no ordinary file", where=where, do="Name a file that ends in .toml")
        if status.st_size > most_bytes:
            size = f"{status.st_size / 1e6:,.1f} MB"
            raise InputError(
                f"The scenario file has {size}, far more than a scenario needs; it was not read",
                where=where,
                allowed=f"up to {most_bytes / 1e6:g} MB",
                do="Check that this is the file you meant",
            )
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        do = "Check name and place"
        raise InputError(f"The scenario file cannot be read: {reason}", where=where, do=do) from None
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"The scenario file is not text in UTF-8 (byte {error.start + 1} fits no character)",
            where=where,
            do="Save it as UTF-8",
        ) from None
    try:
        return tomllib.loads(content.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        # ValueError covers TOMLDecodeError and numbers beyond Python's limit of digits.
        raise InputError(
            f"The scenario file is not valid TOML: {shown_message(error)}",
            where=where,
            do="See the README for an example of a scenario; a file cut off in the middle looks like this too",
        ) from None


def shown_message(error: BaseException) -> str:
    """Return an error's message on one line of printable characters."""
    words = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    words = printable(words)
    return words if len(words) <= 200 else words[:197] + "..."


def printable(words: str) -> str:
    """Return words on one line of characters that every terminal can show."""
    return "".join(c if c.isprintable() else "?" for c in words)


def table(value: Any, what: str, where: str) -> dict[str, Any]:
    """Return a mapping with words as keys, or raise InputError."""
    if not isinstance(value, Mapping):
        raise InputError(f"{what} is {shown(value)}, which is no table of keys and values", where=where)
    for key in value:
        if not isinstance(key, str):
            raise InputError(f"{what} has the key {shown(key)}, which is no word", where=where)
    return dict(value)


def only_keys(values: Mapping[str, Any], known: Iterable[str], where: str, kind: str) -> None:
    """Raise InputError with the nearest match if a key is unknown."""
    known = list(known)
    for key in values:
        if key not in known:
            raise unknown(kind, key, known, where=where)


def flat(value: Any, where: str) -> dict[str, Any]:
    """Return nested tables as dotted names: ``office.examiners = 1`` and ``"office.examiners" = 1`` mean the same."""
    out: dict[str, Any] = {}

    def walk(prefix: str, node: Any, depth: int) -> None:
        for key, item in table(node, shown(prefix)[1:-1] or where, where).items():
            name = f"{prefix}.{key}" if prefix else key
            if isinstance(item, Mapping) and depth < 8:
                walk(name, item, depth + 1)
            elif name in out:
                raise InputError(f"{shown(name)[1:-1]} is given twice", where=where, do="Keep one of the two")
            else:
                out[name] = item

    walk("", value, 0)
    return out


def word(value: Any, what: str, where: str, most: int = 200, empty: bool = False) -> str:
    """Return a text that can be written as UTF-8, or raise InputError."""
    if not isinstance(value, str):
        raise InputError(f"{what} is {shown(value)}, which is no text", where=where)
    if len(value) > most:
        raise InputError(f"{what} has {len(value)} characters", where=where, allowed=f"up to {most}")
    if not value and not empty:
        raise InputError(f"{what} is empty", where=where)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"{what} holds characters that are no text: {shown(value)}", where=where) from None
    return value


def words(value: Any, what: str, where: str, empty: bool = False) -> tuple[str, ...]:
    """Return a list of different texts, or raise InputError."""
    if isinstance(value, str) or not isinstance(value, list | tuple):
        raise InputError(f"{what} is {shown(value)}, which is no list of texts", where=where)
    if len(value) > 1000:
        raise InputError(f"{what} has {len(value)} entries", where=where, allowed="up to 1000")
    out = tuple(word(item, f"{what}, entry {i},", where) for i, item in enumerate(value, 1))
    if not out and not empty:
        raise InputError(f"{what} is an empty list", where=where, do="Name at least one")
    for i, item in enumerate(out):
        if item in out[:i]:
            raise InputError(f"{what} names {shown(item)} twice", where=where, do="Keep one of the two")
    return out


def number(value: Any, what: str, where: str, low: float, high: float, unit: str, note: str = "") -> float:
    """Return a finite number inside its range, or raise InputError that names the range and where it comes from."""
    try:
        amount = math.nan if isinstance(value, bool | str | bytes) else float(value)
    except (TypeError, ValueError):
        amount = math.nan
    except OverflowError:
        amount = math.inf
    if math.isnan(amount):
        raise InputError(f"{what} is {shown(value)}, which is no number", where=where,
                         allowed=f"{low:g} to {high:g} {unit}")  # fmt: skip
    if not low <= amount <= high:
        raise InputError(
            f"{what} = {shown(value)} {unit} lies outside its range",
            where=where,
            allowed=f"{low:g} to {high:g} {unit}" + (f" ({note})" if note else ""),
            do="Choose a value inside the range",
        )
    return amount + 0.0  # no negative zero


def whole(value: Any, what: str, low: int, high: int, unit: str) -> int:
    """Return a whole number inside its range, or raise InputError."""
    amount = number(value, what, what, low, high, unit)
    if amount != int(amount):
        raise InputError(f"{what} = {shown(value)} is no whole number", where=what, allowed=f"{low} to {high} {unit}")
    return int(amount)


def year_month(value: Any, what: str, where: str) -> str:
    """Return ``YYYY-MM`` for a year (2027), a month ("2027-07") or nothing ("")."""
    if value == "" and isinstance(value, str):
        return ""
    candidate = str(value) if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**4 else value
    match = _YEAR_MONTH.fullmatch(candidate) if isinstance(candidate, str) else None
    if match is None:
        raise InputError(f"{what} is {shown(value)}, which is no year or month", where=where,
                         allowed='a year as 2027 or a month as "2027-07"')  # fmt: skip
    return f"{match[1]}-{match[2] or '01'}"


def is_folder(path: str) -> bool:
    """Return True if ``path`` is a folder; a text that cannot be a path is none."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def _literal(value: Any) -> str:
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(k)} = {_literal(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _literal(name)


def to_toml(content: Mapping[str, Any]) -> str:
    """Return plain data as TOML: values first, then tables, one level deep (parameters) or two (levers)."""
    lines = [
        f"{_key(k)} = {_literal(v)}"
        for k, v in content.items()
        if not isinstance(v, dict) and v != [] and not (isinstance(v, list) and isinstance(v[0], dict))
    ]
    for key, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for item in value:
                lines += ["", f"[[{_key(key)}]]", *(f"{_key(k)} = {_literal(v)}" for k, v in item.items())]
        elif isinstance(value, dict):
            inner = {k: v for k, v in value.items() if isinstance(v, dict)}
            plain = {k: v for k, v in value.items() if not isinstance(v, dict)}
            if plain:
                lines += ["", f"[{_key(key)}]", *(f"{_key(k)} = {_literal(v)}" for k, v in plain.items())]
            for name, row in inner.items():
                lines += ["", f"[{_key(key)}.{_key(name)}]", *(f"{_key(k)} = {_literal(v)}" for k, v in row.items())]
    return "\n".join(lines) + "\n"
