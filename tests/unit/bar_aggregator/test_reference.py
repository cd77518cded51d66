from datetime import UTC, datetime
from decimal import Decimal

from bar_aggregator.adapters.reference import Reference
from chassis.bus import Record
from contracts import FxRate, Instrument, topics
from contracts.codec import encode

DAY = datetime(2013, 10, 7, tzinfo=UTC)
NOON_US = 1_381_147_200_000_000


def record(topic: str, key: str, value: bytes | None) -> Record:
    return Record(topic, 0, 0, key.encode(), value, None, 0)


def rate(text: str) -> bytes:
    return encode(FxRate(pair="EURUSD", as_of=DAY, rate=Decimal(text), recorded_at=DAY))


def test_a_rate_is_replaced_and_taken_away_by_its_key() -> None:
    reference = Reference()
    for text in ("1.30", "1.20"):
        reference.apply(record(topics.FX_RATES.name, "EURUSD/2013-10-07", rate(text)))
    assert reference.daily_rates().as_of(NOON_US)["EURUSD"].rate == Decimal("1.20")
    reference.apply(record(topics.FX_RATES.name, "EURUSD/2013-10-07", None))
    assert reference.daily_rates().as_of(NOON_US) == {}


def test_currency_pairs_are_known_by_their_asset_class() -> None:
    reference = Reference()
    for symbol, asset_class in (("EURUSD", "fx"), ("SPY", "etf")):
        instrument = Instrument(
            symbol=symbol,
            name=symbol,
            asset_class=asset_class,
            currency="USD",
            exchange="XOFF",
            recorded_at=DAY,
        )
        reference.apply(record(topics.INSTRUMENTS.name, symbol, encode(instrument)))
    assert reference.fx_symbols() == {"EURUSD"}
    reference.apply(record(topics.INSTRUMENTS.name, "EURUSD", None))
    assert reference.fx_symbols() == frozenset()
