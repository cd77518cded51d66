"""Limits of a running risk service: one event per transition, recorded and published, over kills."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest
from psycopg.rows import dict_row

from chassis.table import read_table
from contracts import LimitEvent, Valuation, topics
from contracts.codec import decoder
from testkit.builders import make_position_value, make_valuation

pytestmark = pytest.mark.integration

START = datetime(2013, 10, 7, 14, tzinfo=UTC)
DEFINE = """
INSERT INTO ops.limit_definition
    (limit_id, portfolio_id, scope, measure, parameters, warning_level, hard_level, active, revision)
VALUES (%s, %s, 'portfolio', 'gross', '', 800, %s, true, %s)
"""
ACT = """
INSERT INTO ops.limit_action
    (action_id, limit_id, action, actor, note, raise_id, level, expires_at, requested_by, revision)
VALUES (%s, %s, %s, %s, 'test', %s, %s, %s, %s, 1)
"""


def define(dsn: str, limit_id: str, portfolio_id: str, hard: float, revision: int = 1) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute(DEFINE, (limit_id, portfolio_id, hard, revision))


def act(dsn: str, *row: object) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute(ACT, row)


def worth(portfolio_id: str, minute: int, value: int) -> Valuation:
    as_of = START + timedelta(minutes=minute)
    position = make_position_value("AIG", "1", str(value))
    return make_valuation(
        portfolio_id, "14:00", position, as_of=as_of, valuation_id=f"{portfolio_id}:last:{minute}"
    )


def published(risk, limit_id: str) -> list[LimitEvent]:
    records = read_table(risk.broker, topics.LIMIT_EVENTS.name)
    events = [decoder(LimitEvent).decode(record.value) for record in records]
    return [event for event in events if event.limit_id == limit_id]


def recorded(risk, limit_id: str) -> list[tuple[str, str]]:
    with psycopg.connect(risk.dsn, row_factory=dict_row) as conn:
        rows = conn.execute(
            "SELECT * FROM ops.limit_event WHERE limit_id = %s ORDER BY sequence", (limit_id,)
        )
        return [(row["event_id"], row["state"]) for row in rows.fetchall()]


def seen(risk, limit_id: str, state: str) -> list[LimitEvent]:
    """All events of a limit once the newest has this state."""

    def find() -> list[LimitEvent] | None:
        found = published(risk, limit_id)
        return found if found and found[-1].state == state else None

    return risk.eventually(find, f"{limit_id} in {state}")


def test_a_loaded_limit_gives_one_event_per_transition_and_none_after_a_restart(risk) -> None:
    risk.publish(worth("LIM", 0, 1000))
    risk.wait_caught_up()
    define(risk.dsn, "lim-gross", "LIM", 1000)  # judged at once on the value there is
    (breach,) = seen(risk, "lim-gross", "BREACH")
    assert (breach.value, breach.hard_level, breach.event_id) == (1000, 1000, "lim-gross:1")
    risk.wait_caught_up()
    risk.child.kill()
    risk.start()
    risk.publish(worth("LIM", 1, 1100), worth("LIM", 2, 1200))
    risk.wait_caught_up()
    assert recorded(risk, "lim-gross") == [("lim-gross:1", "BREACH")]
    risk.publish(worth("LIM", 3, 850))
    events = seen(risk, "lim-gross", "WARNING")
    assert [event.event_id for event in events] == ["lim-gross:1", "lim-gross:2"]
    assert events[-1].breach_id == "lim-gross:1"


def test_an_event_recorded_but_not_published_is_published_after_the_restart(risk) -> None:
    define(risk.dsn, "lim-lost", "LOST", 1000)
    risk.child.stop()
    with psycopg.connect(risk.dsn) as conn:
        conn.execute(
            "INSERT INTO ops.limit_event (event_id, limit_id, sequence, kind, portfolio_id, scope, measure, "
            "parameters, state, armed_state, hard_level, as_of, revision, recorded_at) VALUES ('lim-lost:1', "
            "'lim-lost', 1, 'transition', 'LOST', 'portfolio', 'gross', '', 'OK', 'OK', 1000, %s, 1, now())",
            (START,),
        )
    risk.start()
    (event,) = seen(risk, "lim-lost", "OK")
    assert event.event_id == "lim-lost:1"
    risk.child.stop()
    risk.start()
    risk.publish(worth("LOST", 5, 900))
    assert [one.event_id for one in seen(risk, "lim-lost", "WARNING")] == ["lim-lost:1", "lim-lost:2"]


def test_kills_in_a_stream_of_crossings_lose_and_double_no_event(risk) -> None:
    define(risk.dsn, "lim-kill", "KILL", 1000)
    for round_ in range(3):
        risk.publish(*(worth("KILL", 10 * round_ + n, 1100 if n % 2 else 100) for n in range(10)))
        risk.eventually(lambda: recorded(risk, "lim-kill"), "a first event")
        risk.child.kill()
        risk.start()
    risk.wait_caught_up()
    rows = recorded(risk, "lim-kill")
    assert rows[-1][1] == "BREACH"
    assert all(before[1] != after[1] for before, after in pairwise(rows))

    def all_published() -> bool:
        return len({one.event_id for one in published(risk, "lim-kill")}) == len(rows)

    risk.eventually(all_published, "every recorded event on the topic")
    counts = Counter(one.event_id for one in published(risk, "lim-kill"))
    assert counts == dict.fromkeys((event_id for event_id, _ in rows), 1)


def test_a_raise_by_two_people_ends_a_breach_until_it_expires(risk) -> None:
    define(risk.dsn, "lim-raise", "RAISE", 1000)
    risk.publish(worth("RAISE", 30, 1100))
    seen(risk, "lim-raise", "BREACH")
    expires = START + timedelta(minutes=35)
    act(risk.dsn, "r1", "lim-raise", "request_raise", "ann", None, 1500.0, expires, None)
    with pytest.raises(psycopg.errors.CheckViolation):
        act(risk.dsn, "a0", "lim-raise", "approve_raise", "ANN ", "r1", None, None, "ann")
    act(risk.dsn, "a1", "lim-raise", "approve_raise", "bob", "r1", None, None, "ann")
    seen(risk, "lim-raise", "WARNING")
    risk.publish(worth("RAISE", 36, 1100))
    assert [one.hard_level for one in seen(risk, "lim-raise", "BREACH")] == [1000, 1500, 1000]
