"""Messages in, answers out: real broker, real database, real server."""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

import httpx
import pytest
from msgspec import Struct

from contracts import topics
from contracts.codec import decoder
from testkit.builders import (
    make_bar,
    make_instrument,
    make_portfolio,
    make_position_value,
    make_risk_report,
    make_valuation,
    make_var,
)
from testkit.waiting import eventually

pytestmark = pytest.mark.integration


class Gateway(Protocol):
    """What these tests use of the fixture."""

    kafka: str
    client: httpx.Client

    def get(self, path: str, **parameters: str) -> Any: ...
    def problem(self, path: str, **parameters: str) -> dict[str, Any]: ...
    def refused(self, answer: httpx.Response) -> dict[str, Any]: ...
    def publish(self, *messages: Struct) -> None: ...
    def store(self, sql: str, *rows: tuple[object, ...]) -> None: ...
    def close(self) -> int: ...


def test_value_positions_and_exposures_are_of_one_valuation(gateway: Gateway) -> None:
    lines = (
        make_position_value("IBM", "100", "182.05", "0.75", price_pnl_base=Decimal("-990.64594535")),
        make_position_value("AIG", "-50", "49.02", "0.75", asset_class=None, fx_pnl_base=Decimal("-263.1")),
        make_position_value("WM", "10", None),
    )
    rates = {"EUR": Decimal(1), "USD": Decimal("0.75")}
    gateway.publish(
        make_portfolio("EUROPE", "EUR"),
        make_valuation("EUROPE", "14:00:01", *lines, currency="EUR", fx_rates=rates),
    )
    value = eventually(
        lambda: gateway.client.get("/v1/portfolios/EUROPE/value").json(),
        lambda found: found.get("as_of"),
    )
    assert value["market_value"] == {"amount": "11815.5000", "currency": "EUR"}
    assert value["as_of"] == "2013-10-07T14:00:01Z"
    assert value["coverage"]["unpriced"] == 1
    assert value["fx_rate"] == "1"

    positions = gateway.get("/portfolios/EUROPE/positions")
    assert [line["symbol"] for line in positions["data"]] == ["AIG", "IBM", "WM"]
    assert positions["data"][2]["market_value"] is None
    assert positions["valuation_id"] == value["valuation_id"]

    exposures = gateway.get("/portfolios/EUROPE/exposures")
    assert exposures["gross"]["amount"] == "15492.0000"
    classes = {group["name"]: group["net"]["amount"] for group in exposures["by_asset_class"]}
    assert classes == {"Unclassified": "-1838.2500", "equity": "13653.7500"}
    assert sum(Decimal(group["share"]) for group in exposures["by_asset"]) == 1


def test_another_currency_adds_up_exactly(gateway: Gateway) -> None:
    value = gateway.get("/portfolios/EUROPE/value", currency="USD")
    lines = gateway.get("/portfolios/EUROPE/positions", currency="USD")["data"]
    assert value["currency"] == "USD"
    assert value["fx_rate"] == "1.333333333333333333"
    priced = [Decimal(line["market_value_base"]["amount"]) for line in lines if line["market_value_base"]]
    assert Decimal(value["market_value"]["amount"]) == sum(priced)
    assert {line["market_value_base"]["currency"] for line in lines if line["market_value_base"]} == {"USD"}


def test_unconnected_currency_is_a_conflict(gateway: Gateway) -> None:
    problem = gateway.problem("/portfolios/EUROPE/value", currency="JPY")
    assert problem["status"] == 409
    assert problem["available"] == ["EUR", "USD"]
    assert (
        gateway.problem("/portfolios/EUROPE/value", currency="yen")["errors"][0]["pointer"]
        == "query.currency"
    )


