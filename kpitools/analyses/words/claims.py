"""What the data says of a claim, in a sentence or two."""

from __future__ import annotations

from kpitools.analyses.claims import Effect, Finding
from kpitools.analyses.claims.finding import FEW
from kpitools.analyses.words.plain import listed
from kpitools.formats import format_difference, format_value

_VERDICT = {
    "supported": "This data supports it",
    "contradicted": "This data speaks against it",
    "cannot tell": "This data cannot tell",
}


def claim_words(finding: Finding) -> str:
    """The verdict, the figure it rests on with its interval, and what keeps it from being more.

    Args:
        finding: as `analyses.claims.examine` gives it.

    >>> import polars as pl
    >>> effect = Effect("ratio", 1.31, 1.13, 1.51, 672)
    >>> found = Finding(
    ...     "fast", "Fast wins.", "[000]", "fast leads against slow", pl.DataFrame(), "percent", effect, "supported")
    >>> claim_words(found)
    'This data supports it: 1.31 times as many (1.13 to 1.51), comparing fast leads against slow.'
    """
    if finding.missing:
        return f"Not tested: the data lacks {listed(list(finding.missing))}."
    if finding.effect is None:
        return f"{_VERDICT['cannot tell']}: there are too few cases on one side, comparing {finding.compared}."
    few = f" With {finding.effect.n} in the smaller group, that is too few to judge by." * (finding.effect.n < FEW)
    size = "" if finding.as_large_as_claimed is not False else f" That {finding.claimed:g} times is said does not fit."
    return f"{_VERDICT[finding.verdict]}: {_effect(finding.effect)}, comparing {finding.compared}.{size}{few}"


def _effect(effect: Effect) -> str:
    if effect.scale == "difference":
        shown = [format_difference(value, effect.unit) for value in (effect.value, effect.lower, effect.upper)]
    else:
        shown = [format_value(value, "ratio") for value in (effect.value, effect.lower, effect.upper)]
    said = {"ratio": f"{shown[0]} times as many", "difference": shown[0], "correlation": f"rank correlation {shown[0]}"}
    return f"{said[effect.scale]} ({shown[1]} to {shown[2]})"
