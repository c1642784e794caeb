"""A table's rules, held against its rows: which rows are kept, and every reason why the others are not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import dataframely as dy
import polars as pl

from kpitools.model.tables import Table

KEY = "primary_key"
REASONS = "|reasons"
#: Begins the name of the rule that a cell could be read; its reason needs the cell's text and is made elsewhere.
MARK = "mark|"


@dataclass(frozen=True)
class Rule:
    """A rule with its words.

    Attributes:
        name: as the schema calls it.
        columns: those it looks at; where one of them could not be read, that is reason enough.
        words: the reason, for a row that breaks it.
    """

    name: str
    columns: tuple[str, ...]
    words: pl.Expr


def judge(
    frame: pl.DataFrame,
    table: type[Table],
    *,
    parents: Mapping[str, pl.Series],
    marks: Mapping[str, Collection[str]],
    beside: Collection[str],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that keep every rule of the table, and those that do not, with all their reasons.

    A rule over columns that the data does not have is not held against it. A foreign key must be among all the keys
    that were read in its table, kept or set aside: a deal is not lost because its rep's hiring date is wrong.

    Args:
        frame: typed columns, marks of what could not be read, and the columns `beside`.
        table: whose rules hold.
        parents: the keys read, by foreign key column.
        marks: column -> the marks beside it.
        beside: further columns, to be handed on as they are.
    """
    own = [name for name in table.column_names() if name in frame.columns]
    flags = [flag for flags in marks.values() for flag in flags]
    schema = _gate(table, own, flags, {name: frame.schema[name] for name in beside}, parents)
    good, failure = schema.filter(frame)
    details = failure.details()
    names = [name for name in details.columns if name not in frame.columns and not name.startswith(MARK)]
    broken = [_broken(_rule(name, table), marks) for name in names]
    reasons = pl.concat_list(broken).list.drop_nulls()
    bad = details.select(*own, *flags, *beside, reasons.alias(REASONS))
    return good.select(*own, *beside), bad


def _gate(
    table: type[Table],
    own: Collection[str],
    flags: Iterable[str],
    beside: Mapping[str, pl.DataType],
    parents: Mapping[str, pl.Series],
) -> type[dy.Schema]:
    """The table's schema, less the columns that are not there and the rules that look at one, and the keys' rules."""
    columns = table.columns()
    members: dict[str, object] = {name: columns[name] for name in own}
    members |= {name: dy.Any() for name in beside}
    for flag in flags:
        members |= {flag: dy.Bool(nullable=True), MARK + flag: _holds(~pl.col(flag))}
    for name, expr in row_rules(table).items():
        if set(expr.meta.root_names()) <= set(own):
            members[name] = _holds(expr)
    for column, keys in parents.items():
        members[f"{column}|parent"] = _holds(pl.col(column).is_in(keys.implode()))
    return type(f"{table.__name__}AtTheDoor", (dy.Schema,), members)


def row_rules(table: type[Table]) -> dict[str, pl.Expr]:
    """The rules a table states over several columns, by name."""
    rules = {name: getattr(value, "validation_fn", None) for name, value in vars(table).items()}
    return {name: rule(table) for name, rule in rules.items() if rule}


def _holds(expr: pl.Expr) -> object:
    return dy.rule()(lambda cls: expr)


def _broken(rule: Rule, marks: Mapping[str, Collection[str]]) -> pl.Expr:
    doubtful = [pl.col(mark) for column in rule.columns for mark in marks.get(column, ())]
    broken = pl.col(rule.name) == "invalid"
    return pl.when(broken & ~pl.any_horizontal(doubtful) if doubtful else broken).then(rule.words)


def _rule(name: str, table: type[Table]) -> Rule:
    """A rule of the schema by its name, in words."""
    keys = table.primary_key()
    if name == KEY:
        uses = pl.when(pl.all_horizontal(pl.col(keys).is_not_null())).then(pl.len().over(keys))
        return Rule(name, tuple(keys), pl.format(f"{', '.join(keys)}: used {{}} times", uses))
    column, _, kind = name.partition("|")
    if not kind:
        sentence = vars(table)[name].validation_fn.__doc__
        roots = row_rules(table)[name].meta.root_names()
        return Rule(name, tuple(roots), pl.lit(" ".join(str(sentence).split()).rstrip(".")))
    return Rule(name, (column,), _words(column, kind, table))


def _words(column: str, kind: str, table: type[Table]) -> pl.Expr:
    value, definition = pl.col(column), table.columns()[column]
    if kind == "nullability":
        return pl.lit(f"{column}: is missing")
    if kind == "parent":
        return pl.format(f'{column}: no row of {table.foreign_keys[column]} has "{{}}"', value)
    if kind.startswith("check__one_of"):
        return pl.format(f'{column}: "{{}}" is not one of {_choices(definition, kind)}', value)
    if kind in ("min", "max"):
        side = "below" if kind == "min" else "above"
        return pl.format(f"{column}: {{}} is {side} {getattr(definition, kind):g}", value)
    return pl.format(f"{column}: {{}} breaks its rule ({kind})", value)


def _choices(definition: dy.Column, kind: str) -> str:
    """The words a column may take, in the order they were declared."""
    return ", ".join((definition.metadata or {}).get(kind.removeprefix("check__"), ()))
