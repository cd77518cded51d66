"""An option through the service: stored with its terms, valued with its underlying, kept over a restart."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from quant import black_scholes_merton
from testkit.builders import make_bar, make_instrument, make_portfolio, make_position, make_tick

pytestmark = pytest.mark.integration

EXPIRY = datetime(2013, 12, 20, 21, tzinfo=UTC)
PUT = make_instrument(
    "SPY-P",
    asset_class="option",
    multiplier=Decimal(100),
    underlying="SPY",
    strike=Decimal(165),
    expiry=EXPIRY,
    option_right="put",
    volatility=Decimal("0.16"),
    interest_rate=Decimal("0.01"),
)


def model(spot: float, at: datetime) -> Decimal:
    years = (EXPIRY - at).total_seconds() / 86_400 / 365
    return round(Decimal(float(black_scholes_merton("put", spot, 165.0, years, 0.16, 0.01))), 8)  # type: ignore[arg-type]


def test_an_option_is_valued_with_its_underlying_and_stored_with_its_terms(stack) -> None:
    service = stack.start()
    stack.send(make_instrument("SPY"), PUT, make_portfolio("US"), make_position("US", "SPY-P", "20", "5"))
    stack.send(make_tick("SPY", "14:31", "167.5"), make_bar("SPY", "14:30", "167"))
    live = stack.value_when("US", lambda value: value.positions and value.positions[0].price is not None)
    assert live.positions[0].price == model(167.5, live.as_of)
    official = stack.value_when("US", lambda value: True, basis="bar")
    assert official.market_value == model(167.0, official.as_of) * 2000
    stack.wait()
    ((price, option, evidence),) = stack.rows(
        "SELECT price, option, evidence FROM ops.position_valuation WHERE symbol = 'SPY-P' AND basis = 'bar'"
    )
    assert price == official.positions[0].price
    assert (option["spot"], option["volatility"], option["implied"]) == (167.0, 0.16, False)
    assert evidence["price"] == "model:bsm:bar:SPY:2013-10-07T14:30:00Z:1"
    service.kill()

    stack.send(make_tick("SPY", "14:32", "160", seq=2))
    service = stack.start()
    live = stack.value_when("US", lambda value: value.positions[0].option.spot == 160)
    assert live.positions[0].price == model(160.0, live.as_of)
    assert service.stop() == 0
