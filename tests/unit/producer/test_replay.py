"""Rows of a file to raw events."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest

from contracts import RawTick
from contracts.codec import decoder
from producer.adapters.files import read_rows
from producer.core.faults import Faults
from producer.core.pacing import FOREVER_US, MAX_SPEED, Pace, parse_speed
from producer.core.replay import FileError, Retiming, Selection, encode, normalise, select
from producer.handlers import ReplayFeed
from producer.replay import ReplayRequest, retime, source_name

DATA = Path(__file__).resolve().parents[3] / "data" / "ticks"
TRADES = DATA / "us-equity-trades-2013-10-07.parquet"
QUOTES = DATA / "fx-quotes-2014-05-05.parquet"


def decoded(rows: pl.DataFrame, retiming: Retiming | None = None) -> list[RawTick]:
    return [decoder(RawTick).decode(value) for value in encode(rows, retiming)]


def trades(**columns: object) -> pl.DataFrame:
    count = 3
    base = {
        "symbol": ["AAPL", "IBM", "AAPL"],
        "ts_event": [datetime(2025, 9, 24, 14, 32, second, tzinfo=UTC) for second in range(count)],
        "price": [189.42, 250.1, 189.43],
        "currency": ["USD"] * count,
        "exchange": ["NASDAQ"] * count,
        "volume": [1200, 1, 5],
    }
    return pl.DataFrame(base | columns)


def test_real_trades_keep_every_value() -> None:
    rows = pl.read_parquet(TRADES).head(2000)
    made = decoded(normalise(rows, "day"))
    for row, tick in zip(rows.iter_rows(named=True), made, strict=True):
        assert (tick.symbol, tick.price, tick.currency, tick.exchange) == (
            row["symbol"],
            row["price"],
            row["currency"],
            row["exchange"],
        )
        assert datetime.fromisoformat(tick.ts_event) == row["ts_event"]
        assert (tick.volume, tick.seq, tick.source) == (row["volume"], row["seq"], "day")
        assert tick.sale_condition == row["sale_condition"]


def test_quotes_become_exact_mids() -> None:
    rows = pl.read_parquet(QUOTES).sample(3000, seed=1).sort("ts_event")
    made = decoded(normalise(rows, "fx"))
    for row, tick in zip(rows.iter_rows(named=True), made, strict=True):
        assert (tick.bid, tick.ask) == (Decimal(row["bid"]), Decimal(row["ask"]))
        assert tick.price == (Decimal(row["bid"]) + Decimal(row["ask"])) / 2
        assert (tick.currency, tick.exchange, tick.volume) == (row["symbol"][3:], "XOFF", 0)
        assert (tick.source, tick.seq) == (f"fx/{row['venue']}", row["seq"])


def test_identity_is_unique_in_both_files() -> None:
    for path in (TRADES, QUOTES):
        rows = normalise(pl.read_parquet(path), path.stem)
        assert rows.select(pl.struct("source", "symbol", "seq").n_unique()).item() == rows.height


def test_csv_text_is_sent_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ticks.csv"
    path.write_text(
        "symbol,ts_event,price,currency,exchange,volume\n"
        "AAPL,2025-09-24T16:32:10+02:00,189.4200000100,USD,NASDAQ,1200\n"
        "AAPL,2025-09-24T14:32:09.000001Z,189.41,USD,XNAS,1\n"
    )
    first, second = decoded(normalise(read_rows(path), "ticks"))
    assert (first.ts_event, first.seq, first.volume) == ("2025-09-24T14:32:09.000001Z", 1, "1")
    assert (second.ts_event, second.seq) == ("2025-09-24T14:32:10.000000Z", 0)
    assert str(second.price) == "189.4200000100"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(FileError, match=r"bad: columns currency, volume missing.*This one has symbol"):
        normalise(trades().drop("currency", "volume"), "bad")
    with pytest.raises(FileError, match="column symbol missing"):
        normalise(trades().drop("symbol"), "bad")


def test_a_bad_time_is_named_with_its_row() -> None:
    texts = ["2025-09-24T14:32:10Z", "yesterday", "2025-09-24T14:32:10"]
    with pytest.raises(FileError, match=r"row 2 has ts_event 'yesterday' \(2 such rows\)"):
        normalise(trades(ts_event=texts), "bad")


def test_a_time_without_zone_needs_one() -> None:
    naive = trades().with_columns(pl.col("ts_event").dt.replace_time_zone(None))
    with pytest.raises(FileError, match="--zone"):
        normalise(naive, "naive")
    berlin = normalise(naive, "naive", zone="Europe/Berlin")
    assert decoded(berlin)[0].ts_event == "2025-09-24T12:32:00.000000Z"
    text = naive.with_columns(pl.col("ts_event").dt.strftime("%Y-%m-%d %H:%M:%S"))
    assert encode(normalise(text, "naive", zone="Europe/Berlin")) == encode(berlin)


def test_unsorted_rows_are_sorted_and_equal_times_keep_file_order() -> None:
    moment = datetime(2025, 9, 24, tzinfo=UTC)
    rows = normalise(trades(ts_event=[moment + timedelta(1), moment, moment]), "file")
    assert [tick.price for tick in decoded(rows)] == [Decimal("250.1"), Decimal("189.43"), Decimal("189.42")]


def test_selection() -> None:
    rows = normalise(trades(), "file")
    start = int(rows["ts_us"][0])
    assert select(rows, Selection(symbols=("AAPL",)))["symbol"].to_list() == ["AAPL", "AAPL"]
    assert select(rows, Selection(from_us=start + 1, limit=1))["symbol"].to_list() == ["IBM"]
    assert select(rows, Selection(to_us=start + 1_000_000)).height == 1
    with pytest.raises(FileError, match="the file has AAPL, IBM"):
        select(rows, Selection(symbols=("MSFT",)))


def test_text_is_escaped() -> None:
    odd = 'A"B\\é\n'
    tick = decoded(normalise(trades(symbol=[odd] * 3), "file"))[0]
    assert tick.symbol == odd


@pytest.mark.parametrize(("speed", "last_us"), [(1.0, 12_000_000), (4.0, 10_500_000)])
def test_retime_follows_the_sending_time(speed: float, last_us: int) -> None:
    request = ReplayRequest(Path("day.parquet"), "", speed=speed, retime=True)
    retiming = retime(request, first_us=0, last_us=2_000_000, now_us=10_000_000)
    assert retiming is not None
    assert retiming.apply(np.array([0, 2_000_000])).tolist() == [10_000_000, last_us]


def test_retime_at_maximal_speed_ends_now() -> None:
    request = ReplayRequest(Path("day.parquet"), "", speed=MAX_SPEED, retime=True)
    retiming = retime(request, first_us=0, last_us=2_000_000, now_us=10_000_000)
    assert retiming is not None
    assert retiming.apply(np.array([0, 2_000_000])).tolist() == [8_000_000, 10_000_000]


def test_retimed_ticks_are_another_feed() -> None:
    plain, moved = (ReplayRequest(Path("day.parquet"), "", retime=retimed) for retimed in (False, True))
    assert source_name(plain, 5) == "day"
    assert source_name(moved, 5) == "day@5"


def test_feed_hands_out_what_is_due() -> None:
    rows = normalise(trades(), "file")
    feed = ReplayFeed(rows, Faults(), seed=0)
    start = int(rows["ts_us"][0])
    assert feed.due_us() == start
    assert feed.take(start - 1, 10) == []
    assert len(feed.take(start + 1_000_000, 10)) == 2
    assert feed.due_us() == start + 2_000_000
    assert [event.key for event in feed.take(FOREVER_US, 10)] == [b"AAPL"]
    assert feed.due_us() is None


@pytest.mark.parametrize("chunk", [7, 100, 10_000])
def test_faults_of_a_replay_do_not_depend_on_the_chunks(chunk: int) -> None:
    rows = normalise(pl.read_parquet(TRADES).head(1000), "day")
    faults = Faults(duplicate_share=0.1, malformed_share=0.1, out_of_order_share=1.0, out_of_order_by_s=60)
    whole = ReplayFeed(rows, faults, seed=4)
    expected = whole.take(FOREVER_US, 10_000)
    feed, taken = ReplayFeed(rows, faults, seed=4), []
    while feed.due_us() is not None:
        taken += feed.take(FOREVER_US, chunk)
    assert taken == expected
    good = [msgspec.json.decode(event.value) for event in expected if event.kind == "good"]
    assert sorted((one["symbol"], one["seq"]) for one in good) == sorted(
        rows.select("symbol", "seq").iter_rows()
    )
    assert {event.value for event in expected if event.kind == "duplicate"} <= {
        event.value for event in expected if event.kind == "good"
    }


@pytest.mark.parametrize(
    ("name", "message"), [("none.csv", "no such file"), ("ticks.xlsx", r"\.parquet or a \.csv")]
)
def test_unreadable_files(tmp_path: Path, name: str, message: str) -> None:
    if name != "none.csv":
        (tmp_path / name).write_text("x")
    with pytest.raises(FileError, match=message):
        read_rows(tmp_path / name)


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(FileError, match="cannot be read as parquet"):
        read_rows(tmp_path / "bad.parquet")


def test_pace() -> None:
    pace = Pace(start_us=1_000_000, speed=10)
    assert pace.feed_time_us(0.5) == 6_000_000
    assert pace.wait_s(11_000_000, 0.5) == pytest.approx(0.5)
    assert pace.wait_s(5_000_000, 0.5) == 0
    assert Pace(0, MAX_SPEED).wait_s(2**60, 0.0) == 0


@pytest.mark.parametrize(("text", "speed"), [("1", 1), ("0.5", 0.5), ("60x", 60), ("max", MAX_SPEED)])
def test_speed(text: str, speed: float) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf", ""])
def test_bad_speed(text: str) -> None:
    with pytest.raises(ValueError, match="give a number above zero"):
        parse_speed(text)
