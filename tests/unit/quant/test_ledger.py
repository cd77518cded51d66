"""Fills, splits and dividends become a position; whatever happens, the ledger closes."""

import csv
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quant import CashDividend, Fill, Missing, Split, book_entry, open_ledger, replay
from quant.ledger import CostMethod, Ledger
from quant.money import EXACT, product, round_money, sum_money

DATA = Path(__file__).parents[3] / "data"
D = Decimal
METHODS: tuple[CostMethod, ...] = ("average", "fifo")

units = st.integers(-500, 500).filter(bool).map(D)
prices = st.integers(1, 100_000).map(lambda cents: D(cents) / 100)
rates = st.integers(5000, 20_000).map(lambda n: D(n) / 10_000)


@st.composite
def fills(draw: st.DrawFn, size: int = 12) -> list[Fill]:
    count = draw(st.integers(1, size))
    return [
        Fill(
            draw(units),
            draw(prices),
            executed_at=draw(st.integers(0, 3)),
            seq=n,
            fill_id=f"f{n}",
            fee=draw(st.integers(0, 500)) * D("0.01"),
            fx_rate=draw(rates),
        )
        for n in range(count)
    ]


def total_base(ledger: Ledger, price: Decimal, rate: Decimal) -> Decimal:
    """Realised, fees, income and unrealised together, nothing rounded."""
    assert ledger.cost_base is not None
    value = product(ledger.quantity, price, rate, ledger.multiplier)
    unrealised = EXACT.subtract(value, product(ledger.cost_base, ledger.multiplier))
    parts = (ledger.gains_base, ledger.fx_gains_base, -ledger.fees_base, ledger.income_base, unrealised)
    return sum_money(parts)


def paid_base(entries: list[Fill], multiplier: Decimal) -> Decimal:
    return sum_money(
        EXACT.add(product(one.quantity, one.price, multiplier, one.fx_rate), product(one.fee, one.fx_rate))
        for one in entries
        if one.fx_rate is not None
    )


@pytest.mark.parametrize("method", METHODS)
@given(fills(), prices, rates, st.sampled_from([D(1), D(100)]))
def test_total_profit_is_the_value_held_less_the_money_paid(
    method: CostMethod, done: list[Fill], price: Decimal, rate: Decimal, multiplier: Decimal
) -> None:
    ledger = replay(open_ledger(method=method, multiplier=multiplier), done)
    value = product(ledger.quantity, price, rate, multiplier)
    assert total_base(ledger, price, rate) == EXACT.subtract(value, paid_base(done, multiplier))
    assert ledger.quantity == sum(one.quantity for one in done)


@given(fills(), prices, rates)
def test_the_cost_method_divides_the_profit_and_leaves_the_total(
    done: list[Fill], price: Decimal, rate: Decimal
) -> None:
    average, fifo = (replay(open_ledger(method=method), done) for method in METHODS)
    assert average.quantity == fifo.quantity
    assert total_base(average, price, rate) == total_base(fifo, price, rate)


@given(st.data(), fills())
def test_the_order_of_arrival_does_not_matter(data: st.DataObject, done: list[Fill]) -> None:
    assert replay(open_ledger(), data.draw(st.permutations(done))) == replay(open_ledger(), done)


@given(st.data(), fills())
def test_fills_to_one_side_on_one_instant_may_come_in_any_sequence(
    data: st.DataObject, done: list[Fill]
) -> None:
    bought = [replace(one, quantity=abs(one.quantity), executed_at=5) for one in done]
    sequence = data.draw(st.permutations(range(len(bought))))
    renumbered = [replace(one, seq=seq) for one, seq in zip(bought, sequence, strict=True)]
    start = open_ledger(D(10), D(50))
    assert replay(start, renumbered) == replay(start, bought)


