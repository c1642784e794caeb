"""Red flags as a table: what was found, what is likely behind it, what usually helps."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpitools.analyses.flags.catalogue import RULES
from kpitools.analyses.flags.check import Flags
from kpitools.analyses.flags.rules import SEVERITIES, Rule
from kpitools.analyses.words.plain import counted
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.tables import Column, Table


def advice_table(found: pl.DataFrame, rules: Mapping[str, Rule] = RULES, *, caption: str = "What to look at") -> Table:
    """Flags with their likely causes and usual levers, each flag once.

    Args:
        found: rows of `Flags.frame`, in their order.
        rules: the rules by id.
        caption: the heading.
    """
    first = found.unique("flag", keep="first", maintain_order=True)
    rows = [_row(rules[name], severity) for name, severity in first.select("flag", "severity").iter_rows()]
    columns = [Column("flag", "Red flag"), Column("severity", "How bad"), Column("says", "What it means"),
               Column("causes", "Likely causes"), Column("levers", "What usually helps")]  # fmt: skip
    return Table(caption, columns, rows, "Causes and levers are those that are common, not found in this data.")


def _row(rule: Rule, severity: int) -> dict[str, str]:
    told = rule.advice(CATALOGUE.get(rule.kpi))
    return {
        "flag": rule.label,
        "severity": SEVERITIES[severity],
        "says": rule.says,
        "causes": " ".join(told.causes[:2]),
        "levers": " ".join(told.levers[:2]),
    }


def flags_words(found: Flags, *, most: int) -> list[str]:
    """The weightiest flags, one sentence each, and how many rules found nothing or could not be checked.

    >>> from kpitools.analyses.flags.check import FOUND, UNCHECKED
    >>> nothing = Flags(pl.DataFrame(schema=FOUND), pl.DataFrame(schema=UNCHECKED), ("low_win_rate",))
    >>> flags_words(nothing, most=5)
    ['No red flag was raised: 1 rule was checked.']
    """
    rows = found.frame.head(most)["text"].to_list()
    more = found.frame.height - len(rows)
    checked = counted(len(found.checked), "rule was", "rules were")
    end = [f"{counted(more, 'further flag')} weighed less."] if more > 0 else []
    end += [] if rows else [f"No red flag was raised: {checked} checked."]
    if found.unchecked.height:
        end.append(f"{counted(found.unchecked.height, 'rule')} could not be checked with this data.")
    return [*rows, *end]
