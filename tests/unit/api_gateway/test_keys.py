"""API keys as text, the ring of valid ones, rates and the reach of entitlements."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from api_gateway.core.keys import KeyRing, StoredKey, digest, new_key, prefix_of
from api_gateway.core.principal import Principal
from api_gateway.core.rate import TokenBuckets
from api_gateway.core.reach import EVERYTHING, Reach, reach_below, view_within
from api_gateway.core.view import View
from api_gateway.security.caller import Entitlements
from testkit.builders import make_portfolio, make_position_value, make_risk_report, make_valuation

PEPPER = b"pepper of the tests"
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def stored(text: str, pepper: bytes = PEPPER, **fields: Any) -> StoredKey:
    told = {
        "prefix": text.split("_")[1],
        "key_hash": digest(pepper, text.encode()),
        "kind": "key",
        "owner": "ann",
        "scopes": ("read",),
        "portfolios": ("MINE",),
        "issued_by": "file",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=1),
    }
    return StoredKey(**{**told, **fields})


def found(ring: KeyRing, text: str, kind: Any = "key", days: float = 0) -> Principal | None:
    return ring.find(text.encode(), kind, (NOW + timedelta(days=days)).timestamp())


def ring_of(*rows: StoredKey) -> KeyRing:
    ring = KeyRing(PEPPER)
    ring.replace(rows)
    return ring


def test_a_key_has_more_than_128_random_bits_and_is_never_the_same() -> None:
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == len({key.split("_")[1] for key in keys}) == 1000
    assert all(len(key.split("_", 2)[2]) * 6 >= 256 for key in keys)


def test_a_known_key_says_whose_it_is() -> None:
    text = new_key()
    ann = found(ring_of(stored(text)), text)
    assert ann is not None
    assert (ann.name, ann.kind, ann.credential_id) == ("ann", "key", text.split("_")[1])
    assert ann.may("read")
    assert not ann.may("trade")


def test_a_key_is_refused_when_anything_about_it_is_wrong() -> None:
    text, other = new_key(), new_key()
    ring = ring_of(stored(text))
    assert found(ring, other) is None
    assert found(ring, text[:-1]) is None
    assert found(ring, text + "x") is None
    assert found(ring, text.rsplit("_", 1)[0] + "_" + other.split("_", 2)[2]) is None
    assert found(ring, text, days=1) is None, "expired"
    assert found(ring, text, "session") is None, "of another kind"
    assert found(ring_of(stored(text, b"another pepper")), text) is None
    ring.replace([])
    assert found(ring, text) is None, "revoked"


def test_a_link_is_no_key_and_a_session_none_either() -> None:
    link, session = new_key(), new_key()
    ring = ring_of(stored(link, kind="link"), stored(session, kind="session"))
    assert found(ring, link) is found(ring, link, "session") is found(ring, session) is None
    assert found(ring, session, "session") is not None


@given(st.binary(max_size=300))
def test_anything_may_be_given_as_a_key(given: bytes) -> None:
    assert ring_of(stored(new_key())).find(given, "key", 0) is None
    assert prefix_of(b"tl_" + given) is None or len(given) > 12


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    buckets = TokenBuckets(per_s=10, burst=5)
    assert [buckets.wait_s("ann", 0) for _ in range(6)] == [0, 0, 0, 0, 0, 0.1]
    assert buckets.wait_s("bob", 0) == 0, "another one has a bucket of its own"
    assert [buckets.wait_s("ann", 0.1), buckets.wait_s("ann", 0.1)] == [0, 0.1]
    assert [buckets.wait_s("ann", 100) for _ in range(6)].count(0) == 5, "it never holds more than a burst"


def test_buckets_of_the_past_are_forgotten() -> None:
    buckets = TokenBuckets(per_s=10, burst=5)
    for number in range(10_000):
        buckets.wait_s(f"{number}", 0)
    buckets.wait_s("late", 60)
    assert len(buckets._levels) == 1


PORTFOLIOS = st.dictionaries(st.sampled_from("ABCDEF"), st.none() | st.sampled_from("ABCDEF"), max_size=6)


@given(PORTFOLIOS, st.frozensets(st.sampled_from("ABCDEF")))
def test_a_reach_is_what_is_entitled_and_all_below(
    parents: dict[str, str | None], roots: frozenset[str]
) -> None:
    tree = {name: make_portfolio(name, parent_id=parent) for name, parent in parents.items()}

    def is_below(name: str | None, seen: tuple[str, ...] = ()) -> bool:
        if name is None or name in seen:
            return False
        return name in roots or is_below(parents.get(name), (*seen, name))

    reach = reach_below(roots, tree)
    assert {name for name in "ABCDEF" if reach.covers(name)} == {name for name in "ABCDEF" if is_below(name)}


def test_a_view_within_a_reach_follows_and_shows_nothing_beyond() -> None:
    view = View()
    seen = view_within(view, Reach(frozenset({"B"})))
    for name, parent in (("A", None), ("B", "A")):
        view.put_portfolio(make_portfolio(name, parent_id=parent))
        view.put_valuation(make_valuation(name, "14:00", make_position_value("IBM", "1", "10")))
        view.put_risk(make_risk_report(name, "14:00"))
    assert [seen.is_known(name) for name in "AB"] == [False, True]
    assert (list(seen.portfolios), len(seen.portfolios), seen.portfolios["B"].parent_id) == (["B"], 1, None)
    assert [key[0] for key in seen.valuations] == [key[0] for key in seen.risks] == ["B"]
    assert seen.valuation("A", "last") is seen.risk("A", None) is None
    view.put_valuation(make_valuation("B", "14:01", make_position_value("IBM", "1", "11")))
    assert seen.valuation("B", "last") is view.valuation("B", "last")
    assert view_within(view, EVERYTHING) is view


def test_a_reach_is_one_object_until_the_tree_changes() -> None:
    view = View()
    view.put_portfolio(make_portfolio("A"))
    ann = Principal("ann", "key", "a", frozenset({"read"}), frozenset({"A"}))
    entitlements = Entitlements(view)
    first = entitlements.reach(ann)
    assert entitlements.reach(ann) is first
    view.put_portfolio(make_portfolio("B", parent_id="A"))
    assert entitlements.reach(ann).covers("B")
    assert not first.covers("B")
