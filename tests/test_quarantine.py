"""Rows set aside: every reason, in words, and a file that opens in a spreadsheet."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

import pytest

from kpitools.intake import Check, check


def loaded(folder: Path, **tables: str) -> Check:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return check(folder)


def reasons(found: Check, table: str = "deals") -> list[tuple]:
    return found.aside[table].select("row", "reasons").rows() if table in found.aside else []


@pytest.mark.parametrize(("table", "text", "said"), [
    ("deals", "deal_id,closed_at\nA,31/12/2026\n", [(2, 'closed_at: not a date in the form 2026-09-30: "31/12/2026"')]),
    ("deals", "deal_id,amount\nA,1\nB,-5\n", [(3, "amount: -5.0 is below 0")]),
    ("deals", "deal_id,status\nA,Wonn\n", [(2, 'status: "Wonn" is not one of open, won, lost')]),
    ("deals", "deal_id,amount\n,5\n", [(2, "deal_id: is missing")]),
    ("deals", "deal_id,amount\nA,5\nB,6\nA,7\n", [(2, "deal_id: used 2 times"), (4, "deal_id: used 2 times")]),
    ("deals", "deal_id,amount\n,5\n,6\n", [(2, "deal_id: is missing"), (3, "deal_id: is missing")]),
    ("deals", "deal_id,created_at,closed_at\nA,2026-02-01,2026-01-01\n",
     [(2, "A deal closes on or after the day it was created")]),
    ("deals", "deal_id,status,closed_at\nA,won,\nB,open,2026-01-01\n",
     [(2, "Won and lost deals say when they closed"), (3, "An open deal has not closed yet")]),
    ("accounts", "account_id,icp_fit\nA,1.5\n", [(2, "icp_fit: 1.5 is above 1")]),
    ("activities", "activity_id,outcome\nA,no_answer\nB,busy\n",
     [(3, 'outcome: "busy" is not one of connected, no_answer, held, no_show, cancelled, replied')]),
    ("order_lines", "order_id,line_no\nA,1\nA,1\nA,2\nA,x\nA,\n", [
        (2, "order_id, line_no: used 2 times"), (3, "order_id, line_no: used 2 times"),
        (5, 'line_no: not a whole number: "x"'), (6, "line_no: is missing")]),
])  # fmt: skip
def test_reasons_are_plain_words(tmp_path: Path, table: str, text: str, said: list):
    found = loaded(tmp_path, **{table: text})
    assert reasons(found, table) == said
    counts = found.tables[table]
    assert counts.read == counts.kept + counts.aside == text.count("\n") - 1
    assert counts.aside == len(said)


def test_every_reason_of_a_row_is_told(tmp_path: Path):
    found = loaded(tmp_path, deals="deal_id,status,amount,term_months,created_at\nA,Wonn,-5,x,never\n")
    assert reasons(found)[0][1].split("; ") == [
        'term_months: not a whole number: "x"',
        'created_at: not a date in the form 2026-09-30: "never"',
        "amount: -5.0 is below 0",
        'status: "Wonn" is not one of open, won, lost',
    ]


def test_what_cannot_be_read_is_not_said_to_be_missing(tmp_path: Path):
    found = loaded(tmp_path, deals="deal_id,status,closed_at\nA,won,soon\n")
    assert reasons(found) == [(2, 'closed_at: not a date in the form 2026-09-30: "soon"')]


def test_rules_over_columns_that_are_not_there_do_not_hold(tmp_path: Path):
    assert loaded(tmp_path, deals="deal_id,status\nA,won\n").tables["deals"].kept == 1


def test_undated_rows_are_kept_and_counted(tmp_path: Path):
    found = loaded(
        tmp_path,
        deals="deal_id,created_at\nA,2026-01-01\nB,\n",
        activities="activity_id,at,scheduled_at\nA,2026-01-02,\nB,,2026-01-01\nC,,\n",
    )
    assert {name: quality.undated for name, quality in found.tables.items()} == {"deals": 1, "activities": 1}
    assert {name: quality.kept for name, quality in found.tables.items()} == {"deals": 2, "activities": 3}


REPS = "rep_id,hired_at\nR1,2026-01-01\nR2,oops\n"


def test_a_foreign_key_leads_to_a_row_that_was_read_kept_or_not(tmp_path: Path):
    found = loaded(tmp_path, reps=REPS, deals="deal_id,owner_rep_id\nA,R1\nB,R2\nC,R99\nD,\n")
    assert reasons(found) == [(4, 'owner_rep_id: no row of reps has "R99"')]


def test_a_broken_line_still_names_its_key(tmp_path: Path):
    found = loaded(tmp_path, reps="rep_id,name\nR1,Ann,too,much\n", deals="deal_id,owner_rep_id\nA,R1\n")
    assert found.tables["deals"].kept == 1
    assert reasons(found, "reps") == [(2, "4 fields where the header has 2")]


def test_a_broken_line_makes_no_duplicate(tmp_path: Path):
    found = loaded(tmp_path, deals="deal_id,amount\nA,1\nA,2,3\n")
    assert reasons(found) == [(3, "3 fields where the header has 2")]


def test_a_foreign_key_of_a_table_that_was_not_brought_is_not_checked(tmp_path: Path):
    assert loaded(tmp_path, deals="deal_id,owner_rep_id\nA,R99\n").aside == {}


@pytest.mark.parametrize(("table", "text", "said"), [
    ("accounts", "account_id,referred_by_account_id\nA,B\nB,\nC,Z\n",
     [(4, 'referred_by_account_id: no row of accounts has "Z"')]),
    ("reps", "rep_id,manager_rep_id\nA,B\nB,Z\n", [(3, 'manager_rep_id: no row of reps has "Z"')]),
])  # fmt: skip
def test_a_foreign_key_within_its_own_table(tmp_path: Path, table: str, text: str, said: list):
    assert reasons(loaded(tmp_path, **{table: text}), table) == said


def test_a_stage_is_one_of_the_stages(tmp_path: Path):
    found = loaded(tmp_path, stages="stage,position\nOpen,1\n", deals="deal_id,stage\nA,Open\nB,Opne\nC,\n")
    assert reasons(found) == [(3, 'stage: no row of stages has "Opne"')]


def test_after_the_last_stage_comes_an_outcome(tmp_path: Path):
    found = loaded(
        tmp_path,
        stages="stage,position\nOpen,1\nDemo,2\n",
        stage_history="history_id,stage,next_stage\n1,Open,Demo\n2,Demo,won\n3,Demo,lost\n4,Demo,gone\n5,won,\n",
    )
    assert reasons(found, "stage_history") == [
        (5, 'next_stage: no row of stages has "gone"'),
        (6, 'stage: no row of stages has "won"'),
    ]


def test_the_message_names_file_row_and_remedy(tmp_path: Path):
    found = loaded(tmp_path, deals="deal_id,amount\nA,1\nB,x\n")
    assert found.messages == (
        'deals: 1 of 2 rows were set aside. The first is row 3 of deals.csv: amount: not a number: "x". '
        "`kpitools check` writes them all to a file.",
    )


HOSTILE = 'deal_id,amount,channel,=cmd\nA,x,"=HYPERLINK(""http://x"")",@x\nB,-5,"+1, -2",\n\u00dc,x,-3.5,"\tx"\n'


def test_the_file_opens_in_a_spreadsheet(tmp_path: Path):
    [path] = loaded(tmp_path, deals=HOSTILE).write_quarantine(tmp_path / "out")
    assert path.name == "deals_set_aside.csv"
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    assert [path.name for path in path.parent.iterdir()] == ["deals_set_aside.csv"]
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [
            ["file", "row", "reasons", "deal_id", "amount", "channel", "'=cmd"],
            ["deals.csv", "2", 'amount: not a number: "x"', "A", "x", '\'=HYPERLINK("http://x")', "'@x"],
            ["deals.csv", "3", "amount: -5.0 is below 0", "B", "-5", "'+1, -2", ""],
            ["deals.csv", "4", 'amount: not a number: "x"', "Ü", "x", "-3.5", "'\tx"],
        ]


def test_columns_of_the_file_do_not_hide_the_reasons(tmp_path: Path):
    found = loaded(tmp_path, deals="deal_id,amount,row,reasons\nA,x,7,none\n")
    assert found.aside["deals"].columns == [
        "file", "row", "reasons", "deal_id", "amount", "row (as found)", "reasons (as found)",
    ]  # fmt: skip


def test_a_table_that_is_whole_again_has_no_file(tmp_path: Path):
    out = tmp_path / "out"
    loaded(tmp_path, deals="deal_id,amount\nA,x\n").write_quarantine(out)
    assert loaded(tmp_path, deals="deal_id,amount\nA,1\n").write_quarantine(out) == []
    assert list(out.iterdir()) == []


def test_the_sources_are_never_overwritten(tmp_path: Path):
    found = loaded(tmp_path, deals="deal_id,amount\nA,x\n")
    found.write_quarantine(tmp_path)
    assert (tmp_path / "deals.csv").read_text() == "deal_id,amount\nA,x\n"
