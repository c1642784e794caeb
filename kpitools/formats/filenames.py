"""A name from the data as part of a file name: safe on every system, never a path."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 48
#: Digits of a name's hash that keep it apart from others.
MARK = 6
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
    return f"{words[:LONGEST].strip('-') or 'name'}-{mark(name)}"


def mark(name: str, digits: int | None = MARK) -> str:
    """The first digits of a name's hash; all of them where no number is given."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