def test_known_but_unvalued_has_nulls_and_unknown_is_not_found(gateway: Gateway) -> None:
    gateway.publish(make_portfolio("IDLE", "CHF"))
    value = eventually(
        lambda: gateway.client.get("/v1/portfolios/IDLE/value").json(), lambda found: "currency" in found
    )
    assert (value["market_value"], value["as_of"], value["currency"]) == (None, None, "CHF")
    assert value["coverage"]["complete"] is False
    assert gateway.get("/portfolios/IDLE/risk")["measures"] == {}
    assert gateway.get("/portfolios/IDLE/var")["var"] is None
    assert gateway.problem("/portfolios/IDLE/var", confidence="0.05")["status"] == 422
    for noun in ("", "/value", "/positions", "/exposures", "/risk", "/var", "/history"):
        assert gateway.problem(f"/portfolios/NOPE{noun}")["status"] == 404


def test_older_market_time_never_replaces_newer(gateway: Gateway) -> None:
    line = make_position_value("IBM", "1", "10")
    gateway.publish(
        make_portfolio("MONO"),
        make_valuation("MONO", "14:10", line),
        make_valuation("MONO", "14:05", line),
        make_portfolio("AFTER-MONO"),
    )
    eventually(
        lambda: gateway.client.get("/v1/portfolios/MONO/value").json(), lambda found: found.get("as_of")
    )
    time.sleep(0.2)
    assert gateway.get("/portfolios/MONO/value")["as_of"] == "2013-10-07T14:10:00Z"


def test_var_names_its_scenario_and_refuses_what_is_not_computed(gateway: Gateway) -> None:
    measures = (make_var(9500, 312.45), make_var(9900, 700.5))
    gateway.publish(make_portfolio("RISKY"), make_risk_report("RISKY", "14:00", *measures))
    var = eventually(
        lambda: gateway.client.get("/v1/portfolios/RISKY/var").json(), lambda found: found.get("var")
    )
    assert var["var"] == {"amount": "312.45", "currency": "USD"}
    assert (var["confidence"], var["k"], var["scenarios"]) == (0.95, 25, 500)
    assert var["scenario_date"] == "2012-11-07"
    assert gateway.get("/portfolios/RISKY/var", confidence="0.99")["var"]["amount"] == "700.5"

    problem = gateway.problem("/portfolios/RISKY/var", method="parametric", estimator="ore")
    assert "historical" in problem["available"]
    assert gateway.problem("/portfolios/RISKY/var", confidence="0.95001")["status"] == 422
    assert (
        gateway.problem("/portfolios/RISKY/var", method="monte_carlo")["errors"][0]["pointer"]
        == "query.method"
    )

    measure = gateway.get("/portfolios/RISKY/risk")["measures"]["historical_var"]
    assert measure["value"] == 312.45
    assert [one["amount"]["amount"] for one in measure["variants"]] == ["312.45", "700.5"]


BAR_SQL = """INSERT INTO ops.price_bar (symbol, window_start, window_end, trade_date, open, high, low, close,
    vwap, volume, trades, currency, status, revision, first_tick_id, last_tick_id, as_of)
    VALUES (%s, %s, %s, '2013-10-07', 10, 10, 10, %s, 10, 100, 1, 'USD', 'final', %s, 'a', 'a', now())"""


def stored_bar(symbol: str, start: str, close: int, revision: int) -> tuple[object, ...]:
    bar = make_bar(symbol, start, "1")
    return symbol, bar.window_start, bar.window_end, close, revision


