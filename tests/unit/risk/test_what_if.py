"""What trades would do: values, exposures, measures and limits before and after, over the HTTP routes."""

from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest

from contracts import Valuation
from contracts.analysis.what_if import SupposedMeasure, WhatIfAnswer
from contracts.types import DailyPnl
from measuring.core.definitions import Definition, LimitBooks
from measuring.core.history import DailyHistory
from quant import CorporateAction, DatedSeries
from quant.limits import LimitLevels
from risk.adapters.analysis_routes import analysis_routes
from risk.core.desk import Desk
from risk.core.state import RiskState
from testkit.builders import make_instrument, make_position_value, make_valuation, moment

DAYS = np.arange("2011-01-01", "2013-12-31", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]
RANDOM = np.random.default_rng(5)


def series(currency: str = "USD", start: float = 100.0) -> DatedSeries:
    return DatedSeries(DAYS, start * np.exp(RANDOM.normal(0, 0.01, len(DAYS)).cumsum()), currency)


PRICES = {name: series() for name in ("AAA", "BBB", "CCC", "SPL")} | {"EEE": series("EUR")}
QUOTES = {"EURUSD": DatedSeries(DAYS, np.linspace(1.3, 1.4, len(DAYS)))}
SPLIT = CorporateAction(np.datetime64("2013-10-07"), "split", 2.0)
HISTORY = DailyHistory("v1", PRICES, QUOTES, {"SPL": (SPLIT,)}, frozenset({"EURUSD"}))
FX = {"USD": Decimal(1), "EUR": Decimal("1.36")}


@pytest.fixture
def state() -> RiskState:
    found = RiskState(HISTORY, "USD")
    own = make_position_value("AAA", "10", "100"), make_position_value("OLD", "5", None)
    found.remember(make_valuation("P", "14:30", *own, fx_rates=FX))
    other = make_position_value("BBB", "1", "50", sector="Tech", price_as_of=moment("14:20"))
    found.remember(make_valuation("Q", "14:30", other, fx_rates=FX))
    later = make_position_value("BBB", "1", "60", price_as_of=moment("14:31"))
    found.remember(make_valuation("R", "14:31", later, fx_rates=FX))
    return found


def ask(state: RiskState, *trades: dict[str, object], **request: object) -> WhatIfAnswer:
    body = msgspec.json.encode({"portfolio_id": "P", "trades": trades, **request})
    status, answer = analysis_routes(Desk(state))["POST", "/analysis/what_if"](body)
    assert status == 200, answer
    return msgspec.json.decode(answer, type=WhatIfAnswer)


def measure(answer: WhatIfAnswer, name: str, **parameters: str) -> SupposedMeasure:
    return next(
        one for one in answer.measures if one.measure == name and parameters.items() <= one.parameters.items()
    )


def booked(*positions: Any) -> RiskState:
    """The same market with another book."""
    found = RiskState(HISTORY, "USD")
    found.remember(make_valuation("P", "14:30", *positions, fx_rates=FX))
    return found


def test_a_trade_at_the_mark_without_a_fee_earns_nothing(state: RiskState) -> None:
    found = ask(state, {"symbol": "AAA", "quantity": "5"})
    (fill,) = found.trades
    assert (fill.price, fill.mark, fill.mark_source) == (Decimal(100), Decimal(100), "book")
    assert (found.profit, found.cash_flow, found.fees) == (Decimal(0), Decimal(-500), Decimal(0))
    value = found.market_value
    assert (value.before, value.after, value.change) == (Decimal(1000), Decimal(1500), Decimal(500))
    assert found.complete


def test_price_and_fee_are_profit_and_value_change_plus_cash(state: RiskState) -> None:
    found = ask(state, {"symbol": "AAA", "quantity": "-4", "price": "101", "fee": "1.50"})
    assert (found.profit, found.cash_flow, found.fees) == (Decimal("2.5"), Decimal("402.5"), Decimal("1.5"))
    assert found.market_value.change is not None
    assert found.market_value.change + found.cash_flow == found.profit


