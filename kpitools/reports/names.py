"""File names made from names in the data: never two alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from kpitools.formats.filenames import MARK, mark, slug

#: How rows that belong to no team, no segment, ... are called.
UNASSIGNED = "unassigned"


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
        name: short if name is None or taken[short] == 1 else f"{short}-{mark(name, digits)}"
        for name, short in wanted.items()
    }