def test_bars_are_the_latest_revisions_and_what_is_forming(gateway: Gateway) -> None:
    symbol = "BARS"
    gateway.store(
        BAR_SQL,
        stored_bar(symbol, "13:30", 10, 1),
        stored_bar(symbol, "13:30", 11, 2),
        stored_bar(symbol, "13:35", 12, 1),
    )
    gateway.publish(
        make_instrument(symbol),
        make_bar(symbol, "13:35", "99", revision=0, status="provisional"),
        make_bar(symbol, "13:40", "13", revision=0, status="provisional"),
        make_bar(symbol, "13:45", "14", revision=0, status="forming"),
    )
    bars = eventually(
        lambda: gateway.client.get(f"/v1/instruments/{symbol}/bars").json().get("data", []),
        lambda found: len(found) == 4,
    )
    shown = [(bar["close"], bar["status"], bar["revision"]) for bar in bars]
    assert shown == [("11", "final", 2), ("12", "final", 1), ("13", "provisional", 0), ("14", "forming", 0)]
    assert bars[0]["window_start"] == "2013-10-07T13:30:00Z"

    path = f"/instruments/{symbol}/bars"
    every = gateway.get(path, revisions="all", **{"from": "2013-10-07T13:30:00Z"})["data"]
    assert [bar["revision"] for bar in every] == [1, 2, 1, 0, 0]
    assert [bar["close"] for bar in gateway.get(path, status="forming")["data"]] == ["14"]
    span = {"from": "2013-10-07T13:35:00Z", "to": "2013-10-07T13:45:00Z"}
    assert [bar["close"] for bar in gateway.get(path, **span)["data"]] == ["12", "13"]
    assert gateway.problem(path, interval="1m")["status"] == 422
    assert gateway.problem("/instruments/NOPE/bars")["status"] == 404


