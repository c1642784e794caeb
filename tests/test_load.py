"""Files in: encodings, lines, types, and the cache."""

from __future__ import annotations

import logging
import os
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from kpitools.errors import DataError
from kpitools.intake import Check, check, load
from kpitools.model.dataset import Quality


def deals(folder: Path, text: str | bytes, name: str = "deals.csv") -> Path:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def columns(found: Check, *names: str, table: str = "deals") -> list[tuple]:
    return found.data[table].select(names).collect().rows()


# --- encodings and line ends ---------------------------------------------------------------------------------------

NAMED = "deal_id,channel\nD1,Café\nD2,Büro\n"


@pytest.mark.parametrize("written", [
    NAMED.encode("utf-8"),
    NAMED.encode("utf-8-sig"),
    NAMED.encode("utf-16"),
    b"\xfe\xff" + NAMED.encode("utf-16-be"),
    NAMED.replace("\n", "\r\n").encode(),
    NAMED.replace("\n", "\r\n").encode("utf-16"),
    NAMED.replace("\n", "\r").encode(),
    NAMED.rstrip().encode(),
    NAMED.replace("\n", "\n\n").encode(),
    ("\n" + NAMED + ",\n , \n").encode(),
    NAMED.replace("Café", '"Café"').encode("utf-8-sig"),
    NAMED.replace("deal_id,", '"deal_id",').replace("Café", "  Café ").encode(),
], ids=["utf-8", "mark", "utf-16", "utf-16-be", "crlf", "utf-16-crlf", "cr", "no-end", "blank-lines", "only-separators",
        "quoted", "spaces"])  # fmt: skip
def test_texts_that_say_what_they_are(tmp_path: Path, written: bytes):
    found = check(deals(tmp_path, written))
    assert columns(found, "deal_id", "channel") == [("D1", "Café"), ("D2", "Büro")]
    assert found.tables == {"deals": Quality(2, 2, 0, 0)}


def test_another_encoding_is_named_with_its_place_and_remedy(tmp_path: Path):
    with pytest.raises(DataError) as error:
        load(deals(tmp_path, NAMED.encode("cp1252")))
    assert str(error.value) == (
        "deals.csv, line 2: byte 0xE9 after 'D1,Caf' is not UTF-8. Save the file as UTF-8, "
        'or say what it is in the mapping, for example encoding = "cp1252".'
    )


def test_another_encoding_far_into_a_file(tmp_path: Path):
    many = "deal_id,channel\n" + "".join(f"D{row},Café\n" for row in range(100_000))
    with pytest.raises(DataError, match="line 100002: byte 0xFC"):
        load(deals(tmp_path, many.encode() + "X,Büro".encode("cp1252")))


@pytest.mark.parametrize(("written", "said"), [
    (b"", "deals.csv is empty: it has not even a header line"),
    (b"\xef\xbb\xbf\r\n", "deals.csv is empty"),
    ("deal_id\nD1\n".encode("utf-16-le"), "zero bytes"),
    (b"id,amount\nD1,5\n", "deals.csv lacks deal_id, the key of deals. Its columns are: id, amount."),
    (b'deal_id,"amount\nD1,5\n', "deals.csv: the quotation marks in its header do not fit"),
    (b"deal_id;amount\nD1;5\n", 'say separator = ";" in a mapping'),
])  # fmt: skip
def test_files_that_are_no_table(tmp_path: Path, written: bytes, said: str):
    with pytest.raises(DataError) as error:
        load(deals(tmp_path, written))
    assert said in str(error.value)


# --- folders -------------------------------------------------------------------------------------------------------


def test_a_header_without_rows_is_an_empty_table(tmp_path: Path):
    found = check(deals(tmp_path, "deal_id,amount\n"))
    assert found.tables == {"deals": Quality(0, 0, 0, 0)}
    assert found.messages == ("deals.csv has a header and no rows: deals is empty.",)


def test_a_folder_without_deals_loads_what_there_is(tmp_path: Path):
    data = load(deals(tmp_path, "rep_id,name\nR1,Ann\n", "reps.csv"), cache=False)
    assert "deals" not in data
    assert data["reps"].select("rep_id", "name").collect().rows() == [("R1", "Ann")]


def test_an_empty_folder_lists_the_names_it_looks_for(tmp_path: Path):
    with pytest.raises(DataError, match=r"holds no table.*accounts, activities.*costs.*deals,"):
        load(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path):
    with pytest.raises(DataError, match=r"There is no folder .*nowhere. Name a folder"):
        load(tmp_path / "nowhere")