@given(st.data(), fills(), prices, rates)
def test_the_total_on_one_instant_is_the_same_in_any_sequence(
    data: st.DataObject, done: list[Fill], price: Decimal, rate: Decimal
) -> None:
    instant = [replace(one, executed_at=5) for one in done]
    sequence = data.draw(st.permutations(range(len(instant))))
    renumbered = [replace(one, seq=seq) for one, seq in zip(instant, sequence, strict=True)]
    first, second = replay(open_ledger(), instant), replay(open_ledger(), renumbered)
    assert first.quantity == second.quantity
    assert total_base(first, price, rate) == total_base(second, price, rate)


@pytest.mark.parametrize("method", METHODS)
@given(fills(), st.integers(0, 4), st.sampled_from([D(7), D(4), D("1.5"), D("0.1")]), prices)
def test_a_split_changes_no_money(
    method: CostMethod, done: list[Fill], at: int, ratio: Decimal, price: Decimal
) -> None:
    """Fills after it come in new units: with them the whole story is the same in money."""
    new = [
        replace(one, quantity=one.quantity * ratio, price=one.price) if one.executed_at >= at else one
        for one in done
    ]
    old = [replace(one, price=one.price * ratio) if one.executed_at >= at else one for one in done]
    split = replay(open_ledger(method=method), [*new, Split(ratio, at)])
    plain = replay(open_ledger(method=method), old)
    assert split.quantity == plain.quantity * ratio
    tolerance = D("1e-12")  # released costs are cut at 18 places, in other places of another unit
    assert abs(split.cost - plain.cost) < tolerance
    assert abs(split.gains - plain.gains) < tolerance
    assert split.fees == plain.fees


@given(fills(6))
def test_fifo_matches_a_queue_of_single_units(done: list[Fill]) -> None:
    """An independent FIFO: one entry per unit, in fractions."""
    queue: list[tuple[int, Fraction]] = []
    gains = Fraction(0)
    for one in sorted(done, key=lambda fill: fill.order):
        sign, price = (1 if one.quantity > 0 else -1), Fraction(one.price)
        for _ in range(int(abs(one.quantity))):
            if queue and queue[0][0] != sign:
                held, cost = queue.pop(0)
                gains += held * (price - cost)
            else:
                queue.append((sign, price))
    ledger = replay(open_ledger(method="fifo"), done)
    assert Fraction(ledger.gains) == gains
    assert Fraction(ledger.cost) == sum(sign * cost for sign, cost in queue)


def test_adding_weights_the_average_and_reducing_leaves_it() -> None:
    ledger = replay(open_ledger(), [Fill(D(100), D(10), 1), Fill(D(300), D(12), 2)])
    assert ledger.average_cost == D("11.5")
    sold = book_entry(ledger, Fill(D(-150), D(14), 3, fee=D(5)))
    assert (sold.quantity, sold.average_cost) == (D(250), D("11.5"))
    assert sold.realized_pnl == D("370")  # (14 - 11.5) * 150 - 5


def test_fifo_sells_the_oldest_first() -> None:
    ledger = open_ledger(D(100), D(10), method="fifo")
    ledger = replay(ledger, [Fill(D(300), D(12), 2), Fill(D(-150), D(14), 3)])
    assert ledger.gains == D(100 * 4 + 50 * 2)
    assert ledger.average_cost == D(12)


def test_a_fill_through_zero_closes_and_opens_at_its_price() -> None:
    ledger = book_entry(open_ledger(D(10), D(20)), Fill(D(-25), D(22), fee=D(1)))
    assert (ledger.quantity, ledger.average_cost, ledger.gains) == (D(-15), D(22), D(20))
    back = book_entry(ledger, Fill(D(15), D(21)))
    assert (back.quantity, back.average_cost, back.realized_pnl) == (0, None, D(34))


def test_the_rate_at_cost_is_weighted_by_cost_and_gains_are_frozen_at_the_closing_rate() -> None:
    first = Fill(D(10), D(100), 1, fx_rate=D("0.70"))
    second = Fill(D(10), D(300), 2, fx_rate=D("0.80"))
    ledger = replay(open_ledger(), [first, second])
    assert ledger.cost_fx_rate == D("0.775")  # (1000 * 0.70 + 3000 * 0.80) / 4000
    sold = book_entry(ledger, Fill(D(-20), D(250), 3, fee=D(10), fx_rate=D("0.90")))
    assert sold.gains_base == D(900)  # (250 - 200) * 20 * 0.90
    assert sold.fx_gains_base == D(500)  # 4000 * (0.90 - 0.775)
    assert sold.realized_pnl_base == D(1391)  # less the fee of 10 * 0.90


