"""Mapping files: each thing they may say, and each thing they may get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpitools.errors import DataError, KpitoolsError, UnknownNameError
from kpitools.intake import Check, check, load
from kpitools.model.dataset import Quality

OPPORTUNITIES = "Id,Stage,Value,Closed,Product\n1,Won,100,2026-01-31,Basic\n2,Open,,,Pro\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "opportunities.csv").write_text(OPPORTUNITIES)
    (tmp_path / "crm" / "products.csv").write_text("Product,Price\nBasic,90\nPro,1000\n")
    return tmp_path


def mapping(folder: Path, text: str, *, head: str = 'folder = "crm"') -> Path:
    path = folder / "crm.toml"
    path.write_text(f"{head}\n{text}", encoding="utf-8")
    return path


def of_deals(columns: str, *, more: str = "") -> str:
    return f'[tables.deals]\nfile = "opportunities.csv"\n{more}\n[tables.deals.columns]\ndeal_id = "Id"\n{columns}\n'


def mapped(folder: Path, columns: str, *, more: str = "", head: str = 'folder = "crm"', further: str = "") -> Check:
    return check(mapping(folder, of_deals(columns, more=more) + further, head=head))


def values(found: Check, *names: str, table: str = "deals") -> list[tuple]:
    return found.data[table].select(names).collect().rows()


STATUS = 'status = { column = "Stage", values = { Won = "won", Open = "open" } }'
PRODUCTS = """
[tables.products]
file = "products.csv"
[tables.products.columns]
product_id = "Product"
list_price = "Price"
"""


# --- what a column may be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("columns", "name", "read"), [
    ('amount = "Value"', "amount", [100.0, None]),
    ('amount = { column = "Value", default = 7 }', "amount", [100.0, 7.0]),
    ("amount = { constant = 5 }", "amount", [5.0, 5.0]),
    ("tech_won = { constant = true }", "tech_won", [True, True]),
    ('channel = { column = "Product", aliases = { Basic = "Plain" } }', "channel", ["Plain", "Pro"]),
    ('lost_reason = { column = "Value", default = "none" }', "lost_reason", ["100", "none"]),
    ('stage = { column = "Stage", values = { Won = "", Open = "Demo" } }', "stage", [None, "Demo"]),
    (STATUS, "status", ["won", "open"]),
    ('term_months = { column = "Product", values = { Basic = 12, Pro = 36 } }', "term_months", [12, 36]),
    ('list_amount = { fallback = { from = "products.list_price", by = "product_id" } }\nproduct_id = "Product"',
     "list_amount", [90.0, 1000.0]),
    ('amount = { column = "Value", fallback = { from = "products.list_price", by = "product_id" } }\n'
     'product_id = "Product"', "amount", [100.0, 1000.0]),
    ('list_amount = { fallback = { from = "products.list_price", by = "product_id", where = { status = "won" } } }\n'
     f'product_id = "Product"\n{STATUS}', "list_amount", [90.0, None]),
    ('list_amount = { fallback = { from = "products.list_price", by = "product_id", '
     'where = { status = ["won", "open"] } } }\n'
     f'product_id = "Product"\n{STATUS}', "list_amount", [90.0, 1000.0]),
])  # fmt: skip
def test_a_column(folder: Path, columns: str, name: str, read: list):
    found = mapped(folder, columns, further=PRODUCTS)
    assert found.messages == ()
    assert [value for (value,) in values(found, name)] == read


@pytest.mark.parametrize(("head", "more", "column"), [
    ('decimal = ","\ndate_format = "%d.%m.%Y"', "", 'closed_at = "Closed"\namount = "Value"'),
    ("", 'decimal = ","\ndate_format = "%d.%m.%Y"', 'closed_at = "Closed"\namount = "Value"'),
    ("", "", 'closed_at = { column = "Closed", format = "%d.%m.%Y" }\namount = { column = "Value", decimal = "," }'),
    ('decimal = "."', 'date_format = ["%Y", "%d.%m.%Y"]',
     'closed_at = "Closed"\namount = { column = "Value", decimal = "," }'),
])  # fmt: skip
def test_how_dates_and_numbers_are_written(folder: Path, head: str, more: str, column: str):
    (folder / "crm" / "opportunities.csv").write_text('Id,Value,Closed\n1,"1.234,50",31.01.2026\n')
    found = mapped(folder, column, more=more, head=f'folder = "crm"\n{head}')
    [(amount, closed_at)] = values(found, "amount", "closed_at")
    assert (amount, str(closed_at)) == (1234.5, "2026-01-31 00:00:00")


def test_the_words_of_a_mapping_are_written_plainly_whatever_the_files_form_is(folder: Path):
    text = 'annual_value = { constant = 1.5 }\nexpected_close_at = { constant = 2026-09-30 }\namount = "Value"'
    found = mapped(folder, text, head='folder = "crm"\ndecimal = ","\ndate_format = "%d.%m.%Y"')
    assert [(value, str(day)) for value, day in values(found, "annual_value", "expected_close_at")] == [
        (1.5, "2026-09-30"),
        (1.5, "2026-09-30"),
    ]


@pytest.mark.parametrize(("written", "said"), [
    ("31/01/26", 'closed_at: not a date in the form 30/09/2026: "31/01/26"'),
    ("2026-01-31", 'closed_at: not a date in the form 30/09/2026: "2026-01-31"'),
])  # fmt: skip
def test_a_date_in_another_form_is_set_aside(folder: Path, written: str, said: str):
    (folder / "crm" / "opportunities.csv").write_text(f"Id,Closed\n1,{written}\n")
    found = mapped(folder, 'closed_at = { column = "Closed", format = "%d/%m/%Y" }')
    assert found.aside["deals"]["reasons"].to_list() == [said]


def test_encoding_and_separator(folder: Path):
    (folder / "crm" / "opportunities.csv").write_bytes("Id;Stage\n1;Gewählt\n".encode("cp1252"))
    found = mapped(folder, 'stage = "Stage"', more='encoding = "cp1252"\nseparator = ";"')
    assert values(found, "stage") == [("Gewählt",)]


def test_another_folder(folder: Path):
    path = mapping(folder, of_deals(""), head='folder = "nowhere"')
    with pytest.raises(DataError, match=r"no folder .*nowhere, which crm.toml reads from"):
        load(path, cache=False)
    assert load(path, folder=folder / "crm", cache=False)["deals"].collect().height == 2


def test_the_cache_lies_beside_the_mapping_and_knows_its_words(folder: Path):
    for columns, expected in (('amount = "Value"', [100.0, None]), ("amount = { constant = 5 }", [5.0, 5.0])):
        data = load(mapping(folder, of_deals(columns)))
        assert data["deals"].collect()["amount"].to_list() == expected
    assert len(list((folder / ".kpitools-cache").glob("*/deals.parquet"))) == 2


# --- where rows come from ------------------------------------------------------------------------------------------


def test_rows_written_down_in_the_mapping(folder: Path):
    rows = '[tables.stages]\nrows = [{stage = "Won", position = 1}, {stage = "Open", default_probability = 0.5}]\n'
    found = mapped(folder, 'stage = "Stage"', further=rows)
    assert values(found, "stage", "position", "default_probability", table="stages") == [
        ("Won", 1, None),
        ("Open", None, 0.5),
    ]


def test_a_row_of_the_mapping_is_held_to_the_rules(folder: Path):
    found = check(mapping(folder, '[tables.stages]\nrows = [{stage = "A", position = -1}]\n'))
    assert found.aside["stages"].select("file", "row", "reasons").rows() == [
        ("tables.stages of crm.toml", 1, "position: -1 is below 0")
    ]


def test_several_files_of_one_layout(folder: Path):
    (folder / "crm" / "older.csv").write_text("Id,Value\n3,30\n4,oops\n1,1\n")
    found = mapped(folder, 'amount = "Value"', further='[[tables.deals.also]]\nfile = "older.csv"\n')
    assert values(found, "deal_id", "amount") == [("2", None), ("3", 30.0)]
    assert found.aside["deals"].select("file", "row", "reasons").rows() == [
        ("opportunities.csv", 2, "deal_id: used 2 times"),
        ("older.csv", 3, 'amount: not a number: "oops"'),
        ("older.csv", 4, "deal_id: used 2 times"),
    ]
    assert found.tables["deals"].read == 5


PEOPLE = """
[tables.reps]
file = "people.csv"
[tables.reps.columns]
rep_id = "agent"
manager_rep_id = "boss"
[[tables.reps.also]]
file = "people.csv"
distinct = true
[tables.reps.also.columns]
rep_id = "boss"
role = { constant = "manager" }
region = "office"
"""


def test_things_that_are_only_named_in_other_things_rows(folder: Path):
    (folder / "crm" / "people.csv").write_text("agent,boss,office\nAnn,Cleo,N\nBob,Cleo,N\nCleo,Dan,S\nEve,,S\n")
    found = check(mapping(folder, PEOPLE))
    assert found.aside == {}
    assert values(found, "rep_id", "manager_rep_id", "role", table="reps") == [
        ("Ann", "Cleo", None), ("Bob", "Cleo", None), ("Cleo", "Dan", None), ("Eve", None, None),
        ("Dan", None, "manager"),
    ]  # fmt: skip


def test_a_broken_line_takes_nothing_from_those_that_say_the_same(folder: Path):
    (folder / "crm" / "people.csv").write_text("agent,boss,office\nAnn,Cleo,N,more\nBob,Cleo,N\n")
    found = check(mapping(folder, PEOPLE))
    assert values(found, "rep_id", "role", table="reps") == [("Bob", None), ("Cleo", "manager")]
    assert found.aside["reps"].select("row", "reasons").unique().rows() == [(2, "4 fields where the header has 3")]


def test_a_key_without_a_translation_is_not_lost(folder: Path):
    (folder / "crm" / "people.csv").write_text("agent,boss,office\nAnn,Cleo,N\nBob,Dan,N\n")
    further = '[tables.reps]\nfile = "people.csv"\ndistinct = true\n[tables.reps.columns]\n'
    found = check(mapping(folder, further + 'rep_id = { column = "boss", values = { Cleo = "Cleo" } }'))
    assert found.tables["reps"] == Quality(2, 1, 1, 0)
    assert "has no translation" in found.aside["reps"]["reasons"].item()


def test_two_things_said_of_one_are_both_set_aside(folder: Path):
    (folder / "crm" / "people.csv").write_text("agent,boss,office\nAnn,Cleo,N\nBob,Cleo,S\n")
    found = check(mapping(folder, PEOPLE))
    assert found.aside["reps"].select("row", "reasons").rows() == [
        (2, "rep_id: used 2 times"), (3, "rep_id: used 2 times"),
    ]  # fmt: skip


# --- what is wrong in the files ------------------------------------------------------------------------------------


def test_a_value_without_a_translation_is_set_aside_with_what_to_add(folder: Path):
    found = mapped(folder, 'status = { column = "Stage", values = { Won = "won" } }')
    assert found.aside["deals"]["reasons"].to_list() == [
        'status: "Open" has no translation, add it to [tables.deals.columns.status.values] of crm.toml'
    ]
    assert found.tables["deals"].kept == 1


def test_an_alias_leads_to_its_row(folder: Path):
    columns = 'product_id = { column = "Product", aliases = { Basic = "Pro" } }'
    assert mapped(folder, columns, further=PRODUCTS).aside == {}
    found = mapped(folder, columns.replace('"Pro"', '"Prro"'), further=PRODUCTS)
    assert found.aside["deals"]["reasons"].to_list() == ['product_id: no row of products has "Prro"']


# --- what is wrong in the mapping ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "said"), [
    ("[tables.deals", "crm.toml is no TOML in UTF-8: "),
    ("", "crm.toml names no table. Begin with [tables.deals]."),
    ("tabels = 1", "There is no key in crm.toml 'tabels'. Did you mean 'tables'?"),
    ("[tables.deal]\n", "There is no key in [tables] of crm.toml 'deal'. Did you mean 'deals'?"),
    ("[tables.deal_versions]\n", "There is no key in [tables] of crm.toml 'deal_versions'."),
    ("[tables.deals]\nfiel = 'x'", "There is no key in [tables.deals] of crm.toml 'fiel'. Did you mean 'file'?"),
    ("[tables.deals]\n", "[tables.deals] of crm.toml needs either a file or rows, and not both."),
    ("[tables.deals]\nfile = 'oportunities.csv'", "'oportunities.csv'. Did you mean 'opportunities.csv'?"),
    ("[tables.deals]\nfile = 7", "[tables.deals.file] of crm.toml is 7. Write a text in quotes."),
    ("[tables.deals]\nfile = 'opportunities.csv'", "opportunities.csv lacks deal_id, the key of deals."),
    ("[tables.deals]\nfile = 'opportunities.csv'\n[tables.deals.columns]\namount = 'Value'",
     "[tables.deals.columns] of crm.toml lacks deal_id, the key of deals."),
    (of_deals('ammount = "Value"'), "There is no column of deals 'ammount'. Did you mean 'amount'?"),
    (of_deals('amount = "Valeu"'), "There is no column in opportunities.csv 'Valeu'. Did you mean 'Value'?"),
    (of_deals('amount = { colunm = "Value" }'),
     "There is no key in [tables.deals.columns.amount] of crm.toml 'colunm'. Did you mean 'column'?"),
    (of_deals("amount = { default = 1 }"), "needs a column, or a constant, or a fallback"),
    (of_deals('amount = { column = "Value", constant = 1 }'), "and not a column with a constant"),
    (of_deals("amount = { constant = 'x' }"),
     "[tables.deals.columns.amount.constant] of crm.toml is 'x': not a number."),
    (of_deals("amount = { column = 'Value', default = 'x' }"), "is 'x': not a number."),
    (of_deals("amount = { column = 'Value', decimal = ';' }"), 'is \';\'. Write "," or "."'),
    (of_deals("amount = 5"), "[tables.deals.columns.amount] of crm.toml is 5. Write a table of keys and values."),
    (of_deals("amount = { column = 'Value', values = ['x'] }"), "Write a table of keys and values."),
    (of_deals("amount = { fallback = { form = 'products.list_price', by = 'product_id' } }"),
     "There is no key in [tables.deals.columns.amount.fallback] of crm.toml 'form'. Did you mean 'from'?"),
    (of_deals("amount = { fallback = { from = 'products.list_price' } }"), 'needs from = "table.column" and by ='),
    (of_deals("amount = { fallback = { from = 'product.list_price', by = 'product_id' } }"),
     "There is no table 'product'. Did you mean 'products'?"),
    (of_deals("amount = { fallback = { from = 'products.price', by = 'product_id' } }"),
     "There is no column of products 'price'. Did you mean 'list_price'?"),
    (of_deals("amount = { fallback = { from = 'products.list_price', by = 'product_id' } }"),
     "There is no table in this mapping 'products'."),
    (of_deals("amount = { fallback = { from = 'products.list_price', by = 'product_id' } }") + PRODUCTS,
     "There is no column in this mapping 'product_id'."),
    (of_deals("amount = { fallback = { from = 'products.family', by = 'product_id' } }\nproduct_id = 'Product'")
     + PRODUCTS,
     "There is no column of products in this mapping 'family'."),
    (of_deals("", more="separator = ';;'"), 'is \';;\'. Write one sign, for example ";".'),
    (of_deals("", more="distinct = 'yes'"), "is 'yes'. Write true or false."),
    (of_deals("", more="encoding = 'utf-9'"), "opportunities.csv: there is no encoding 'utf-9'."),
    (of_deals("", more="also = 1"), "[tables.deals.also] of crm.toml is 1. Write [[tables.deals.also]]."),
    ("[tables.stages]\nrows = [{stage = 'A', postion = 1}]", "There is no column of stages 'postion'."),
    ("[tables.stages]\nrows = 'A'", "Write a list of rows"),
    ("[tables.stages]\nrows = [{stage = ['A']}]", "Write a text, a number, a date, true or false."),
    ("[tables.stages]\nrows = [{position = 1}]", "lacks stage, the key of stages."),
    ("[tables.stages]\nrows = []", "tables.stages of crm.toml lacks stage, the key of stages."),
    ("[tables.stages]\nrows = [{stage = 'A'}]\n[tables.stages.columns]\nstage = 'A'", "leave its columns out"),
])  # fmt: skip
def test_a_mistake_is_named_with_its_place(folder: Path, text: str, said: str):
    with pytest.raises(KpitoolsError) as error:
        check(mapping(folder, text))
    assert said in str(error.value)


def test_there_is_no_such_mapping(tmp_path: Path):
    with pytest.raises(DataError, match="There is no mapping file"):
        load(tmp_path / "crm.toml")


def test_a_missing_file_names_those_there_are(folder: Path):
    with pytest.raises(UnknownNameError) as error:
        check(mapping(folder, "[tables.deals]\nfile = 'deals.xlsx'"))
    assert error.value.there_are == ["opportunities.csv", "products.csv"]


def test_a_file_of_another_kind(folder: Path):
    (folder / "crm" / "deals.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"deals.xlsx is neither CSV nor Parquet. Save it as CSV in UTF-8"):
        check(mapping(folder, "[tables.deals]\nfile = 'deals.xlsx'"))


def test_a_folder_is_read_from_itself(folder: Path):
    with pytest.raises(DataError, match="is no mapping"):
        load(folder / "crm", folder=folder)