def test_one_table_in_two_files(tmp_path: Path):
    pl.DataFrame({"deal_id": ["D1"]}).write_parquet(tmp_path / "deals.parquet")
    with pytest.raises(DataError, match=r"both deals.csv and deals.parquet"):
        load(deals(tmp_path, "deal_id\nD1\n"))


@pytest.mark.parametrize(("name", "said"), [
    ("deal.csv", "deal.csv was not read. Did you mean deals.csv?"),
    ("sheet1.csv", "sheet1.csv was not read. It bears the name of no table."),
    ("deal_versions.csv", "deal_versions.csv was not read: deal_versions is worked out from other tables."),
])  # fmt: skip
def test_files_that_are_not_read_are_named(tmp_path: Path, name: str, said: str):
    deals(tmp_path, "x\n1\n", name)
    assert check(deals(tmp_path, "deal_id\nD1\n")).messages == (said,)


def test_columns_that_are_left_out_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    deals(tmp_path, "deal_id,ammount,colour\nD1,5,red\n")
    with caplog.at_level(logging.WARNING, logger="kpitools"):
        assert load(tmp_path, cache=False).columns("deals") == ("deal_id",)
    assert caplog.messages == [
        'deals.csv: deals has no such columns, they were left out: "ammount" (did you mean amount?), "colour".'
    ]


def test_a_column_that_is_there_twice_is_named(tmp_path: Path):
    found = check(deals(tmp_path, "deal_id,amount,amount\nD1,5,6\n"))
    assert columns(found, "amount") == [(5.0,)]
    assert found.messages[0] == 'deals.csv: column "amount" is there more than once; this one is read as "amount (2)".'


# --- lines ---------------------------------------------------------------------------------------------------------

HEAD = "deal_id,channel,amount\n"


@pytest.mark.parametrize(("text", "kept", "aside"), [
    ("A,x,1\nB,x\nC,x,3\n", "AC", [(3, "2 fields where the header has 3")]),
    ("A,x,1\nB,x,2,y,z\nC,x,3\n", "AC", [(3, "5 fields where the header has 3")]),
    ('A,x,1\nB,"x,2\nC,x,3\n', "AC", [(3, "a quotation mark is opened and not closed")]),
    ('A,x,1\nB,"x,2\nC,"x",3\n', "AC", [(3, "a quotation mark is opened and not closed")]),
    ('A,x,1\nB,"x"y,2\nC,x,3\n', "AC", [(3, "a quotation mark in the middle of a field")]),
    ('A,"x\ny",1\nB,x\nC,x,oops\n', "A", [(4, "2 fields where the header has 3"), (5, 'amount: not a number: "oops"')]),
    ("\nA,x,1\n\n\nB,x,oops\n", "A", [(6, 'amount: not a number: "oops"')]),
    ('A,"a ""b"", c",1\nB,5" pipe,2\n', "AB", []),
    ('A,"two\nlines",1\r\nB,x,2\r\n', "AB", []),
])  # fmt: skip
def test_broken_lines_are_set_aside_with_their_number(tmp_path: Path, text: str, kept: str, aside: list):
    found = check(deals(tmp_path, HEAD + text))
    assert [row[0] for row in columns(found, "deal_id")] == list(kept)
    assert found.aside.get("deals", pl.DataFrame({"row": [], "reasons": []})).select("row", "reasons").rows() == aside


@pytest.mark.parametrize(("written", "read"), [
    ('"a ""b"", c"', 'a "b", c'), ('5" pipe', '5" pipe'), ('"two\nlines"', "two\nlines"), ('""', None), ("  ", None),
])  # fmt: skip
def test_quoted_cells(tmp_path: Path, written: str, read: str | None):
    assert columns(check(deals(tmp_path, f"{HEAD}A,{written},1\n")), "channel") == [(read,)]


def test_nothing_of_a_broken_line_is_lost(tmp_path: Path):
    found = check(deals(tmp_path, HEAD + "A,x,1\nB,x,2,y,z\nC\n"))
    assert found.aside["deals"].select("deal_id", "channel", "amount").rows() == [
        ("B", "x", "2,y,z"),
        ("C", None, None),
    ]


def test_a_large_file_with_one_broken_line(tmp_path: Path):
    rows, wrong = 400_000, 250_000
    lines = [f"D{row:09},Partner programme {row % 97},{row % 1000}.50,2025-01-{row % 28 + 1:02}" for row in range(rows)]
    lines[wrong] += ",more,fields"
    found = check(deals(tmp_path, "deal_id,channel,amount,created_at\n" + "\n".join(lines)))
    assert found.tables["deals"] == Quality(rows, rows - 1, 1, 0)
    assert found.aside["deals"]["row"].to_list() == [wrong + 2]


