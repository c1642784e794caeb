"""Whether a difference is more than chance alone explains: for two shares (Newcombe) and for two means (Welch)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from kpitools.evaluation.intervals import CONFIDENCE, t_quantile

Interval = tuple[float, float]


@dataclass(frozen=True)
class Share:
    """Some of a number of cases; there is at least one case."""

    some: float
    of: float

    @property
    def percent(self) -> float:
        """The share from 0 to 100."""
        return 100 * self.some / self.of

    def interval(self, comparisons: int = 1) -> Interval:
        """Wilson bounds in percent, wider where this is one of several comparisons (Bonferroni).

        >>> [round(bound, 4) for bound in Share(7, 20).interval()]
        [18.1192, 56.7146]
        """
        z = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 / comparisons)
        share, n = self.some / self.of, self.of
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        reach = z / (1 + z**2 / n) * sqrt(max(0.0, share * (1 - share)) / n + z**2 / (4 * n**2))
        return 100 * max(centre - reach, 0.0), 100 * min(centre + reach, 1.0)


@dataclass(frozen=True)
class Mean:
    """A mean of n values with its t interval."""

    value: float
    lower: float
    upper: float
    n: int

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return (self.upper - self.lower) / 2 / t_quantile(self.n - 1)


def shares_differ_by(one: Share, other: Share, comparisons: int = 1) -> Interval:
    """Newcombe's interval of one share less another, in percentage points.

    >>> [round(bound, 2) for bound in shares_differ_by(Share(56, 70), Share(48, 80))]
    [5.24, 33.39]
    """
    (low, high), (other_low, other_high) = one.interval(comparisons), other.interval(comparisons)
    difference = one.percent - other.percent
    below = sqrt((one.percent - low) ** 2 + (other_high - other.percent) ** 2)
    above = sqrt((high - one.percent) ** 2 + (other.percent - other_low) ** 2)
    return difference - below, difference + above


def means_differ_by(one: Mean, other: Mean) -> Interval:
    """Welch's interval of one mean less another; the degrees of freedom are rounded down."""
    errors = one.error**2, other.error**2
    together = sum(errors)
    difference = one.value - other.value
    if together == 0:
        return difference, difference
    freedom = together**2 / sum(error**2 / (mean.n - 1) for error, mean in zip(errors, (one, other), strict=True))
    reach = t_quantile(max(1, int(freedom))) * sqrt(together)
    return difference - reach, difference + reach


def apart(interval: Interval) -> bool:
    """Whether an interval of a difference leaves 0 out.

    >>> apart((0.2, 3.0)), apart((-0.2, 3.0)), apart((-3.0, -0.2))
    (True, False, True)
    """
    return interval[0] > 0 or interval[1] < 0
