"""What every part of the settings file is held to: known names, right types; nothing is guessed or passed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from kpitools.errors import DataError, UnknownNameError

#: What a key may hold: a type, or the words it is one of. A float may be written as a whole number.
Kind = type | tuple[str, ...]


def only_known(found: Iterable[str], known: Iterable[str], what: str, place: Path) -> None:
    """Refuse a name that is not among the known ones.

    Raises:
        UnknownNameError: there is one; the message names the nearest.
    """
    known = list(known)
    for name in found:
        if name not in known:
            raise UnknownNameError(what, name, known, hint=f"(in {place})")


def typed(found: Mapping[str, Any], key: str, kind: Any, place: Path) -> Any:
    """The value of a key, which must be of the kind; the kind's empty value where the key is missing.

    Raises:
        DataError: it is of another type.
    """
    value = found.get(key, kind())
    if not isinstance(value, int | float if kind is float else kind) or (isinstance(value, bool) and kind is not bool):
        raise DataError(f"{place}: {key} must be a {kind.__name__}, not {value!r}.")
    return value


def check_section(found: Mapping[str, Any], name: str, keys: Mapping[str, Kind], place: Path) -> None:
    """Hold a section, and each of its values, to the keys that it may have.

    Raises:
        UnknownNameError: a key that it has not, or a word that the key does not know.
        DataError: a value of another type.
    """
    only_known(found, keys, f"setting in [{name}]", place)
    for key in found:
        kind = keys[key]
        if isinstance(kind, tuple):
            only_known([typed(found, key, str, place)], kind, f"{name}.{key}", place)
        else:
            typed(found, key, kind, place)


def texts(found: Mapping[str, Any], key: str, place: Path) -> list[str]:
    """The value of a key, which must be a list of texts.

    Raises:
        DataError: it is something else.
    """
    values = typed(found, key, list, place)
    for value in values:
        if not isinstance(value, str):
            raise DataError(f"{place}: {key} must be a list of texts; {value!r} is none.")
    return values


def check_numbers(what: str, found: Mapping[str, Any], place: Path, *, depth: int = 1) -> None:
    """Refuse what is neither a number nor, as far down as `depth`, a table of such.

    Raises:
        DataError: there is such a value.
    """
    for name, value in found.items():
        if isinstance(value, dict) and depth > 1:
            check_numbers(f"{what}.{name}", value, place, depth=depth - 1)
        elif not isinstance(value, int | float) or isinstance(value, bool):
            raise DataError(f"{place}: {what}.{name} is {value!r}; it must be a number.")
