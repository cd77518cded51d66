from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tapeline_cli.load.commands import KindName
from tapeline_cli.load.files import FileProblems, read_rows
from tapeline_cli.load.kinds import (
    CORPORATE_ACTIONS,
    FX,
    INSTRUMENTS,
    KINDS,
    PORTFOLIOS,
    POSITIONS,
    PRICES,
    TRADES,
)

DEMO = Path(__file__).resolve().parents[3] / "data" / "demo"
POSITION_HEADER = "portfolio_id,symbol,quantity,average_cost,currency,as_of\n"
INSTRUMENT_HEADER = "symbol,name,asset_class,currency,exchange,isin,figi,sector,multiplier\n"


def csv(folder: Path, text: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def problems_of(kind, path) -> list[str]:
    with pytest.raises(FileProblems) as raised:
        read_rows(kind, path)
    return raised.value.problems


def test_every_kind_is_a_command_argument():
    assert {kind.value for kind in KindName} == set(KINDS)


@pytest.mark.parametrize("path", sorted(DEMO.iterdir()), ids=lambda path: path.name)
def test_the_demo_files_are_valid(path):
    assert read_rows(KINDS[path.stem], path)


def test_a_row_becomes_exact_values(tmp_path):
    text = POSITION_HEADER + "GROWTH,IBM,-10.50,181.123456789,USD,2013-01-02\n"
    (row,) = read_rows(POSITIONS, csv(tmp_path, text))
    assert row.line == 2
    assert row.values == {
        "portfolio_id": "GROWTH",
        "symbol": "IBM",
        "quantity": Decimal("-10.50"),
        "average_cost": Decimal("181.123456789"),
        "currency": "USD",
        "as_of": datetime(2013, 1, 2, tzinfo=UTC),
    }


def test_a_time_with_zone_is_taken_as_it_is(tmp_path):
    text = POSITION_HEADER + "GROWTH,IBM,1,1,USD,2013-01-02T15:00:00+01:00\n"
    (row,) = read_rows(POSITIONS, csv(tmp_path, text))
    assert row.values["as_of"] == datetime(2013, 1, 2, 14, tzinfo=UTC)


def test_a_symbol_that_looks_like_a_number_or_null_stays_text(tmp_path):
    text = "symbol,ex_date,type,value\n0700,2024-01-02,split,2\nNULL,2024-01-02,dividend,0.10\n"
    rows = read_rows(CORPORATE_ACTIONS, csv(tmp_path, text))
    assert [row.values["symbol"] for row in rows] == ["0700", "NULL"]


def test_parquet_and_csv_of_the_same_rows_agree(tmp_path):
    table = pl.DataFrame(
        {
            "symbol": ["IBM"],
            "date": [date(2024, 1, 2)],
            "close": ["181.90"],
            "currency": ["USD"],
            "volume": [7],
        }
    ).with_columns(pl.col("close").cast(pl.Decimal(18, 4)))
    table.write_parquet(tmp_path / "p.parquet")
    table.write_csv(tmp_path / "p.csv")
    (a,), (b,) = read_rows(PRICES, tmp_path / "p.parquet"), read_rows(PRICES, tmp_path / "p.csv")
    assert a.values == b.values
    assert a.values["close"] == Decimal("181.90")


def test_a_problem_names_file_line_column_value_and_what_to_do(tmp_path):
    text = POSITION_HEADER + 'GROWTH,IBM,"1,000",181,USD,2013-01-02\n'
    assert problems_of(POSITIONS, csv(tmp_path, text, "book.csv")) == [
        "book.csv line 2, quantity '1,000': write the number without commas, with a point for decimals, "
        "such as 1234.5"
    ]


def test_all_problems_are_told_at_once_and_many_are_counted(tmp_path):
    text = POSITION_HEADER + "GROWTH,IBM,0,181,USD,2013-01-02\n" * 30
    with pytest.raises(FileProblems, match=r"and 10 more problems\n.*nothing was loaded") as raised:
        read_rows(POSITIONS, csv(tmp_path, text))
    assert len(raised.value.problems) == 30


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("GR/OWTH,IBM,1,1,USD,2013-01-02", "portfolio_id 'GR/OWTH': must be letters"),
        ("GROWTH,I BM,1,1,USD,2013-01-02", "symbol 'I BM': must be 1 to 32"),
        ("GROWTH,,1,1,USD,2013-01-02", "symbol '': must not be empty"),
        ("GROWTH,IBM,0,1,USD,2013-01-02", "quantity '0': must not be zero"),
        ("GROWTH,IBM,1e3,1,USD,2013-01-02", "quantity '1e3': must be a plain decimal"),
        ("GROWTH,IBM,NaN,1,USD,2013-01-02", "quantity 'NaN': must be a plain decimal"),
        ("GROWTH,IBM,1,-1,USD,2013-01-02", "average_cost '-1': must not be below zero"),
        ("GROWTH,IBM,1,1,GBX,2013-01-02", "currency 'GBX': is a minor unit; write GBP"),
        ("GROWTH,IBM,1,1,usd,2013-01-02", "currency 'usd': must be an ISO 4217"),
        ("GROWTH,IBM,1,1,USD,02.01.2013", "as_of '02.01.2013': must be an ISO date"),
        ("GROWTH,IBM,1,1,USD,2013-01-02T10:00:00", "as_of '2013-01-02T10:00:00': has no zone"),
    ],
)
def test_wrong_cells_of_positions(tmp_path, cells, problem):
    assert problem in problems_of(POSITIONS, csv(tmp_path, POSITION_HEADER + cells + "\n"))[0]


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ("A,A,bond,USD,XNAS,,,,", "asset_class 'bond': must be one of equity, etf, fx, cash, option"),
        ("A,A,equity,USD,NASDAQ,,,,", "exchange 'NASDAQ': must be a market identifier code"),
        ("A,A,equity,USD,XNAS,US0378331006,,,", "isin 'US0378331006': is no ISIN: its check digit"),
        ("A,A,equity,USD,XNAS,,BBG,,", "figi 'BBG': must be a FIGI"),
        ("A,A,equity,USD,XNAS,,,,0", "multiplier '0': must be above zero"),
    ],
)
def test_wrong_cells_of_instruments(tmp_path, cells, problem):
    assert problem in problems_of(INSTRUMENTS, csv(tmp_path, INSTRUMENT_HEADER + cells + "\n"))[0]