@pytest.mark.parametrize("revisions", ["latest", "all"])
def test_pages_of_bars_join_without_gap_or_repeat(gateway: Gateway, revisions: str) -> None:
    path, start = "/instruments/BARS/bars", {"from": "2013-10-07T00:00:00Z", "revisions": revisions}
    whole = gateway.get(path, **start)["data"]
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = gateway.get(path, limit="1", **start, **cursor)
        found += page["data"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == whole
    assert gateway.problem(path, cursor="bm9uc2Vuc2U")["errors"][0]["pointer"] == "query.cursor"


VALUATION_SQL = """INSERT INTO ops.portfolio_valuation (portfolio_id, as_of, basis, valuation_id, currency,
    market_value, revision, fx_rates, coverage) VALUES ('PAST', %s, 'bar', 'v', 'USD', %s, %s, '{"USD": "1"}',
    '{"positions": 1, "priced": 1, "unpriced": 0, "stale": 0, "complete": true, "notes": []}')"""
METRIC_SQL = """INSERT INTO ops.risk_metric (portfolio_id, as_of, basis, measure, parameters, valuation_id,
    value, unit, details, definition, revision)
    VALUES ('PAST', '2013-10-07T15:05:00Z', 'bar', 'historical_var', %s, 'v', %s, 'USD', '{}', 1, 1)"""


def test_history_is_official_and_exact(gateway: Gateway) -> None:
    gateway.publish(make_portfolio("PAST"))
    gateway.store(
        VALUATION_SQL,
        ("2013-10-07T15:05:00Z", "100.12345678", 1),
        ("2013-10-07T15:05:00Z", "100.00000001", 2),
        ("2013-10-07T15:10:00Z", None, 1),
    )
    gateway.store(
        METRIC_SQL, ("confidence_bp=9500,horizon_days=1", 1.5), ("confidence_bp=9900,horizon_days=1", 2.5)
    )
    eventually(lambda: gateway.client.get("/v1/portfolios/PAST").status_code, lambda status: status == 200)
    history = gateway.get("/portfolios/PAST/history", metric="market_value")
    shown = [(point["as_of"], point["value"], point["revision"]) for point in history["data"]]
    assert shown == [("2013-10-07T15:05:00Z", "100.00000001", 2), ("2013-10-07T15:10:00Z", None, 1)]
    assert history["unit"] == "USD"
    to = gateway.get("/portfolios/PAST/history", to="2013-10-07T15:10:00Z")
    assert len(to["data"]) == 1
    var = gateway.get("/portfolios/PAST/history", metric="historical_var", confidence="0.99")
    assert [point["value"] for point in var["data"]] == [2.5]
    assert gateway.problem("/portfolios/PAST/history", metric="colour")["status"] == 422


def test_put_replaces_the_whole_book(gateway: Gateway) -> None:
    gateway.publish(make_portfolio("BOOK"), make_instrument("AAA"), make_instrument("BBB"))
    eventually(
        lambda: [
            gateway.client.get(path).status_code
            for path in ("/v1/portfolios/BOOK", "/v1/instruments/AAA", "/v1/instruments/BBB")
        ],
        lambda codes: codes == [200] * 3,
    )

    def put(*symbols: str) -> httpx.Response:
        lines = [{"symbol": s, "quantity": "1.5", "average_cost": "10", "currency": "USD"} for s in symbols]
        book = {"as_of": "2013-10-07", "positions": lines}
        return gateway.client.put("/v1/portfolios/BOOK/positions", json=book)

    first = put("AAA", "BBB")
    assert first.status_code == 202, first.text
    assert first.json()["held"] == ["AAA", "BBB"]
    assert first.json()["as_of"] == "2013-10-07T00:00:00Z"
    assert put("BBB").json()["closed"] == ["AAA"]
    records = positions_of(gateway.kafka, "BOOK")
    assert records["BOOK/AAA"] is None
    assert records["BOOK/BBB"].quantity == Decimal("1.5")

    problem = gateway.refused(put("AAA", "AAA", "ZZZ"))
    assert [one["pointer"] for one in problem["errors"]] == [
        "body.positions.1.symbol",
        "body.positions.2.symbol",
    ]
    extra = {"as_of": "2013-10-07", "positions": [], "owner": "me"}
    answer = gateway.client.put("/v1/portfolios/BOOK/positions", json=extra)
    assert gateway.refused(answer)["errors"][0]["pointer"] == "body.owner"


def positions_of(kafka: str, portfolio_id: str) -> dict[str, Any]:
    """The newest record per key of one portfolio on the positions topic."""
    from chassis.table import TableReader

    reader = TableReader(kafka, [topics.POSITIONS.name], "gateway-tests")
    found = {
        (record.key or b"").decode(): record.value and decoder(topics.POSITIONS.record).decode(record.value)
        for record in reader.catch_up()
    }
    reader.close()
    return {key: value for key, value in found.items() if key.startswith(portfolio_id + "/")}


def test_instruments_come_in_pages(gateway: Gateway) -> None:
    gateway.publish(*(make_instrument(f"PAGE{number}") for number in range(3)))
    eventually(lambda: gateway.client.get("/v1/instruments/PAGE2").status_code, lambda status: status == 200)
    everything = [one["symbol"] for one in gateway.get("/instruments")["data"]]
    first = gateway.get("/instruments", limit="2")
    rest = gateway.get("/instruments", limit="5000", cursor=first["next_cursor"])
    assert [one["symbol"] for one in first["data"] + rest["data"]] == everything == sorted(everything)


def test_a_broken_message_is_left_out_and_the_rest_goes_on(gateway: Gateway) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": gateway.kafka})
    producer.produce(topics.VALUATIONS.name, value=b'{"portfolio_id": 7}', key=b"BROKEN")
    producer.flush(10)
    gateway.publish(make_portfolio("WHOLE"), make_valuation("WHOLE", "14:00"))
    value = eventually(
        lambda: gateway.client.get("/v1/portfolios/WHOLE/value").json(), lambda found: found.get("as_of")
    )
    assert value["market_value"]["amount"] == "0"
    assert "tapeline_invalid_records_total" in gateway.client.get("/metrics").text


def test_a_restarted_gateway_knows_what_the_first_one_knew(
    gateway: Gateway, start_gateway: Callable[[], Gateway]
) -> None:
    second = start_gateway()
    assert second.get("/portfolios/PAST/value", basis="bar")["as_of"] == "2013-10-07T15:10:00Z"
    for path in ("/portfolios/EUROPE/value", "/portfolios/RISKY/var", "/instruments/BARS/bars"):
        assert second.get(path) == gateway.get(path)
    assert second.close() == 0
