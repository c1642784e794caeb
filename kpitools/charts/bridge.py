"""The open pipeline from the opening of a period to its closing."""

from __future__ import annotations

from itertools import accumulate

import altair as alt
import polars as pl

from kpitools.charts import data, style
from kpitools.formats import axis_title, format_difference, format_value

ENDS = ("opening", "closing")
STANDS, ADDS, TAKES, WON = "Open", "Adds", "Takes away", "Won"
KINDS = (STANDS, ADDS, TAKES, WON)
#: Blue for what stands, green for won, orange for what came in, grey for what went.
COLOURS = {STANDS: style.COLOURS[0], ADDS: style.COLOURS[1], TAKES: style.COLOURS[5], WON: style.COLOURS[2]}


def pipeline_bridge(frame: pl.DataFrame, *, title: str = "Open pipeline from opening to closing") -> style.Chart:
    """How the open pipeline came from its opening to its closing, step by step.

    Args:
        frame: One row per step in their order: `step` (the first `opening`, the last `closing`), `position`, `deals`,
            `amount` (signed). Steps without a deal are left out.
        title: what it is a bridge of.

    Raises:
        UnknownNameError: The frame lacks a column.
        EvaluationError: A step has several rows.
    """
    data.need(frame, "step", "position", "deals", "amount")
    data.one_row_each(frame, "step")
    shown = frame.sort("position").filter((pl.col("deals") > 0) | pl.col("step").is_in(ENDS))
    if not shown["deals"].sum():
        return style.no_data(title)
    rows = _rows(shown)
    parts = [f"{name}: {label}." for name, label in rows.select("name", "label").rows()]
    told = data.sentences(f"Waterfall chart. {title}.", parts)
    texts = {"title": title, "notes": ["Beside each bar: amount · deals."], "description": told}
    return style.fitted(alt.layer(*_bars(rows), data=data.inline(rows)), height=30 * rows.height, **texts)


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    steps, amounts = frame["step"].to_list(), data.floats(frame["amount"]).fill_null(0).to_list()
    reached = [*accumulate(amounts[:-1]), amounts[-1]]
    begun = [0.0 if step in ENDS else before for step, before in zip(steps, [0.0, *reached], strict=False)]
    rows = pl.DataFrame(
        {
            "name": [name.replace("_", " ").capitalize() for name in data.names(frame["step"])],
            "kind": [_kind(step, amount) for step, amount in zip(steps, amounts, strict=True)],
            "low": [min(pair) for pair in zip(begun, reached, strict=True)],
            "high": [max(pair) for pair in zip(begun, reached, strict=True)],
            "amount_text": [_amount(step, amount) for step, amount in zip(steps, amounts, strict=True)],
            "short": [_amount(step, amount, short=True) for step, amount in zip(steps, amounts, strict=True)],
            "deals_text": data.texts(frame["deals"], "count"),
        }
    )
    rows = rows.with_columns(label=pl.format("{} · {}", "short", "deals_text")).drop("short")
    return data.named(rows, "name", pl.format("amount {}", "amount_text"), pl.format("deals {}", "deals_text"))


def _kind(step: str, amount: float) -> str:
    if step in ENDS:
        return STANDS
    if step == "won":
        return WON
    return ADDS if amount >= 0 else TAKES


def _amount(step: str, amount: float, *, short: bool = False) -> str:
    write = format_value if step in ENDS else format_difference
    return write(amount, "currency", short=short)


def _bars(rows: pl.DataFrame) -> list[alt.Chart]:
    room = (data.most(rows["high"]) or 1) * 1.25
    axis = style.value_axis("currency", tickCount=5)
    scale = alt.Scale(domain=[min(0.0, *rows["low"]), room], nice=False)
    x = alt.X("low:Q", title=axis_title("Open pipeline", "currency"), axis=axis, scale=scale)
    y = alt.Y("name:N", title=None, sort=rows["name"].to_list(), axis=style.name_axis())
    kinds = [kind for kind in KINDS if kind in rows["kind"]]
    colours = alt.Scale(domain=kinds, range=[COLOURS[kind] for kind in kinds])
    colour = alt.Color("kind:N", title=None, sort=kinds, scale=colours, legend=style.legend())
    hover = style.hovered()
    bar = alt.Chart(name="bars").mark_bar(stroke=style.INK).add_params(hover)
    bar = bar.encode(
        x=x,
        x2=alt.X2("high:Q"),
        y=y,
        color=colour,
        strokeWidth=style.edged(hover),
        tooltip=data.tooltips(name="Step", amount_text="Amount", deals_text="Deals"),
        description=alt.Description("said:N"),
    )
    text = (
        alt.Chart().mark_text(aria=False, align="left", dx=5).encode(x=alt.X("high:Q"), y=y, text=alt.Text("label:N"))
    )
    return [bar, text]
