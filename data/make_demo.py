"""Derive the demo book in data/demo from the real history in data/daily.

Run `python data/make_demo.py`; a test holds the committed files against what this returns.
"""

import sys
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import exchange_calendars
import polars as pl

DATA = Path(__file__).resolve().parent

# Before 2010 the daily file holds other securities under WM (Washington Mutual until 2008) and EEM.
FIRST_DATE = date(2010, 1, 1)

# The rates end there. Prices that went on without them would leave a book of several currencies scenarios
# in which no currency moves, and none at all once a day of now is added behind the hole.
LAST_DATE = date(2018, 12, 31)

# The distribution of one class C share per share. The ticker GOOG passed to class C that day, and the factors
# file, which follows class C only, does not record it; the raw close falls from 1135.10 to 569.74.
UNRECORDED_ACTIONS = [("GOOG", date(2014, 4, 3), "split", "2")]


@dataclass(frozen=True)
class Holding:
    """A position bought at the close of `bought`; a short has a negative quantity.

    `cost` is told where there is no history of closes.
    """

    portfolio_id: str
    symbol: str
    quantity: int
    bought: date = date(2013, 1, 2)
    cost: str | None = None


PORTFOLIOS = [
    ("GLOBAL", "Global fund, currency overlay", "USD", None),
    ("US-CORE", "US core equity", "USD", "GLOBAL"),
    ("EU-FEEDER", "European feeder", "EUR", "GLOBAL"),
    ("UK-LONGSHORT", "UK long/short", "GBP", "GLOBAL"),
    ("US-COLLAR", "US equity with a collar of options", "USD", "GLOBAL"),
]

COLLARED = date(2018, 1, 2)

HOLDINGS = [
    Holding("GLOBAL", "EURUSD", -400_000),
    Holding("GLOBAL", "GBPUSD", 150_000),
    Holding("US-CORE", "AAPL", 400),
    Holding("US-CORE", "BAC", 12_000),
    Holding("US-CORE", "GOOG", 150, date(2016, 1, 4)),
    Holding("US-CORE", "IBM", 900),
    Holding("US-CORE", "SPY", 2_500),
    Holding("US-CORE", "WM", 3_000),
    Holding("EU-FEEDER", "AIG", 4_000),
    Holding("EU-FEEDER", "BAC", 15_000),
    Holding("EU-FEEDER", "IBM", 700),
    Holding("EU-FEEDER", "SPY", 1_800),
    Holding("UK-LONGSHORT", "SPY", 3_000),
    Holding("UK-LONGSHORT", "QQQ", 1_500),
    Holding("UK-LONGSHORT", "EEM", 6_000),
    Holding("UK-LONGSHORT", "IWM", -4_500),
    Holding("UK-LONGSHORT", "EURGBP", -250_000),
    # A put bought and a call sold against the shares, at Black-Scholes-Merton prices of that day's close.
    Holding("US-COLLAR", "SPY", 2_000, COLLARED),
    Holding("US-COLLAR", "SPY-2030-P240", 20, COLLARED, "55.67"),
    Holding("US-COLLAR", "SPY-2030-C330", -20, COLLARED, "42.32"),
]

INSTRUMENTS = [
    ("AAPL", "Apple Inc.", "equity", "USD", "XNAS", "US0378331005", "Information Technology"),
    ("AIG", "American International Group", "equity", "USD", "XNYS", "US0268747849", "Financials"),
    ("BAC", "Bank of America", "equity", "USD", "XNYS", "US0605051046", "Financials"),
    ("EEM", "iShares MSCI Emerging Markets ETF", "etf", "USD", "ARCX", "US4642872349", None),
    ("GOOG", "Alphabet Inc. class C", "equity", "USD", "XNAS", "US02079K1079", "Communication Services"),
    ("IBM", "IBM Corporation", "equity", "USD", "XNYS", "US4592001014", "Information Technology"),
    ("IWM", "iShares Russell 2000 ETF", "etf", "USD", "ARCX", "US4642876555", None),
    ("QQQ", "Invesco QQQ Trust", "etf", "USD", "XNAS", "US46090E1038", None),
    ("SPY", "SPDR S&P 500 ETF Trust", "etf", "USD", "ARCX", "US78462F1030", None),
    ("WM", "Waste Management", "equity", "USD", "XNYS", "US94106L1098", "Industrials"),
    ("EURUSD", "Euro in US dollars", "fx", "USD", "XOFF", None, None),
    ("GBPUSD", "Pound sterling in US dollars", "fx", "USD", "XOFF", None, None),
    ("EURGBP", "Euro in pounds sterling", "fx", "GBP", "XOFF", None, None),
    ("NZDUSD", "New Zealand dollar in US dollars", "fx", "USD", "XOFF", None, None),
]

