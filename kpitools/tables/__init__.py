"""Tables: each builder takes a tidy frame and returns a `Table`, which becomes HTML, text, CSV or JSON."""

from kpitools.tables.builders import frame_table, leaderboard_table, scorecard_table
from kpitools.tables.table import MIME, Column, Table

__all__ = ["MIME", "Column", "Table", "frame_table", "leaderboard_table", "scorecard_table"]
