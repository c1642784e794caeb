"""What is likely behind a figure that worries, and what usually helps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """Likely causes, the commonest first, and usual levers, the quickest first."""

    causes: tuple[str, ...]
    levers: tuple[str, ...]


def say(causes: str, levers: str) -> Advice:
    """Advice written as one cause or lever per line."""
    lines = [[line.strip() for line in text.strip().splitlines()] for text in (causes, levers)]
    return Advice(tuple(lines[0]), tuple(lines[1]))