@pytest.mark.parametrize("pair", ["EURUS", "EURUSDX", "EUREUR", "EURXXY"])
def test_a_pair_is_two_different_currencies(tmp_path, pair):
    assert problems_of(FX, csv(tmp_path, f"pair,date,rate\n{pair},2024-01-02,1.1\n"))


def test_high_below_low_is_found(tmp_path):
    text = "symbol,date,close,currency,high,low\nIBM,2024-01-02,10,USD,9,11\n"
    assert "high '9': is below low 11" in problems_of(PRICES, csv(tmp_path, text))[0]


def test_a_row_that_is_there_twice_is_found(tmp_path):
    text = "portfolio_id,name,base_currency\nA,One,USD\nB,Two,USD\nA,Three,EUR\n"
    (problem,) = problems_of(PORTFOLIOS, csv(tmp_path, text))
    assert problem.endswith("line 4: A is already on line 2; keep one of them")


def test_header_problems_name_what_is_allowed(tmp_path):
    found = problems_of(PORTFOLIOS, csv(tmp_path, "portfolio_id,name,currency\nA,One,USD\n"))
    assert [text.split(";")[0] for text in found] == [
        "file.csv: column base_currency is missing",
        "file.csv: column currency is unknown",
    ]


def test_a_missing_or_foreign_file_is_a_clear_problem(tmp_path):
    assert "no such file" in problems_of(FX, tmp_path / "none.csv")[0]
    assert "neither .csv nor .parquet" in problems_of(FX, csv(tmp_path, "x", "fx.xlsx"))[0]
    (tmp_path / "fx.parquet").write_bytes(b"not parquet")
    assert "cannot be read" in problems_of(FX, tmp_path / "fx.parquet")[0]


OPTION_HEADER = (
    "symbol,name,asset_class,currency,exchange,multiplier,issuer,underlying,strike,expiry,option_right,"
    "volatility,interest_rate,dividend_yield\n"
)
OPTION_ROW = "SPY-P,SPY put,option,USD,XCBO,100,,SPY,165,2013-12-20T21:00:00Z,put,0.16,0.01,0.02\n"