def test_the_numbers_after_are_those_of_the_book_with_the_trades_done(state: RiskState) -> None:
    """Every measure equals the one of a real book of the same positions."""
    found = ask(state, {"symbol": "AAA", "quantity": "-15"}, {"symbol": "BBB", "quantity": "8"})
    done = booked(
        make_position_value("AAA", "-5", "100"),
        make_position_value("OLD", "5", None),
        make_position_value("BBB", "8", "50", sector="Tech"),
    )
    same = ask(done, {"symbol": "AAA", "quantity": "1"})
    assert [one.after for one in found.measures] == [one.before for one in same.measures]
    assert (found.long.after, found.short.after) == (same.long.before, same.short.before)
    assert (found.gross.after, found.net.after) == (Decimal(900), Decimal(-100))
    level = measure(found, "historical_var", confidence_bp="9900")
    assert level.same_window
    assert level.change == pytest.approx((level.after or 0) - (level.before or 0))
    assert level.change != 0


def test_doubling_a_book_doubles_its_risk(state: RiskState) -> None:
    found = ask(state, {"symbol": "AAA", "quantity": "10"})
    for name in ("historical_var", "expected_shortfall"):
        for level in ("9500", "9750", "9900"):
            one = measure(found, name, confidence_bp=level)
            assert one.after == pytest.approx(2 * (one.before or 0))
    assert measure(found, "volatility_20d").change == pytest.approx(0)


def test_an_instrument_of_another_book_has_its_newest_price_that_is_not_later(state: RiskState) -> None:
    (fill,) = ask(state, {"symbol": "BBB", "quantity": "2"}).trades
    assert (fill.mark, fill.mark_source, fill.mark_as_of) == (Decimal(50), "other_book", moment("14:20"))


def test_an_instrument_of_no_book_has_its_newest_close(state: RiskState) -> None:
    (fill,) = ask(state, {"symbol": "CCC", "quantity": "2"}).trades
    close = PRICES["CCC"].values[np.datetime64("2013-10-07") > DAYS][-1]
    assert fill.mark == round(Decimal(float(close)), 8)
    assert (fill.mark_source, str(fill.mark_as_of)[:10]) == ("history", "2013-10-04")


def test_the_master_record_describes_what_no_book_holds(state: RiskState) -> None:
    future = make_instrument("CCC", multiplier=Decimal(50), sector="Energy")
    (fill,) = ask(state, {"symbol": "CCC", "quantity": "2"}, instruments=[future]).trades
    assert fill.mark is not None
    assert fill.market_value == 100 * fill.mark


def test_a_close_from_before_a_split_is_in_new_units(state: RiskState) -> None:
    (fill,) = ask(state, {"symbol": "SPL", "quantity": "2"}).trades
    close = PRICES["SPL"].values[np.datetime64("2013-10-07") > DAYS][-1]
    assert float(fill.mark or 0) == pytest.approx(close / 2)


def test_a_currency_pair_has_the_rate_of_the_valuation(state: RiskState) -> None:
    found = ask(state, {"symbol": "EURUSD", "quantity": "1000"}, {"symbol": "EEE", "quantity": "1"})
    pair, share = found.trades
    assert (pair.mark, pair.mark_source, pair.currency) == (Decimal("1.36"), "rates", "USD")
    assert float(share.market_value or 0) == pytest.approx(float(share.mark or 0) * 1.36)


def test_what_cannot_be_valued_says_why_and_changes_nothing(state: RiskState) -> None:
    strange = make_position_value("YEN", "1", "50", currency="JPY", price_as_of=moment("14:00"))
    state.remember(make_valuation("S", "14:30", strange))
    trades = [{"symbol": name, "quantity": "1"} for name in ("NOPE", "OLD", "YEN")]
    found = ask(state, *trades)
    assert [one.reason for one in found.trades] == ["no_price", "unpriced_position", "no_fx_rate"]
    assert not found.complete
    assert found.market_value.change == 0
    assert all(one.before == one.after for one in found.measures)


def test_an_instrument_without_history_leaves_the_risk_unknown_not_wrong(state: RiskState) -> None:
    new = make_position_value("NEW", "1", "50", price_as_of=moment("14:00"))
    state.remember(make_valuation("S", "14:30", new))
    found = ask(state, {"symbol": "NEW", "quantity": "1"})
    var = measure(found, "historical_var", confidence_bp="9500")
    assert (var.after, var.change, var.reason_after) == (None, None, "no_history")
    assert "NEW" in var.details_after["message"]
    assert found.market_value.change == 50


