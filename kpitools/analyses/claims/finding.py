"""A claim of the trade beside what the data says of it: figures by group, an effect with its interval, a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import atanh, exp, log, sqrt, tanh
from statistics import NormalDist
from typing import Literal

import polars as pl

from kpitools.analyses.chance import Share
from kpitools.evaluation.intervals import CONFIDENCE

Verdict = Literal["supported", "contradicted", "cannot tell"]
Scale = Literal["ratio", "difference", "correlation"]
NEUTRAL: dict[Scale, float] = {"ratio": 1.0, "difference": 0.0, "correlation": 0.0}
#: Below so many cases in a group, or pairs in a correlation, no verdict is given.
FEW = 20

_Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class Effect:
    """What was compared as one number: a ratio of shares, a difference of means, a correlation; with its interval."""

    scale: Scale
    value: float
    lower: float
    upper: float
    n: int
    unit: str = "ratio"

    def verdict(self, *, more: bool) -> Verdict:
        """Whether the whole interval lies on the side that the claim expects, on the other, or on both.

        >>> Effect("ratio", 1.8, 1.2, 2.6, 300).verdict(more=True)
        'supported'
        >>> Effect("ratio", 1.1, 0.9, 1.3, 300).verdict(more=True)
        'cannot tell'
        """
        neutral = NEUTRAL[self.scale]
        if self.n < FEW or self.lower <= neutral <= self.upper:
            return "cannot tell"
        return "supported" if (self.lower > neutral) == more else "contradicted"


@dataclass(frozen=True)
class Finding:
    """One claim, tested.

    Attributes:
        id: a short name.
        claim: what is said in the trade.
        source: where.
        compared: what was compared with what, in words.
        groups: group, value, lower, upper, n: the figures behind.
        unit: of those figures.
        effect: the comparison as a number; None where there is too little to compare.
        verdict: supported, contradicted, or the data cannot tell.
        claimed: the size of the effect that is said, where one is.
        missing: what the data would have to have, where it was not tested for want of it.
    """

    id: str
    claim: str
    source: str
    compared: str
    groups: pl.DataFrame
    unit: str
    effect: Effect | None
    verdict: Verdict
    claimed: float | None = None
    missing: tuple[str, ...] = field(default=())

    @property
    def as_large_as_claimed(self) -> bool | None:
        """Whether the size that is said lies in the interval; None where none is said or nothing was compared."""
        if self.claimed is None or self.effect is None:
            return None
        return self.effect.lower <= self.claimed <= self.effect.upper


def ratio_of_shares(one: Share, other: Share) -> Effect | None:
    """How many times the one share is of the other, with the interval of its logarithm (Katz); None where either is 0.

    >>> effect = ratio_of_shares(Share(40, 100), Share(20, 100))
    >>> round(effect.value, 2), round(effect.lower, 2), round(effect.upper, 2)
    (2.0, 1.26, 3.17)
    """
    if not one.some or not other.some:
        return None
    ratio = one.percent / other.percent
    reach = _Z * sqrt(1 / one.some - 1 / one.of + 1 / other.some - 1 / other.of)
    low, high = (exp(log(ratio) + side * reach) for side in (-1, 1))
    return Effect("ratio", ratio, low, high, int(min(one.of, other.of)))


def correlation(pairs: pl.DataFrame, one: str, other: str) -> Effect | None:
    """Spearman's rank correlation of two columns with Fisher's interval; None for fewer than five pairs."""
    known = pairs.drop_nulls([one, other])
    if known.height < 5:
        return None
    value = known.select(pl.corr(one, other, method="spearman")).item()
    if value is None or not -1 < value < 1:
        return None
    reach = _Z * sqrt(1.06 / (known.height - 3))
    low, high = (tanh(atanh(value) + side * reach) for side in (-1, 1))
    return Effect("correlation", value, low, high, known.height)


def shares(groups: Sequence[tuple[str, float, float]]) -> pl.DataFrame:
    """Groups with some of how many: their share in percent with its interval."""
    rows = [_share(name, Share(some, of) if of else None) for name, some, of in groups]
    return pl.DataFrame(rows, schema=GROUPS, orient="row")


def _share(name: str, share: Share | None) -> tuple[str, float | None, float | None, float | None, int]:
    if share is None:
        return name, None, None, None, 0
    return name, share.percent, *share.interval(), int(share.of)


GROUPS: dict[str, type[pl.DataType]] = {
    "group": pl.String, "value": pl.Float64, "lower": pl.Float64, "upper": pl.Float64, "n": pl.Int64,
}  # fmt: skip
