"""From rows of the warehouse to the Risk Exposure report."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from contracts import Valuation
from measuring.core.history import FactorCache
from reports.core.books import Placed, in_tree_order
from reports.core.risk.backtests import backtest
from reports.core.risk.components import tail_split
from reports.core.risk.exposures import by_asset_class, by_currency
from reports.core.risk.limits import limit_states
from reports.core.risk.rows import Component, Metric, RiskRows, TestedDay
from reports.core.risk.shapes import BookRisk, RiskExposureReport, TailSplit
from reports.core.risk.stresses import stresses
from reports.core.risk.tails import number, tail_risks
from reports.core.risk.volatilities import ranked

NUMBERS = (
    "volatility_20d",
    "volatility_ewma",
    "max_drawdown",
    "concentration",
    "top5_share",
    "effective_names",
    "sector_concentration",
)


def risk_exposure(rows: RiskRows) -> RiskExposureReport:
    """The report of rows.date. Portfolios in tree order, the worst limits and the wildest names first."""
    metrics: defaultdict[str, list[Metric]] = defaultdict(list)
    for one in rows.metrics:
        metrics[one.portfolio_id].append(one)
    tested: defaultdict[str, list[TestedDay]] = defaultdict(list)
    for day in rows.tested:
        tested[day.portfolio_id].append(day)
    components: defaultdict[str, list[Component]] = defaultdict(list)
    for part in rows.components:
        components[part.portfolio_id].append(part)
    cache = FactorCache(rows.history, rows.pivot)
    books = tuple(
        _book(
            placed,
            rows.closings.get(name),
            metrics[name],
            tail_split(components[name], rows.closings.get(name), rows.names),
            tested[name],
            cache,
        )
        for placed in in_tree_order(rows.portfolios)
        for name in (placed.portfolio.portfolio_id,)
    )
    as_of = max((one.as_of for one in rows.closings.values()), default=None)
    # Money has no price of its own, and an option moves with its underlying.
    held = {
        one.symbol
        for closing in rows.closings.values()
        for one in closing.positions
        if one.option is None and one.asset_class != "cash"
    }
    return RiskExposureReport(
        date=rows.date,
        as_of=as_of,
        known_at=rows.known_at,
        complete=all(_is_complete(one) for one in books),
        portfolios=books,
        limits=limit_states(rows.limits, as_of or dt.datetime.combine(rows.date, dt.time.max, dt.UTC)),
        volatilities=ranked(held, rows.history.factor_prices(rows.date), rows.names, rows.date),
    )


def _book(
    placed: Placed,
    closing: Valuation | None,
    metrics: Sequence[Metric],
    split: TailSplit,
    tested: Sequence[TestedDay],
    cache: FactorCache,
) -> BookRisk:
    one = placed.portfolio
    positions = () if closing is None else closing.positions
    gross = None if closing is None else closing.gross_exposure
    coverage: dict[str, Any] = {} if closing is None else msgspec.to_builtins(closing.coverage)
    return BookRisk(
        portfolio_id=one.portfolio_id,
        name=one.name,
        currency=one.currency,
        parent_id=one.parent_id,
        depth=placed.depth,
        has_members=placed.has_members,
        as_of=None if closing is None else closing.as_of,
        market_value=None if closing is None else closing.market_value,
        long=None if closing is None else closing.long_exposure,
        short=None if closing is None else closing.short_exposure,
        gross=gross,
        net=None if closing is None else closing.net_exposure,
        coverage=coverage,
        tails=tail_risks(metrics, gross),
        split=split,
        by_asset_class=by_asset_class(positions),
        by_currency=by_currency(positions),
        stresses=() if closing is None else stresses(closing, cache),
        backtest=backtest(tested),
        **{name: number(metrics, name) for name in NUMBERS},
    )


def _is_complete(book: BookRisk) -> bool:
    return bool(book.coverage.get("complete")) and any(tail.var is not None for tail in book.tails)