def test_closing_and_reopening_a_line(state: RiskState) -> None:
    found = ask(state, {"symbol": "AAA", "quantity": "-10"})
    assert (found.positions_before, found.positions_after) == (2, 1)
    again = ask(state, {"symbol": "AAA", "quantity": "-10"}, {"symbol": "AAA", "quantity": "10"})
    assert again.complete
    assert again.market_value.change == 0


def limited(state: RiskState, measured: str, hard: float, **fields: Any) -> RiskState:
    shape = {"scope": "portfolio", "scope_value": None, "parameters": {}, "minimum_coverage": 0.0, **fields}
    state.limits.replace(
        LimitBooks("1", (Definition("L", "P", measure=measured, levels=LimitLevels(hard), **shape),))
    )
    return state


@pytest.mark.parametrize(
    ("measured", "hard", "fields", "quantity", "states"),
    [
        ("gross", 1200.0, {}, "5", ("OK", "BREACH")),
        ("gross", 1200.0, {}, "1", ("OK", "OK")),
        ("gross", 900.0, {}, "-5", ("BREACH", "OK")),
        ("gross", 1200.0, {"scope": "asset", "scope_value": "AAA"}, "5", ("OK", "BREACH")),
        ("gross", 1200.0, {"minimum_coverage": 1.0}, "5", ("UNKNOWN", "UNKNOWN")),
    ],
)
def test_limits_are_judged_before_and_after(
    state: RiskState,
    measured: str,
    hard: float,
    fields: dict[str, Any],
    quantity: str,
    states: tuple[str, str],
) -> None:
    (limit,) = ask(limited(state, measured, hard, **fields), {"symbol": "AAA", "quantity": quantity}).limits
    assert (limit.state_before, limit.state_after) == states
    assert limit.changes == (states[0] != states[1])


def test_a_limit_on_var_reads_the_new_var(state: RiskState) -> None:
    limited(state, "historical_var", 1e9, parameters={"confidence_bp": "9900"})
    found = ask(state, {"symbol": "AAA", "quantity": "10"})
    (limit,) = found.limits
    var = measure(found, "historical_var", confidence_bp="9900")
    assert (limit.value_before, limit.value_after) == (var.before, var.after)


def test_a_bad_price_counts_against_the_loss_of_the_day(state: RiskState) -> None:
    zero = Decimal(0)
    daily = DailyPnl(
        since="2013-10-04", price=zero, fx=zero, trading=zero, income=zero, fees=zero, total=zero
    )
    own = make_position_value("AAA", "10", "100", daily_pnl=daily)
    state.remember(make_valuation("P", "14:31", own, fx_rates=FX, daily_pnl=daily))
    limited(state, "daily_loss", 25.0)
    (limit,) = ask(state, {"symbol": "AAA", "quantity": "10", "price": "103", "fee": "1"}).limits
    assert (limit.value_before, limit.value_after, limit.state_after) == (0.0, 31.0, "BREACH")


def test_nothing_that_is_known_changes(state: RiskState) -> None:
    def known() -> list[Valuation]:
        return state.newest()

    before = known()
    ask(state, {"symbol": "AAA", "quantity": "-15"}, {"symbol": "BBB", "quantity": "8"})
    assert known() == before


@pytest.mark.parametrize(
    ("trades", "words"),
    [
        ([], "0 trades"),
        ([{"symbol": "AAA", "quantity": "0"}], "trades.0.quantity 0"),
        ([{"symbol": "AAA", "quantity": "NaN"}], "trades.0.quantity NaN"),
        ([{"symbol": "AAA", "quantity": "1", "price": "0"}], "trades.0.price 0"),
        ([{"symbol": "AAA", "quantity": "1", "fee": "-1"}], "trades.0.fee -1"),
        ([{"symbol": "AAA", "quantity": "1", "colour": "red"}], "colour"),
    ],
)
def test_trades_that_cannot_be_meant_are_refused(
    state: RiskState, trades: list[dict[str, str]], words: str
) -> None:
    body = msgspec.json.encode({"portfolio_id": "P", "trades": trades})
    status, answer = analysis_routes(Desk(state))["POST", "/analysis/what_if"](body)
    assert status == 422
    assert words in msgspec.json.decode(answer)["detail"]
