"""A guessed mapping as a mapping file: what is guessed stands there with its reason, all else as a comment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath

from kpitools.intake.guess import FirstMapping, Guess, Guessed

TO_CHECK = "to be checked"
_HEAD = """\
# Where each of our columns comes from: on the left ours, on the right theirs, guessed from the headers and values.
# Every line marked "{mark}" is a guess. Read its reason; where it is right, take the mark away; else mend the line.
# `kpitools check` reads the data by this file and says what came of it, `kpitools check --all` what is missing.

folder = {folder}
"""


def mapping_text(first: FirstMapping, folder: PurePath) -> str:
    """The mapping file.

    Args:
        first: what was guessed.
        folder: where the files lie, seen from the mapping file.
    """
    parts = [_HEAD.format(mark=TO_CHECK, folder=quoted(folder.as_posix())), *map(_table, first.tables)]
    if first.left_out:
        lines = (f"#   {quoted(name)}: {_comment(reason)}\n" for name, reason in first.left_out.items())
        parts.append("# Files that are not read:\n" + "".join(lines))
    return "\n".join(parts)


def quoted(text: str) -> str:
    """A text as TOML has it, in one line.

    >>> print(quoted('say "yes"'))
    "say \\"yes\\""
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(text: str) -> str:
    """A text as part of a comment: without what would end its line."""
    return quoted(text)[1:-1].replace('\\"', '"')


def _table(guessed: Guessed) -> str:
    lines = [f"[tables.{guessed.table}]", f"file = {quoted(guessed.file.path.name)} # {TO_CHECK}: its name says so"]
    if guessed.file.separator != ",":
        lines.append(f"separator = {quoted(guessed.file.separator)}")
    lines += ["", f"[tables.{guessed.table}.columns]"]
    lines += [_line(guess) for guess in guessed.taken]
    lines += [f"# {guess.ours} not guessed: {_comment(guess.reason)}" + _from(guess) for guess in guessed.columns
              if guess.refused]  # fmt: skip
    if guessed.unmapped:
        lines += [f"# Columns of theirs that no line names: {', '.join(map(quoted, guessed.unmapped))}"]
    return "\n".join(lines) + "\n"


def _from(guess: Guess) -> str:
    return f" ({quoted(guess.theirs)})" if guess.theirs else ""


def _line(guess: Guess) -> str:
    return f"{guess.ours} = {_source(guess)} # {TO_CHECK}: {_comment(guess.reason)}"


def _source(guess: Guess) -> str:
    form = guess.form
    said = {
        "format": quoted(form.dates[0]) if form.dates else None,
        "decimal": quoted(form.decimal) if form.decimal else None,
        "values": _values(guess.values) if guess.values is not None else None,
    }
    more = "".join(f", {name} = {value}" for name, value in said.items() if value)
    return f"{{ column = {quoted(guess.theirs)}{more} }}" if more else quoted(guess.theirs)


def _values(values: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{quoted(theirs)} = {quoted(ours)}" for theirs, ours in values.items()) + " }"
