"""Every KPI once more, in SQL: written from the definitions, so that agreeing with the package means something.

    connection = connect(frames)            # DuckDB with the tables and a few macros
    set_windows(connection, ["2026Q2"])     # the periods, months or quarters
    connection.sql(query("win_rate", by="team"))

A query gives all periods at once, as rows of (dimension, period, value); the one without `by` gives (period, value).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

import duckdb
import polars as pl

from . import conversations, customers, industries, market, people, pipeline, revenue, teams
from .facts import FACTS
from .rows import ROWS

KPIS: dict[str, str] = {
    **revenue.SQL, **pipeline.SQL, **customers.SQL, **people.SQL, **market.SQL, **conversations.SQL, **teams.SQL,
    **industries.SQL,
}  # fmt: skip
_PARTS = {
    **ROWS, **FACTS, **KPIS, **market.PARTS, **conversations.PARTS, **teams.PARTS, **industries.PARTS,
}  # fmt: skip

#: No rows with a known answer give null, rows of which none qualifies give 0. `flow` and `level` pick a fact from
#: facts laid under each other: a flow without rows is 0 beside others that have some, a level is null.
_MACROS = """
    CREATE OR REPLACE MACRO tally(known) AS
        CASE WHEN count(known) > 0 THEN count(*) FILTER (WHERE known) END;
    CREATE OR REPLACE MACRO amount_where(amount_, known) AS
        CASE WHEN count(*) FILTER (WHERE known) = 0 THEN 0 ELSE sum(amount_) FILTER (WHERE known) END;
    CREATE OR REPLACE MACRO ratio(some_, all_) AS some_::DOUBLE / nullif(all_::DOUBLE, 0);
    CREATE OR REPLACE MACRO share(some_, all_) AS 100 * some_::DOUBLE / nullif(all_::DOUBLE, 0);
    CREATE OR REPLACE MACRO change(now_, then_) AS 100 * (now_ - then_) / nullif(then_::DOUBLE, 0);
    CREATE OR REPLACE MACRO flow(k_, v_, name_) AS
        CASE WHEN count(*) FILTER (WHERE k_ = name_) = 0 THEN 0 ELSE max(v_) FILTER (WHERE k_ = name_) END;
    CREATE OR REPLACE MACRO level(k_, v_, name_) AS max(v_) FILTER (WHERE k_ = name_);
"""


def connect(frames: Mapping[str, pl.DataFrame]) -> duckdb.DuckDBPyConnection:
    """A connection that has the frames as tables."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    for name, frame in frames.items():
        connection.register("handed_over", frame.to_arrow())
        connection.execute(f'CREATE TABLE "{name}" AS FROM handed_over')
        connection.unregister("handed_over")
    connection.execute(_MACROS)
    return connection


def set_windows(connection: duckdb.DuckDBPyConnection, labels: Iterable[str]) -> None:
    """The periods asked for, with the one before, the same a year ago, and the four before."""
    connection.execute("CREATE OR REPLACE TABLE asked (label VARCHAR, s DATE, months INTEGER)")
    connection.executemany("INSERT INTO asked VALUES (?, ?, ?)", [_window(label) for label in labels])
    connection.execute("""
        CREATE OR REPLACE TABLE windows AS
        SELECT label, s, (s + to_months(months))::DATE AS e, (s - to_months(months))::DATE AS prev_s,
            (s - to_months(12))::DATE AS year_s, (s + to_months(months - 12))::DATE AS year_e,
            (s - to_months(4 * months))::DATE AS four_s
        FROM asked""")


def query(kpi: str, *, by: str | None = None) -> str:
    """The whole query of a KPI, with the shared parts it rests on."""
    text = "".join(f"{name} AS ({_PARTS[name]}),\n" for name in _needed(KPIS[kpi]))
    columns = "period, value" if by is None else f'grp AS "{by}", period, value'
    filled = text + f"answer AS ({KPIS[kpi]})\nSELECT {columns} FROM answer"
    own, of_new = (by, f"n.{by}") if by else ("NULL::VARCHAR", "NULL::VARCHAR")
    return "WITH " + filled.replace("{by:n}", of_new).replace("{by}", own)


def _needed(text: str) -> list[str]:
    """The names of the shared parts that a text reads, those they read first."""
    found: dict[str, None] = {}
    for name in re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", text):
        if name in _PARTS:
            found |= dict.fromkeys([*_needed(_PARTS[name]), name])
    return list(found)


def _window(label: str) -> tuple[str, date, int]:
    year, part = int(label[:4]), label[4:]
    if part.startswith("Q"):
        return label, date(year, 3 * int(part[1]) - 2, 1), 3
    return label, date(year, int(part[1:]), 1), 1
