"""What the tests share: the sample as frames and as a dataset, a process for reports, and a browser."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest
from playwright.sync_api import Browser

from kpitools.model.dataset import Dataset
from kpitools.reports.workers import Workers
from kpitools.sample import make_sample
from tests.browser import chromium

#: What makes a test take seconds instead of milliseconds.
SLOW = {"browser", "workers"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files with slow tests come first, so that no process is left with one of them while the others are done."""
    slow = {item.path for item in items if SLOW & {*getattr(item, "fixturenames", ())}}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def sample() -> dict[str, pl.DataFrame]:
    return make_sample()


@pytest.fixture(scope="session")
def data(sample: dict[str, pl.DataFrame]) -> Dataset:
    return Dataset.of(sample, source="the sample")


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """A process that makes reports, for tests that are not about processes: it starts once."""
    with Workers(1) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the tests of a module; two at once cannot be driven from one process."""
    with chromium() as started:
        yield started
