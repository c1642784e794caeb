"""Colours of a page: how well one can be read on another, and what is near enough to a brand's that can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: The grounds that the page's links and marks stand on: paper, card and wash of `page.css`.
LIGHT = ("#f5f6f9", "#ffffff", "#eaf1f9")
DARK = ("#12161d", "#1a2029", "#212b39")
#: What the accessibility guidelines (WCAG 2.2, level AA) ask of text.
READABLE = 4.5
BLACK, WHITE = "#000000", "#ffffff"


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as the guidelines reckon it, 1 to 21.

    Source: WCAG 2.2, contrast ratio and relative luminance.

    >>> contrast("#000000", "#ffffff"), round(contrast("#777777", "#ffffff"), 2)
    (21.0, 4.48)
    """
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(colour: str, grounds: Iterable[str]) -> bool:
    """Whether text of this colour can be read on each of the grounds."""
    return all(contrast(colour, ground) >= READABLE for ground in grounds)


def nearest_readable(colour: str, grounds: Iterable[str]) -> str:
    """The colour itself where it can be read, else the first towards black or white that can.

    >>> nearest_readable("#ffcc00", LIGHT), nearest_readable("#003366", LIGHT)
    ('#846a00', '#003366')
    """
    grounds = tuple(grounds)
    end = BLACK if _luminance(grounds[0]) > 0.18 else WHITE
    steps = (_mixed(colour, end, share / 256) for share in range(257))
    return next(step for step in steps if readable(step, grounds))


def is_colour(text: str) -> bool:
    """Whether a text is a colour as `#rrggbb`."""
    return bool(re.fullmatch(r"#[0-9a-fA-F]{6}", text))


def _parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(start + (end - start) * share):02x}" for start, end in pairs)


def _luminance(colour: str) -> float:
    shares = [part / 255 for part in _parts(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
