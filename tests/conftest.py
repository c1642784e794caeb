"""What the tests share: the sample as frames and as a dataset."""

from __future__ import annotations

import polars as pl
import pytest

from kpitools.model.dataset import Dataset
from kpitools.sample import make_sample


@pytest.fixture(scope="session")
def sample() -> dict[str, pl.DataFrame]:
    return make_sample()


@pytest.fixture(scope="session")
def data(sample: dict[str, pl.DataFrame]) -> Dataset:
    return Dataset.of(sample, source="the sample")