# --- types ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("column", "written", "read"), [
    ("amount", "1234.5", 1234.5), ("amount", "1e3", 1000.0), ("amount", "+5", 5.0),
    ("term_months", "12", 12), ("term_months", "12.0", 12),
    ("tech_won", "TRUE", True), ("tech_won", "no", False), ("tech_won", "1", True),
    ("expected_close_at", "2026-09-30", date(2026, 9, 30)),
    ("expected_close_at", "2026-09-30T23:30:00-02:00", date(2026, 10, 1)),
    ("created_at", "2026-09-30", datetime(2026, 9, 30)),
    ("created_at", "2026-09-30 14:05", datetime(2026, 9, 30, 14, 5)),
    ("created_at", "2026-09-30T14:05:06.25", datetime(2026, 9, 30, 14, 5, 6, 250_000)),
    ("created_at", "2026-09-30T14:05:06Z", datetime(2026, 9, 30, 14, 5, 6)),
    ("created_at", "2026-09-30 14:05:06 +02:00", datetime(2026, 9, 30, 12, 5, 6)),
    ("deal_id", "007", "007"), ("channel", "  Web ", "Web"), ("amount", " ", None),
])  # fmt: skip
def test_texts_become_values(tmp_path: Path, column: str, written: str, read: object):
    other = "channel" if column == "deal_id" else "deal_id"
    assert columns(check(deals(tmp_path, f"{other},{column}\nx,{written}\n")), column) == [(read,)]


@pytest.mark.parametrize(("column", "written"), [
    ("amount", "1,234"), ("amount", "nan"), ("amount", "inf"), ("amount", "12 €"), ("amount", "1_000"),
    ("term_months", "12.5"), ("tech_won", "maybe"),
    ("created_at", "30.09.2026"), ("created_at", "2026-9-3"), ("created_at", "2026-02-30"), ("created_at", "20260930"),
    ("expected_close_at", "2026-09-30 25:00"), ("expected_close_at", "0026-09-30"),
])  # fmt: skip
def test_nothing_is_guessed(tmp_path: Path, column: str, written: str):
    found = check(deals(tmp_path, f'deal_id,{column}\nD1,"{written}"\nD2,\n'))
    assert columns(found, "deal_id") == [("D2",)]
    assert found.aside["deals"]["reasons"].to_list()[0].endswith(f': "{written}"')


def test_order_is_kept(tmp_path: Path):
    ids = [str((row * 7919) % 10_007) for row in range(10_000)]
    assert [row[0] for row in columns(check(deals(tmp_path, "deal_id\n" + "\n".join(ids))), "deal_id")] == ids


# --- parquet -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("column", "values", "read"), [
    ("deal_id", pl.Series([1, 2]), ["1", "2"]),
    ("deal_id", pl.Series([1.0, 2.0]), ["1", "2"]),
    ("channel", pl.Series(["a", " "], dtype=pl.Categorical), ["a", None]),
    ("amount", pl.Series([1, 2]), [1.0, 2.0]),
    ("amount", pl.Series([1.5, float("nan")]), [1.5, None]),
    ("amount", pl.Series(["1.50", "2.25"]).cast(pl.Decimal(10, 2)), [1.5, 2.25]),
    ("amount", pl.Series([None, None]), [None, None]),
    ("term_months", pl.Series([12.0, None]), [12, None]),
    ("tech_won", pl.Series([1, 0], dtype=pl.Int8), [True, False]),
    ("created_at", pl.Series([date(2026, 1, 2)] * 2), [datetime(2026, 1, 2)] * 2),
    ("created_at", pl.Series([datetime(2026, 7, 2)] * 2, dtype=pl.Datetime("ns", "Europe/Berlin")),
     [datetime(2026, 7, 1, 22)] * 2),
    ("expected_close_at", pl.Series([datetime(2026, 1, 2, 9)] * 2), [date(2026, 1, 2)] * 2),
    ("expected_close_at", pl.Series(["2026-01-02", None]), [date(2026, 1, 2), None]),
])  # fmt: skip
def test_parquet_types_are_taken_kindly(tmp_path: Path, column: str, values: pl.Series, read: list):
    frame = pl.DataFrame({"deal_id": ["A", "B"]}).with_columns(values.alias(column))
    if values.dtype == pl.Datetime("ns", "Europe/Berlin"):
        frame = frame.with_columns(pl.col(column).dt.replace_time_zone(None).dt.replace_time_zone("Europe/Berlin"))
        read = frame[column].dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_list()
    frame.write_parquet(tmp_path / "deals.parquet")
    found = check(tmp_path)
    assert [row[0] for row in columns(found, column)] == read
    assert found.tables["deals"].kept == 2


