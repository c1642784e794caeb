"""File names made from names in the data: safe on every system, never a path, never two alike."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

LONGEST = 48
#: Digits of a name's hash that keep it apart from others.
MARK = 6
#: How rows that belong to no team, no segment, ... are called.
UNASSIGNED = "unassigned"
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def slug(name: str) -> str:
    """A name as part of a file name: lower case ASCII letters, digits and single hyphens.

    Where nothing readable is left, something had to be cut, or the word is taken by an operating system,
    a few digits of the name's hash keep it apart from others.

    >>> slug("Größe & Wert"), slug("../../etc"), slug("CON"), slug("🚀")
    ('grosse-wert', 'etc', 'con-a3dbc4', 'name-ebbc0b')
    """
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if words and len(words) <= LONGEST and words not in _DEVICES:
        return words
    return f"{words[:LONGEST].strip('-') or 'name'}-{_mark(name)}"


def slugs(names: Iterable[str | None]) -> dict[str | None, str]:
    """A slug for each name; names whose slugs would be alike all get a few digits of their hash.

    >>> slugs(["North", "north!", "South", None])
    {'North': 'north-43f853', 'north!': 'north-e96ca2', 'South': 'south', None: 'unassigned'}
    """
    wanted = {name: UNASSIGNED if name is None else slug(name) for name in names}
    found = _apart(wanted, MARK)
    # A name may end in the very digits that another is given; a hash in full is longer than any name's own words.
    return found if len({*found.values()}) == len(found) else _apart(wanted, None)


def _apart(wanted: Mapping[str | None, str], digits: int | None) -> dict[str | None, str]:
    taken = Counter([*wanted.values(), UNASSIGNED])
    taken[UNASSIGNED] -= None in wanted
    return {
        name: short if name is None or taken[short] == 1 else f"{short}-{_mark(name, digits)}"
        for name, short in wanted.items()
    }


def _mark(name: str, digits: int | None = MARK) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