def test_an_option_is_read_with_its_terms(tmp_path):
    (row,) = read_rows(INSTRUMENTS, csv(tmp_path, OPTION_HEADER + OPTION_ROW))
    assert row.values == {
        "symbol": "SPY-P",
        "name": "SPY put",
        "asset_class": "option",
        "currency": "USD",
        "exchange": "XCBO",
        "multiplier": Decimal(100),
        "underlying": "SPY",
        "strike": Decimal(165),
        "expiry": datetime(2013, 12, 20, 21, tzinfo=UTC),
        "option_right": "put",
        "volatility": Decimal("0.16"),
        "interest_rate": Decimal("0.01"),
        "dividend_yield": Decimal("0.02"),
    }


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("put,0.16", "straddle,0.16", "option_right 'straddle': must be one of call, put"),
        ("2013-12-20T21:00:00Z", "2013-12-20", "expiry '2013-12-20': needs the time as well"),
        ("0.16", "16", "volatility '16': must be a fraction per year"),
        (",0.01,", ",5,", "interest_rate '5': must be a fraction per year"),
        (",165,", ",,", "asset_class 'option': needs strike"),
        (",SPY,165", ",SPY-P,165", "underlying 'SPY-P': is the option itself"),
        (",option,", ",etf,", "underlying 'SPY': is for options"),
    ],
)
def test_an_option_tells_all_its_terms_and_nothing_else_does(tmp_path, old, new, problem):
    (found,) = problems_of(INSTRUMENTS, csv(tmp_path, OPTION_HEADER + OPTION_ROW.replace(old, new)))
    assert f"line 2, {problem}" in found


def test_a_trade_without_sequence_has_zero_and_a_fee_only_when_told(tmp_path):
    header = "trade_id,portfolio_id,symbol,quantity,price,currency,executed_at,seq,fee\n"
    text = (
        header
        + "T1,GROWTH,IBM,-5,181.2,USD,2013-10-07T14:00:00Z,,\nT2,GROWTH,IBM,5,181,USD,2013-10-07,3,1.5\n"
    )
    first, second = (row.values for row in read_rows(TRADES, csv(tmp_path, text)))
    assert (first["seq"], "fee" in first, first["quantity"]) == (0, False, -5)
    assert (second["seq"], second["fee"]) == (3, Decimal("1.5"))
    assert second["executed_at"] == datetime(2013, 10, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong", ["T 1,P,IBM,1,1,USD", "T1,P,IBM,0,1,USD", "T1,P,IBM,1,0,USD", "T1,P,IBM,1,1,GBX"]
)
def test_a_wrong_trade_is_refused(tmp_path, wrong):
    header = "trade_id,portfolio_id,symbol,quantity,price,currency,executed_at\n"
    path = csv(tmp_path, header + wrong + ",2013-10-07\n")
    assert len(problems_of(TRADES, path)) == 1


LIMITS_HEADER = "limit_id,portfolio_id,scope,scope_value,measure,parameters,warning_level,hard_level\n"


def test_limits_are_read_with_their_parameters_in_one_order(tmp_path):
    path = tmp_path / "limits.csv"
    path.write_text(LIMITS_HEADER + "v,P,portfolio,,historical_var,horizon_days=1; confidence_bp=9900,5,10\n")
    (row,) = read_rows(KINDS["limits"], path)
    assert row.values["parameters"] == "confidence_bp=9900,horizon_days=1"
    assert row.values["active"] is True


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("x,P,portfolio,,nonsense,,,10", "cannot be limited"),
        ("x,P,sector,,gross,,,10", "scope_value"),
        ("x,P,portfolio,,gross,,20,10", "below the hard level"),
        ("x,P,portfolio,,historical_var,confidence_bp:9900,,10", "name=value"),
    ],
)
def test_a_limit_that_could_not_be_evaluated_is_not_loaded(tmp_path, line, words):
    path = tmp_path / "limits.csv"
    path.write_text(LIMITS_HEADER + line + "\n")
    with pytest.raises(FileProblems, match=words):
        read_rows(KINDS["limits"], path)
