"""Random columns."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
import polars as pl


class Draw:
    """A stream of random columns. Each name has a stream of its own: one more draw in one leaves the others alone."""

    def __init__(self, seed: int, name: str) -> None:
        self._random = np.random.default_rng([seed, zlib.crc32(name.encode())])

    def uniform(self, n: int, low: float = 0.0, high: float = 1.0) -> pl.Series:
        """Numbers from `low` up to `high`."""
        return pl.Series(low + (high - low) * self._random.random(n))

    def whole(self, n: int, low: int, high: int) -> pl.Series:
        """Whole numbers from `low` up to, without, `high`."""
        return pl.Series(self._random.integers(low, high, n))

    def spread(self, n: int, sigma: float) -> pl.Series:
        """Lognormal factors around 1."""
        return pl.Series(np.exp(sigma * self._random.standard_normal(n)))

    def waiting(self, n: int, mean: float) -> pl.Series:
        """Exponential waiting times."""
        return pl.Series(-mean * np.log1p(-self._random.random(n)))

    def chance(self, n: int, share: float) -> pl.Series:
        """True in a share of the rows."""
        return pl.Series(self._random.random(n) < share)

    def counts(self, means: pl.Series) -> pl.Series:
        """Poisson counts, one per mean."""
        return pl.Series(self._random.poisson(means.to_numpy()), dtype=pl.Int64)

    def pick(self, n: int, weights: Mapping[str, float]) -> pl.Series:
        """Words, each as often as its weight says."""
        edges = np.cumsum(list(weights.values()))
        places = np.searchsorted(edges, self._random.random(n) * edges[-1], side="right")
        return pl.Series(list(weights)).gather(pl.Series(places))

    def pick_by(self, groups: pl.Series, weights: Mapping[str, Mapping[str, float]]) -> pl.Series:
        """Words whose weights depend on the row's group."""
        picked = pl.DataFrame({name: self.pick(len(groups), words) for name, words in weights.items()})
        cases = [pl.when(groups == name).then(pl.col(name)) for name in weights]
        return picked.select(pl.coalesce(cases)).to_series()
