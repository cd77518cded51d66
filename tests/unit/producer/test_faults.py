"""The fault switches."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producer.core.faults import DUPLICATE, GOOD, MALFORMED, Faults, schedule
from producer.core.malformed import BREAKINGS, REASONS, break_event

EVENT = (
    b'{"symbol":"AAPL","ts_event":"2025-09-24T14:32:10Z","price":"189.42","currency":"USD",'
    b'"exchange":"XNAS","volume":1200}'
)
shares = st.floats(0, 0.5)


@given(
    count=st.integers(0, 300),
    seed=st.integers(0, 1000),
    faults=st.builds(
        Faults,
        duplicate_share=shares,
        malformed_share=shares,
        late_share=shares,
        out_of_order_share=shares,
        out_of_order_by_s=st.floats(0, 30),
    ),
)
@settings(deadline=None)
def test_every_row_is_sent_once_in_good_form_and_never_early(count: int, seed: int, faults: Faults) -> None:
    due_us = np.arange(count, dtype=np.int64) * 1000
    plan = schedule(due_us, faults, np.random.default_rng(seed))
    assert sorted(plan.row[plan.kind == GOOD]) == list(range(count))
    assert (plan.send_us >= due_us[plan.row]).all()
    assert (np.diff(plan.send_us) >= 0).all()
    again = schedule(due_us, faults, np.random.default_rng(seed))
    assert all((one == other).all() for one, other in zip(plan, again, strict=True))


def test_without_faults_the_order_stays_also_among_equal_times() -> None:
    plan = schedule(np.zeros(100, dtype=np.int64), Faults(), np.random.default_rng(0))
    assert plan.row.tolist() == list(range(100))


def test_shares() -> None:
    count = 200_000
    faults = Faults(duplicate_share=0.01, malformed_share=0.005, late_share=0.02, out_of_order_share=0.1)
    due_us = np.arange(count, dtype=np.int64) * 2000
    plan = schedule(due_us, faults, np.random.default_rng(3))
    good = plan.kind == GOOD
    delay_us = plan.send_us[good] - due_us[plan.row[good]]
    assert (plan.kind == DUPLICATE).sum() == pytest.approx(0.01 * count, rel=0.1)
    assert (plan.kind == MALFORMED).sum() == pytest.approx(0.005 * count, rel=0.1)
    assert (delay_us >= 60_000_000).sum() == pytest.approx(0.02 * count, rel=0.1)
    assert ((delay_us > 0) & (delay_us <= 500_000)).sum() == pytest.approx(0.1 * count, rel=0.1)
    assert delay_us.max() <= 120_000_000


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_out_of_range_is_named(share: float) -> None:
    with pytest.raises(ValueError, match="duplicate_share"):
        Faults(duplicate_share=share)


def test_each_reason_has_its_turn() -> None:
    broken = [break_event(EVENT, turn) for turn in range(len(REASONS))]
    assert len(set(broken)) == len(BREAKINGS)
    assert break_event(EVENT, len(REASONS)) == broken[0]


@pytest.mark.parametrize("reason", REASONS)
def test_a_broken_event_differs_from_the_good_one_as_its_reason_says(reason: str) -> None:
    value = BREAKINGS[reason](msgspec.json.decode(EVENT))
    if reason == "not_json":
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(value)
        return
    good, bad = msgspec.json.decode(EVENT), msgspec.json.decode(value)
    assert sum(good.get(name) != bad.get(name) for name in good) == 1