def test_an_unknown_rate_leaves_the_amount_unconverted() -> None:
    ledger = book_entry(open_ledger(D(10), D(20)), Fill(D(-4), D(22), fx_rate=None))
    assert ledger.realized_pnl == D(8)
    assert isinstance(ledger.realized_pnl_base, Missing)
    assert ledger.realized_pnl_base.reason == "no_fx_rate"
    opened = book_entry(open_ledger(), Fill(D(4), D(22), fx_rate=None))
    assert opened.cost_fx_rate is None
    assert opened.realized_pnl_base == 0


def test_a_dividend_is_paid_on_what_was_held_before_and_by_the_short() -> None:
    entries = [Fill(D(10), D(20), 1), CashDividend(D("0.5"), 2), Fill(D(10), D(20), 2), Split(D(2), 2)]
    ledger = replay(open_ledger(), entries)
    assert (ledger.income, ledger.quantity) == (D(5), D(30))  # (10 * 2 by the split) + 10 in new units
    short = replay(open_ledger(D(-10), D(20), multiplier=D(3)), [CashDividend(D("0.5"), 2, D("0.8"))])
    assert (short.income, short.income_base, short.realized_pnl) == (D(-15), D(-12), 0)


def test_what_is_not_known_yet_does_not_count() -> None:
    entries = [Fill(D(10), D(20), 1), Split(D(7), 3), Fill(D(-5), D(3), 4)]
    assert replay(open_ledger(), entries, until=2).quantity == 10
    assert replay(open_ledger(), entries, until=3).quantity == 70
    assert replay(open_ledger(), entries).quantity == 65


@pytest.mark.parametrize(
    "entry",
    [Fill(D(0), D(1)), Fill(D(1), D(1), fee=D(-1)), Fill(D("NaN"), D(1)), Split(D(0)), Split(D(-2))],
)
def test_entries_that_make_no_sense_are_refused(entry: Fill | Split) -> None:
    with pytest.raises(ValueError, match=r"must not|makes no sense|finite"):
        book_entry(open_ledger(D(1), D(1)), entry)


def test_ten_apple_shares_keep_their_value_through_both_splits() -> None:
    """Real closes around 2014-06-09 (7:1) and 2020-08-31 (4:1), ratios of the factors file (LEAN)."""
    closes = dict(
        pl.read_parquet(DATA / "daily/us-equity-daily-unadjusted.parquet")
        .filter(pl.col("symbol") == "AAPL")
        .select(pl.col("date").cast(pl.String), "close")
        .iter_rows()
    )
    with (DATA / "daily/us-equity-price-factors.csv").open() as file:
        factors = {
            row["last_date"]: D(row["split_factor"])
            for row in csv.DictReader(file)
            if row["symbol"] == "AAPL"
        }
    seven = round(factors["2014-08-06"] / factors["2014-06-06"])
    four = round(factors["2020-11-05"] / factors["2020-08-28"])
    assert (seven, four) == (7, 4)
    days = [20140609, 20200831]
    splits = [Split(D(seven), days[0]), Split(D(four), days[1])]
    bought = open_ledger(D(10), D(str(closes["2014-06-06"])))

    def value(day: str) -> Decimal:
        held = replay(bought, splits, until=int(day.replace("-", "")))
        return held.quantity * D(str(closes[day]))

    for before, after in (("2014-06-06", "2014-06-09"), ("2020-08-28", "2020-08-31")):
        assert abs(value(after) / value(before) - 1) < D("0.04")  # the market's own move
    held = replay(bought, splits)
    assert held.quantity == 280
    assert (held.gains, held.cost) == (0, bought.cost)
    assert round_money(held.average_cost * 280) == bought.cost