def test_a_parquet_value_that_does_not_fit_is_set_aside(tmp_path: Path):
    pl.DataFrame({"deal_id": ["A", "B"], "term_months": [12.5, 6]}).write_parquet(tmp_path / "deals.parquet")
    assert check(tmp_path).aside["deals"].rows() == [
        ("deals.parquet", 1, 'term_months: not a whole number: "12.5"', "A", "12.5")
    ]


def test_a_parquet_column_of_a_type_that_cannot_be_ours(tmp_path: Path):
    pl.DataFrame({"deal_id": ["A"], "amount": [[1, 2]]}).write_parquet(tmp_path / "deals.parquet")
    with pytest.raises(DataError, match=r'deals.parquet: column "amount" is of type List.*amount needs Float64'):
        load(tmp_path)


def test_a_torn_parquet_file(tmp_path: Path):
    with pytest.raises(DataError, match=r"deals.parquet is no whole Parquet file"):
        load(deals(tmp_path, b"PAR1 and no more", "deals.parquet"))


# --- cache ---------------------------------------------------------------------------------------------------------

TWO = "deal_id,amount\nD1,100\nD2,oops\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    return deals(folder, TWO)


def cached(source: Path) -> list[Path]:
    return sorted((source.parent / ".kpitools-cache").glob("*/deals.parquet"))


def ids(source: Path) -> list[str]:
    return load(source)["deals"].collect()["deal_id"].to_list()


def test_unchanged_files_are_read_from_the_cache(source: Path, caplog: pytest.LogCaptureFixture):
    first = load(source)
    [entry] = cached(source)
    pl.read_parquet(entry).with_columns(deal_id=pl.lit("from the cache")).write_parquet(entry)
    second = load(source)
    assert second["deals"].collect()["deal_id"].to_list() == ["from the cache"]
    assert second.quality == first.quality == {"deals": Quality(2, 1, 1, 0)}
    assert second.source == first.source == "export"
    assert len(caplog.messages) == 2
    assert caplog.messages[0] == caplog.messages[1]


def test_a_changed_file_is_read_again(source: Path):
    assert ids(source) == ["D1"]
    assert ids(deals(source, TWO.replace("oops", "5"))) == ["D1", "D2"]
    assert len(cached(source)) == 2


@pytest.mark.parametrize("name", ["deals.parquet", "load.json"])
@pytest.mark.parametrize("content", [b"", b"{}", b"PAR1 torn PAR1"])
def test_a_torn_cache_is_rebuilt(source: Path, name: str, content: bytes):
    assert ids(source) == ["D1"]
    torn = cached(source)[0].with_name(name)
    torn.write_bytes(content)
    assert ids(source) == ["D1"]
    assert torn.read_bytes() != content
    assert [path.name for path in torn.parent.parent.iterdir()] == [torn.parent.name]


def test_no_cache_leaves_nothing_behind(source: Path):
    load(source, cache=False)
    assert [path.name for path in source.parent.iterdir()] == ["export"]


def test_a_cache_folder_of_ones_own(source: Path, tmp_path: Path):
    load(source, cache_folder=tmp_path / "own")
    assert len(list((tmp_path / "own").glob("*/deals.parquet"))) == 1
    assert cached(source) == []


def test_where_nothing_can_be_written_beside_the_source_the_users_cache_is_taken(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ".kpitools-cache").write_text("a file is in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert ids(source) == ["D1"]
    assert len(list((tmp_path / "home" / "kpitools").glob("*/deals.parquet"))) == 1


def test_states_unused_for_a_day_are_forgotten_but_the_last_five(source: Path):
    for amount in range(8):
        assert ids(deals(source, f"deal_id,amount\nD1,{amount}\n")) == ["D1"]
    assert len(cached(source)) == 8
    for entry in cached(source):
        os.utime(entry.parent, (0, 0))
    assert ids(deals(source, "deal_id\nD1\n")) == ["D1"]
    assert len(cached(source)) == 5


def test_no_room_for_a_cache_is_no_reason_to_fail(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / ".kpitools-cache").write_text("a file is in the way")
    (tmp_path / "home").write_text("and another")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert ids(source) == ["D1"]
