"""Who sells: teams, reps, and the seats through which accounts, deals and leads find their rep.

A seat is a place in a team. When its holder leaves, the successor takes over everything that is open.
The staff is the same for every seed and scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from kpitools.sample import truth
from kpitools.sample.clock import WEEK, minute
from kpitools.sample.words import person


@dataclass(frozen=True)
class Team:
    """A team with its territories, its share of the accounts, and its seats by role."""

    name: str
    region: str
    territories: tuple[str, ...]
    share: float
    ae: int
    sdr: int
    am: int = 1


TEAMS = (
    Team("Nordics", "EMEA", ("Denmark", "Finland", "Norway", "Sweden"), 0.13, 4, 2),
    Team("DACH", "EMEA", ("Austria", "Germany", "Switzerland"), 0.15, 5, 2),
    Team("UK & Ireland", "EMEA", ("England", "Ireland", "Scotland"), 0.13, 4, 2),
    Team(truth.STALE_TEAM, "EMEA", ("Italy", "Portugal", "Spain"), 0.12, 4, 1),
    Team("US East", "Americas", ("Boston", "New York", "Atlanta"), 0.16, 5, 2),
    Team("US West", "Americas", ("Bay Area", "Seattle", "Denver"), 0.15, 5, 2),
    Team("Latin America", "Americas", ("Brazil", "Chile", "Mexico"), 0.11, 4, 1),
    Team(truth.RAMPING_TEAM, "APAC", ("Australia", "Japan", "Singapore"), 0.09, 5, 2),
)

#: The seats whose first holder leaves, with the day from which on the successor sits there.
_LEAVES = {
    ("DACH", "ae", 2): date(2024, 7, 1),
    ("UK & Ireland", "sdr", 1): date(2024, 11, 4),
    ("US East", "ae", 3): date(2025, 2, 3),
    ("Latin America", "ae", 1): date(2025, 9, 1),
    ("Nordics", "ae", 4): date(2026, 3, 2),
}
#: The seats that were added while the data runs, in the order of their slots.
_ADDED = {("DACH", "ae", 5): date(2024, 9, 2), ("US West", "ae", 5): date(2025, 3, 3)} | {
    (truth.RAMPING_TEAM, "ae", slot + 1): day
    for slot, day in enumerate(truth.RAMP_START + timedelta(days=days) for days in (0, 5, 12, 33, 61))
}
#: Two people of one name.
_NAMESAKES = {("Nordics", "ae", 1): "Anna Berg", ("DACH", "ae", 1): "Anna Berg"}
_ALWAYS = -100 * WEEK * 52


def reps() -> pl.DataFrame:
    """Everybody in sales, one row each: the head of sales, the managers, the sellers."""
    rows = [_rep(1, "manager", None, None, date(2016, 5, 2))]
    for team in TEAMS:
        manager = _rep(len(rows) + 1, "manager", team, "R001", _hired(len(rows), team))
        rows.append(manager)
        for role, slot in _places(team):
            rows.extend(_holders(len(rows) + 1, role, slot, team, manager["rep_id"]))
    return pl.DataFrame(rows, schema_overrides={"left_at": pl.Date})


def _places(team: Team) -> list[tuple[str, int]]:
    return [(role, slot) for role in ("ae", "sdr", "am") for slot in range(1, getattr(team, role) + 1)]


def _holders(number: int, role: str, slot: int, team: Team, manager: str) -> list[dict]:
    place = (team.name, role, slot)
    first = _rep(number, role, team, manager, _ADDED.get(place, _hired(number, team)))
    first |= {"slot": slot, "name": _NAMESAKES.get(place, first["name"])}
    if place not in _LEAVES:
        return [first]
    successor = _rep(number + 1, role, team, manager, _LEAVES[place])
    return [first | {"left_at": _LEAVES[place]}, successor | {"slot": slot}]


def _rep(number: int, role: str, team: Team | None, manager: str | None, hired_at: date) -> dict:
    return {
        "rep_id": f"R{number:03}",
        "name": person(number),
        "role": role,
        "is_seller": role != "manager",
        "team": team.name if team else None,
        "manager_rep_id": manager,
        "region": team.region if team else "EMEA",
        "hired_at": hired_at,
        "left_at": None,
        "slot": None,
    }


def _hired(number: int, team: Team) -> date:
    if team.name == truth.RAMPING_TEAM:
        return truth.RAMP_START
    return date(2018, 1, 8) + timedelta(weeks=number * 37 % 290)


def seats(staff: pl.DataFrame) -> pl.DataFrame:
    """One row per seat: its first holder, its successor and when that one takes over.

    Seats that were there before the first day count as always open, so that the slots of a team open in their order.
    """
    return (
        staff.filter("is_seller")
        .sort("team", "role", "slot", "hired_at")
        .group_by("team", "role", "slot", maintain_order=True)
        .agg(
            opens=pl.col("hired_at").first(),
            rep=pl.col("rep_id").first(),
            successor=pl.when(pl.len() > 1).then(pl.col("rep_id").last()),
            handed_over=pl.col("left_at").first(),
        )
        .with_columns(*(minute(pl.col(day)).alias(day) for day in ("opens", "handed_over")))
        .with_columns(opens=pl.when(pl.col("opens") > 0).then("opens").otherwise(_ALWAYS))
        .sort("opens", "slot")
    )


def take_seat(frame: pl.DataFrame, places: pl.DataFrame, *, at: str, luck: str, name: str = "first") -> pl.DataFrame:
    """Give each row a seat of its `team` and `role` that is open at the minute `at`; `luck` (0 to 1) says which.

    Adds `{name}_rep`, `{name}_successor`, `{name}_handed_over`; they are null where no seat is open.
    """
    openings = places.select("team", "role", "opens", is_open="slot")
    holders = places.select("team", "role", "slot", pl.col("rep", "successor", "handed_over").name.prefix(f"{name}_"))
    return (
        frame.with_row_index("_row")
        .sort(at)
        .join_asof(openings, left_on=at, right_on="opens", by=["team", "role"], check_sortedness=False)
        .with_columns(slot=(pl.col(luck) * pl.col("is_open")).floor().cast(pl.Int64) + 1)
        .join(holders, on=["team", "role", "slot"], how="left", maintain_order="left")
        .sort("_row")
        .drop("_row", "opens", "is_open", "slot")
    )


def holder(at: pl.Expr, name: str = "first") -> pl.Expr:
    """The rep who holds the seat at a minute."""
    passed = at >= pl.col(f"{name}_handed_over")
    return pl.when(passed).then(pl.col(f"{name}_successor")).otherwise(pl.col(f"{name}_rep"))


def owner(at: pl.Expr) -> pl.Expr:
    """The rep who owns a deal at a minute: of its first seat, from `moved` on of its second."""
    return pl.when(at >= pl.col("moved")).then(holder(at, "second")).otherwise(holder(at))