# European options on SPY for 100 units each; no quotes of them exist here, so a volatility prices them.
OPTIONS = [
    ("SPY-2030-P240", "SPY put 240 December 2030", "240", "put"),
    ("SPY-2030-C330", "SPY call 330 December 2030", "330", "call"),
]
OPTION_TERMS = {
    "asset_class": "option",
    "currency": "USD",
    "exchange": "XCBO",
    "multiplier": "100",
    "underlying": "SPY",
    "expiry": "2030-12-20T21:00:00Z",
    "volatility": "0.20",
    "interest_rate": "0.01",
    "dividend_yield": "0.015",
}
INSTRUMENT_COLUMNS = [
    *("symbol", "name", "asset_class", "currency", "exchange", "isin", "sector", "multiplier"),
    *("underlying", "strike", "expiry", "option_right", "volatility", "interest_rate", "dividend_yield"),
]

LIMIT_COLUMNS = [
    *("limit_id", "portfolio_id", "scope", "scope_value", "measure", "parameters"),
    *("warning_level", "hard_level", "hysteresis", "minimum_coverage", "max_age_s", "escalate_after_s"),
]
# The largest name of US-CORE breaches by design, and the financials of EU-FEEDER warn, at the newest prices.
LIMITS = [
    ("us-largest-name", "US-CORE", "portfolio", None, "concentration", None, "25", "30"),
    ("us-var99", "US-CORE", "portfolio", None, "historical_var", "confidence_bp=9900", "50000", "75000"),
    ("eu-financials", "EU-FEEDER", "sector", "Financials", "share_of_gross", None, "45", "55"),
    ("eu-apple-free", "EU-FEEDER", "asset", "AAPL", "gross", None, None, "1000"),
    ("uk-leverage", "UK-LONGSHORT", "portfolio", None, "leverage", None, "2.5", "3"),
    ("uk-euro", "UK-LONGSHORT", "currency", "EUR", "net", None, "200000", "300000"),
    ("global-volatility", "GLOBAL", "portfolio", None, "volatility_20d", None, "0.2", "0.3"),
    ("global-day", "GLOBAL", "portfolio", None, "daily_loss", None, "50000", "100000"),
]
LIMIT_OPTIONS = {
    "us-largest-name": {"escalate_after_s": "3600"},
    "eu-financials": {"hysteresis": "0.05"},
    "global-volatility": {"hysteresis": "0.1", "minimum_coverage": "0.9"},
    "global-day": {"minimum_coverage": "0.9"},
}


def build() -> dict[str, pl.DataFrame]:
    """Every file of data/demo by name."""
    prices, fx, actions = daily_prices(), fx_rates(), corporate_actions()
    return {
        "portfolios.csv": pl.DataFrame(
            PORTFOLIOS, schema=["portfolio_id", "name", "base_currency", "parent_id"], orient="row"
        ),
        "instruments.csv": instruments(),
        "positions.csv": positions(prices, fx, actions),
        "prices.parquet": prices,
        "fx.parquet": fx,
        "corporate-actions.csv": actions,
        "limits.csv": limits(),
    }


def instruments() -> pl.DataFrame:
    """Shares, ETFs and pairs, then options with their terms."""
    listed = [dict(zip(INSTRUMENT_COLUMNS, row, strict=False)) for row in INSTRUMENTS]
    options = [
        {"symbol": symbol, "name": name, "strike": strike, "option_right": right, **OPTION_TERMS}
        for symbol, name, strike, right in OPTIONS
    ]
    return pl.DataFrame([*listed, *options], schema=dict.fromkeys(INSTRUMENT_COLUMNS, pl.String))


def limits() -> pl.DataFrame:
    """Levels for the demo book: one limit of most scopes and measures."""
    rows = [dict(zip(LIMIT_COLUMNS, row, strict=False)) | LIMIT_OPTIONS.get(row[0], {}) for row in LIMITS]
    return pl.DataFrame(rows, schema=dict.fromkeys(LIMIT_COLUMNS, pl.String))


def daily_prices() -> pl.DataFrame:
    """Unadjusted daily bars from FIRST_DATE to LAST_DATE."""
    daily = pl.read_parquet(DATA / "daily" / "us-equity-daily-unadjusted.parquet")
    return (
        daily.filter(pl.col("date").is_between(FIRST_DATE, LAST_DATE))
        .select("symbol", "date", "close", pl.lit("USD").alias("currency"), "open", "high", "low", "volume")
        .sort("symbol", "date")
    )


def fx_rates() -> pl.DataFrame:
    """Mid of the daily closing bid and ask, exact, as text."""
    daily = pl.read_parquet(DATA / "daily" / "fx-daily.parquet")
    daily = daily.filter(pl.col("date").is_between(FIRST_DATE, LAST_DATE))
    # The quotes are 5-decimal numbers stored as floats: round brings the number back, the sum is then whole.
    points = [(pl.col(side) * 100_000).round().cast(pl.Int64) for side in ("bid_close", "ask_close")]
    mid = ((points[0] + points[1]) * 5).cast(pl.Decimal(18, 0)) / pl.lit(1_000_000).cast(pl.Decimal(18, 6))
    return daily.select("pair", "date", mid.cast(pl.Decimal(18, 6)).cast(pl.String).alias("rate")).sort(
        "pair", "date"
    )


