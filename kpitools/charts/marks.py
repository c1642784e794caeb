"""Marks that charts of one dot a line share."""

from __future__ import annotations

from typing import Any

import altair as alt

from kpitools.charts import style


def interval(x: Any, y: Any, picked: alt.Parameter) -> alt.Chart:
    """A bar from the lower to the upper end of each line's interval, paler where others are picked.

    Args:
        x: the channel of the lower end.
        y: the channel of the lines.
        picked: the selection.
    """
    bar = alt.Chart().mark_rule(aria=False, color=style.MAIN, strokeWidth=5)
    return bar.encode(x=x, x2=alt.X2("upper:Q"), y=y, opacity=style.dimmed(picked, 0.5))


def at_the_end(y: Any, label: alt.Text | None = None) -> alt.Chart:
    """What is said of each line, where the chart ends on the right.

    Args:
        y: the channel of the lines.
        label: the channel of the words; those of the field `label` where left out.
    """
    words = alt.Chart().mark_text(aria=False, align="left", dx=10)
    return words.encode(x=alt.XValue("width"), y=y, text=label or alt.Text("label:N"))
