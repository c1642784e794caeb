"""Names of invented people and companies. All domains end in `.example`, which nobody can own."""

from __future__ import annotations

import polars as pl

FIRST_NAMES = (
    "Anna", "Bruno", "Chidi", "Dolores", "Emre", "Freya", "Gustavo", "Hanna", "Ines", "Jürgen", "Keiko", "Liam",
    "Mireille", "Nikhil", "Olga", "Priya", "Quentin", "Rosa", "Siobhán", "Tomasz", "Ulla", "Victor", "Wanjiru", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Berg", "O'Brien", "Müller", "Okafor", "Silva", "Tanaka", "Kowalski", "Haddad", "Lindqvist", "D'Angelo",
    "García", "Novak", "Patel", "Sørensen", "Weiß", "Achebe", "Duarte", "Fischer-Lund", "Iyer", "Jansen",
    "Kaya", "Larsen", "Moreau", "Nakamura", "Ortiz", "Quist", "Rossi", "van der Meer", "Yilmaz",
)  # fmt: skip

_STEMS = (
    "Alderwick", "Brackwell", "Copperlane", "Dunmorrow", "Elmsgate", "Fennmark", "Grünfeld", "Halvering", "Ivarsund",
    "Jasperholt", "Kestrelby", "Lindenau", "Moorstead", "Norrvik", "O'Dalton", "Pellworth", "Quillmere", "Rosenhag",
    "Saltmarsh", "Thornbeck", "Umberfield", "Vestergo", "Wexcombe", "Yarrowdale", "Zinnfels", "Amberlode", "Birchmoor",
    "Casterly", "Drumlin", "Eskerdale", "Farnholm", "Glimmerton",
)  # fmt: skip
_MIDDLES = (
    "", "North", "& Sons", "Blue", "Harbour", "& Finch", "United", "Digital", "Summit", "River", "& Vale", "Prime",
    "Union", "Allied", "Crown", "Meadow", "Silver", "Iron", "Bright", "Köhler", "Twin", "Stone", "Royal", "Central",
    "Pacific",
)  # fmt: skip
_TRADES = (
    "Logistics", "Foods", "Energy", "Textiles", "Pharma", "Media", "Freight", "Robotics", "Retail", "Insurance",
    "Packaging", "Optics", "Timber",
)  # fmt: skip
_COMBINATIONS = len(_STEMS) * len(_MIDDLES) * len(_TRADES)
_ASCII = {"ü": "ue", "ö": "oe", "ø": "oe", "ß": "ss", "á": "a", "í": "i", "ë": "e"}


def person(number: int) -> str:
    """The name of the n-th person; the first 696 differ."""
    return f"{FIRST_NAMES[number % len(FIRST_NAMES)]} {LAST_NAMES[number % len(LAST_NAMES)]}"


def _nth(words: tuple[str, ...], number: pl.Expr) -> pl.Expr:
    return number.replace_strict(dict(enumerate(words)), return_dtype=pl.String)


def company(number: pl.Expr) -> pl.Expr:
    """The name of the n-th company, no two alike; from the 10,401st on names carry a number."""
    mixed = number * 7919 % _COMBINATIONS  # 7919 shares no factor with it: every combination comes up once
    stem = _nth(_STEMS, mixed % len(_STEMS))
    middle = _nth(_MIDDLES, mixed // len(_STEMS) % len(_MIDDLES))
    trade = _nth(_TRADES, mixed // (len(_STEMS) * len(_MIDDLES)))
    again = number // _COMBINATIONS
    repeat = pl.when(again > 0).then(pl.format(" {}", again + 1)).otherwise(pl.lit(""))
    return pl.concat_str(stem, middle, trade, separator=" ").str.replace("  ", " ") + repeat


def slug(name: pl.Expr) -> pl.Expr:
    """Small Latin letters and digits only."""
    return name.str.to_lowercase().str.replace_many(_ASCII).str.replace_all("[^a-z0-9]", "")


def email(number: pl.Expr, domain: pl.Expr) -> pl.Expr:
    """The address of the n-th person at a domain."""
    first = slug(_nth(FIRST_NAMES, number % len(FIRST_NAMES)))
    last = slug(_nth(LAST_NAMES, number // len(FIRST_NAMES) % len(LAST_NAMES)))
    return first + "." + last + "@" + domain