def corporate_actions() -> pl.DataFrame:
    """Splits (new shares per old share) and cash dividends (per share held before the ex-date).

    adjusted price = raw * price_factor * split_factor up to `last_date`, so where a factor changes after
    `last_date` the next session is an ex-date: ratio = split_factor after / before, and
    dividend = reference_price * (1 - price_factor before / after), of the close of `last_date`.
    """
    factors = pl.read_csv(DATA / "daily" / "us-equity-price-factors.csv", try_parse_dates=True)
    changes = factors.sort("symbol", "last_date").with_columns(
        ratio=pl.col("split_factor").shift(-1).over("symbol") / pl.col("split_factor"),
        dividend=pl.col("reference_price")
        * (1 - pl.col("price_factor") / pl.col("price_factor").shift(-1).over("symbol")),
    )
    dated = pl.col("last_date").is_between(FIRST_DATE, LAST_DATE, closed="left")
    recorded = changes.filter(pl.col("ratio").is_not_null(), dated)
    rows = list(UNRECORDED_ACTIONS)
    for change in recorded.iter_rows(named=True):
        key = (change["symbol"], next_session(change["last_date"]))
        if abs(change["ratio"] - 1) > 1e-4:
            rows.append((*key, "split", split_text(change["ratio"])))
        if change["dividend"] > 5e-5:
            rows.append((*key, "dividend", dividend_text(change["dividend"], change["reference_price"])))
    columns = ["symbol", "ex_date", "type", "value"]
    return pl.DataFrame(rows, schema=columns, orient="row").sort("symbol", "ex_date", "type")


def positions(prices: pl.DataFrame, fx: pl.DataFrame, actions: pl.DataFrame) -> pl.DataFrame:
    """Holdings at the close of the day they were bought, and a new version after each later split."""
    closes = {
        (symbol, day): str(close)
        for symbol, day, close in prices.select("symbol", "date", "close").iter_rows()
    }
    closes |= {(pair, day): rate for pair, day, rate in fx.iter_rows()}
    currencies = {row[0]: row[3] for row in INSTRUMENTS}
    rows: list[tuple[str, str, str, str, str, date]] = []
    for holding in HOLDINGS:
        quantity = Fraction(holding.quantity)
        cost = Fraction(holding.cost or closes[holding.symbol, holding.bought])
        start = (holding.portfolio_id, holding.symbol)
        currency = currencies.get(holding.symbol, OPTION_TERMS["currency"])
        rows.append((*start, text(quantity), text(cost), currency, holding.bought))
        for _, ex_date, _, value in splits_after(actions, holding.symbol, holding.bought):
            quantity, cost = quantity * Fraction(value), cost / Fraction(value)
            rows.append((*start, text(quantity), text(cost), currency, ex_date))
    return pl.DataFrame(
        rows, schema=["portfolio_id", "symbol", "quantity", "average_cost", "currency", "as_of"], orient="row"
    )


def splits_after(actions: pl.DataFrame, symbol: str, day: date) -> list[tuple[str, date, str, str]]:
    chosen = (pl.col("symbol") == symbol) & (pl.col("type") == "split") & (pl.col("ex_date") > day)
    return actions.filter(chosen).sort("ex_date").rows()


def next_session(day: date) -> date:
    """The New York session after `day`."""
    return NEW_YORK.date_to_session((day + timedelta(days=1)).isoformat(), direction="next").date()


def split_text(ratio: float) -> str:
    """The simple ratio behind a factor of 6 to 8 digits, such as 7 for 6.999997; else 4 decimals."""
    simple = Fraction(ratio).limit_denominator(20)
    return text(simple) if abs(float(simple) / ratio - 1) < 1e-5 else text(Fraction(ratio), decimals=4)


def dividend_text(dividend: float, reference_price: float) -> str:
    """As many decimals as price factors of 7 decimals carry."""
    return text(Fraction(dividend), decimals=4 if reference_price < 200 else 3)


def text(number: Fraction, decimals: int = 8) -> str:
    """Plain decimal text, rounded half-even, without trailing zeros."""
    return format(Decimal(round(number * 10**decimals)).scaleb(-decimals).normalize(), "f")


NEW_YORK = exchange_calendars.get_calendar("XNYS", start="2009-12-01", end="2021-12-31")


def main() -> None:
    folder = DATA / "demo"
    folder.mkdir(exist_ok=True)
    for name, frame in build().items():
        if name.endswith(".csv"):
            frame.write_csv(folder / name)
        else:
            frame.write_parquet(folder / name, compression="zstd")
        sys.stdout.write(f"{folder.name}/{name}: {frame.height} rows\n")


if __name__ == "__main__":
    main()
