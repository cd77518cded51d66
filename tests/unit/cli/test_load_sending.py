from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from contracts import Position, topics
from tapeline_cli.load.files import FileProblems, Row
from tapeline_cli.load.references import (
    check_currencies,
    check_parents,
    check_portfolios,
    check_trades,
    warn_instruments,
)
from tapeline_cli.load.sending import missing_records, new_trades, to_records

NOW = datetime(2024, 3, 1, tzinfo=UTC)
LATER = datetime(2024, 3, 2, tzinfo=UTC)
PATH = Path("file.csv")


def position(day: int, quantity: int = 1) -> dict[str, object]:
    return {
        "portfolio_id": "P",
        "symbol": "IBM",
        "quantity": Decimal(quantity),
        "average_cost": Decimal(1),
        "currency": "USD",
        "as_of": datetime(2013, 1, day, tzinfo=UTC),
    }


def records(*values: dict[str, object], recorded_at: datetime = NOW) -> dict[bytes, list[Position]]:
    return to_records(topics.POSITIONS, [Row(n, v) for n, v in enumerate(values)], recorded_at)


def days(found: dict[bytes, list[Position]]) -> list[int]:
    return [record.as_of.day for record in found.get(b"P/IBM", [])]


def test_versions_of_a_key_are_sent_oldest_first():
    assert days(records(position(3), position(1), position(2))) == [1, 2, 3]


def test_loading_the_same_file_again_sends_nothing():
    present = records(position(1), position(2))
    assert missing_records(records(position(1), position(2), recorded_at=LATER), present) == {}


def test_after_compaction_only_the_newest_is_there_and_all_are_sent_again():
    present = records(position(2))
    assert days(missing_records(records(position(1), position(2)), present)) == [1, 2]


def test_an_older_version_never_ends_up_last():
    """Compaction keeps what was written last, so the newest version must be written last."""
    present = {b"P/IBM": [*records(position(2))[b"P/IBM"], *records(position(1))[b"P/IBM"]]}
    assert days(missing_records(records(position(1), position(2)), present)) == [1, 2]


def test_a_newer_version_from_elsewhere_stays_the_last_one():
    booked = records(position(9))
    assert days(missing_records(records(position(1)), booked)) == [1, 9]
    there = {b"P/IBM": [*records(position(1))[b"P/IBM"], *booked[b"P/IBM"]]}
    assert missing_records(records(position(1)), there) == {}


def test_a_changed_value_is_sent():
    assert days(missing_records(records(position(1, quantity=5)), records(position(1)))) == [1]


def portfolio(line: int, name: str, parent: str | None = None) -> Row:
    values = {"portfolio_id": name, "name": name, "base_currency": "USD"}
    return Row(line, values if parent is None else {**values, "parent_id": parent})


def test_a_parent_may_be_in_the_file_or_known_before():
    check_parents(PATH, [portfolio(2, "A", "B"), portfolio(3, "B", "OLD")], {"OLD": None})


def test_an_unknown_parent_is_refused():
    with pytest.raises(FileProblems, match="line 2, parent_id 'X': no such portfolio"):
        check_parents(PATH, [portfolio(2, "A", "X")], {})


@pytest.mark.parametrize(
    ("rows", "known"),
    [
        ([portfolio(2, "A", "A")], {}),
        ([portfolio(2, "A", "B"), portfolio(3, "B", "A")], {}),
        ([portfolio(2, "A", "B")], {"B": "A"}),
    ],
)
def test_a_portfolio_is_not_its_own_ancestor(rows, known):
    with pytest.raises(FileProblems, match="its own ancestor"):
        check_parents(PATH, rows, known)


def test_a_position_needs_its_portfolio():
    with pytest.raises(FileProblems, match="portfolio_id 'P': no such portfolio; run"):
        check_portfolios(PATH, [Row(2, position(1))], {"Q"})
    check_portfolios(PATH, [Row(2, position(1))], {"P"})


def test_a_position_without_instrument_is_a_warning():
    told: list[str] = []
    warn_instruments([Row(2, position(1))], {"AAPL"}, told.append)
    assert told[0].startswith("no instrument yet: IBM;")
    warn_instruments([Row(2, position(1))], {"IBM"}, told.append)
    assert len(told) == 1


def trade(name: str, quantity: int = 1, **fields: object) -> dict[str, object]:
    return {
        "trade_id": name,
        "portfolio_id": "P",
        "symbol": "IBM",
        "quantity": Decimal(quantity),
        "price": Decimal(100),
        "currency": "USD",
        "executed_at": NOW,
        "seq": 0,
        **fields,
    }


def trades(*values: dict[str, object], recorded_at: datetime = NOW):
    return to_records(topics.TRADES, [Row(n, v) for n, v in enumerate(values, 2)], recorded_at)


def test_a_trade_is_sent_once():
    present = trades(trade("T1"), trade("T2"))
    assert new_trades(trades(trade("T1"), recorded_at=LATER), present) == {}
    found = new_trades(trades(trade("T1"), trade("T3"), trade("T2")), present)
    assert [record.trade_id for record in found[b"P"]] == ["T3"]


def test_a_trade_that_changed_is_refused():
    present = trades(trade("T1"), trade("T2", fee=Decimal(1)))
    check_trades(PATH, [Row(2, trade("T1", fee=Decimal(0))), Row(3, trade("T3"))], present)
    with pytest.raises(FileProblems) as raised:
        check_trades(PATH, [Row(2, trade("T1", 2)), Row(3, trade("T2"))], present)
    assert [text[:30] for text in raised.value.problems] == [
        "file.csv line 2, trade_id 'T1'",
        "file.csv line 3, trade_id 'T2'",
    ]


def test_a_trade_is_in_the_currency_of_its_instrument():
    rows = [Row(2, trade("T1")), Row(3, trade("T2", symbol="NEW"))]
    check_currencies(PATH, rows, {"IBM": "USD"})
    with pytest.raises(FileProblems, match="IBM is priced in EUR"):
        check_currencies(PATH, rows, {"IBM": "EUR"})
