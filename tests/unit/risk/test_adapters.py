"""The parts of the adapters that need no broker and no database."""

import logging
from pathlib import Path

import numpy as np

from measuring.adapters.history import to_series
from risk.adapters.client_logs import ClientRepeats
from risk.adapters.faust_app import make_app
from risk.adapters.faust_transport import FETCH_WAIT_MS


def record(logger: str, text: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord(logger, logging.ERROR, __file__, 1, text, arguments, None)


def test_repeats_of_the_clients_pass_once_per_interval() -> None:
    repeats = ClientRepeats(interval_s=60)
    assert repeats.filter(record("aiokafka.client", "no connection to %s", 1))
    assert not repeats.filter(record("aiokafka.client", "no connection to %s", 2))
    assert repeats.filter(record("aiokafka.client", "another text"))
    assert ClientRepeats(interval_s=0).filter(record("aiokafka.client", "no connection to %s", 1))


def test_our_own_logs_always_pass() -> None:
    repeats = ClientRepeats(interval_s=60)
    assert all(repeats.filter(record("risk.adapters.worker", "same")) for _ in range(3))


def row(symbol: str, day: int, value: float, currency: str = "USD") -> dict[str, object]:
    return {"symbol": symbol, "day": day, "value": value, "currency": currency}


def test_rows_become_one_series_per_symbol() -> None:
    found = to_series([row("AAA", 0, 1.0), row("AAA", 1, 2.0), row("BBB", 15_984, 3.0, "EUR")])
    np.testing.assert_array_equal(found["AAA"].values, [1.0, 2.0])
    assert found["BBB"].dates.tolist() == [np.datetime64("2013-10-06").item()]
    assert found["BBB"].currency == "EUR"
    assert to_series([]) == {}


def test_a_change_of_currency_starts_a_new_history() -> None:
    found = to_series([row("AAA", 0, 1.0, "DEM"), row("AAA", 1, 2.0, "EUR"), row("AAA", 2, 3.0, "EUR")])
    np.testing.assert_array_equal(found["AAA"].values, [2.0, 3.0])


async def test_the_client_waits_no_longer_than_we_want_for_silent_partitions(tmp_path: Path) -> None:
    app = make_app("127.0.0.1:9", tmp_path, "one")
    thread = app.consumer._thread
    client = thread._create_worker_consumer(app.transport)
    thread.thread_loop.close()
    await client.stop()
    assert client._fetch_max_wait_ms == FETCH_WAIT_MS
