"""What is sold: the catalogue, and which product a deal is about."""

from __future__ import annotations

from datetime import date

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import day
from kpitools.sample.draw import Draw

_ROWS = (
    ("P01", "Keel Base", "Platform", True, False, date(2018, 3, 1), 240.0),
    ("P02", "Keel Team", "Platform", True, False, date(2018, 3, 1), 420.0),
    ("P03", "Keel Enterprise", "Platform", True, False, date(2020, 9, 1), 780.0),
    ("P04", "Compass Reports", "Analytics", False, False, date(2021, 2, 1), 180.0),
    ("P05", "Compass Forecast", "Analytics", False, False, date(2025, 2, 3), 300.0),
    ("P06", "Winch Flows", "Automation", True, False, date(2022, 5, 2), 260.0),
    ("P07", "Winch Connect", "Automation", False, False, date(2023, 4, 3), 150.0),
    ("P08", "Onboarding package", "Services", False, True, date(2018, 3, 1), 4_500.0),
    ("P09", "Training day", "Services", False, True, date(2019, 1, 7), 1_400.0),
    ("P10", "Advisory day", "Services", False, True, date(2021, 6, 1), 1_900.0),
)
SERVICES = ("P08", "P09", "P10")
FAMILY = {row[0]: row[2] for row in _ROWS}
LIST_PRICE = {row[0]: row[6] for row in _ROWS}
_LATEST = "P05"
_LATEST_LAUNCH = date(2025, 2, 3)

#: What a new customer of the segment pays in a year, in the middle.
CONTRACT_VALUE = {"enterprise": 64_000.0, "mid_market": 24_000.0, "smb": 6_000.0}
#: Which products new customers start with.
_SOLD_FIRST = {
    "enterprise": {"P03": 60, "P02": 12, "P06": 14, "P04": 10, "P10": 4},
    "mid_market": {"P02": 60, "P01": 10, "P06": 15, "P04": 10, "P08": 5},
    "smb": {"P01": 65, "P02": 12, "P04": 9, "P06": 9, "P09": 5},
}
_CROSS_SOLD = {"P04": 3, "P05": 4, "P06": 3, "P07": 4, "P08": 2, "P09": 2, "P10": 1}
_TERMS = {"12": 0.75, "24": 0.15, "36": 0.10}


def product_table() -> pl.DataFrame:
    """The catalogue."""
    columns = ["product_id", "name", "family", "is_core", "is_service", "launched_at", "list_price"]
    return pl.DataFrame(_ROWS, schema=columns, orient="row")


def is_service(product: str = "product_id") -> pl.Expr:
    """Whether the product is a service: paid once, no subscription."""
    return pl.col(product).is_in(list(SERVICES))


def contract_value(frame: pl.DataFrame, draw: Draw) -> pl.Expr:
    """A year's price for each row's segment, to ten."""
    middle = pl.col("segment").replace_strict(CONTRACT_VALUE, return_dtype=pl.Float64)
    return (middle * draw.spread(frame.height, 0.5) / 10).round() * 10


def sell_first(frame: pl.DataFrame, draw: Draw) -> pl.DataFrame:
    """What a new deal is about: `product_id`, `annual_value`, `term` (months), `once` (paid once, for services)."""
    size = pl.when(pl.col("first_rep") == truth.STAR_REP).then(truth.STAR_DEAL_SIZE).otherwise(1.0)
    frame = frame.with_columns(
        product_id=draw.pick_by(frame["segment"], _SOLD_FIRST),
        value=contract_value(frame, draw) * size,
        term=draw.pick(frame.height, _TERMS).str.to_integer(),
    )
    return _priced(frame)


def installed(frame: pl.DataFrame, draw: Draw) -> pl.Expr:
    """What the installed base has: software."""
    picked = pl.lit(draw.pick_by(frame["segment"], _SOLD_FIRST))
    return pl.when(picked.is_in(list(SERVICES))).then(pl.lit("P02")).otherwise(picked)


def cross_sell(frame: pl.DataFrame, draw: Draw) -> pl.Expr:
    """A second product; the latest one only once it is launched."""
    picked = pl.lit(draw.pick(frame.height, _CROSS_SOLD))
    too_early = (picked == _LATEST) & (day(pl.col("created")) < _LATEST_LAUNCH)
    return pl.when(too_early).then(pl.lit("P04")).otherwise(picked)


def _priced(frame: pl.DataFrame) -> pl.DataFrame:
    """Services are paid once, at a quarter of a year's price."""
    once = (pl.col("value") / 4).round(2)
    return frame.with_columns(
        annual_value=pl.when(is_service()).then(0.0).otherwise("value"),
        once=pl.when(is_service()).then(once).otherwise(0.0),
        term=pl.when(~is_service()).then("term"),
    ).drop("value")
