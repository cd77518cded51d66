"""How the numbers of the Daily Portfolio PnL report are made, in words for its readers."""

TEXTS = (
    "Amounts are in the base currency of each portfolio. Parts are rounded to 8 places and add up to "
    "the total exactly; this page shows two places.",
    "Price is the move of prices on what was held at the previous close, with the cross term of price "
    "and rate; FX is the move of exchange rates on it; trading is what fills of the day made against "
    "the close; income is dividends; fees are subtracted.",
    "Month and year to date are sums of frozen days, not value now minus value then. A business date "
    "without an end of day makes them n/a instead of being skipped.",
    "Returns are time-weighted: each day's profit over its opening value, chained. They need every "
    "position of the period; otherwise they are n/a.",
    "Volatility is the sample deviation of the last 20 daily log returns, times the root of 252. "
    "Drawdown is the largest fall of the chained returns from their peak, at closes.",
    "A restatement is a line that is another now than when the previous business date was frozen first. "
    "Nothing is overwritten: the same report with an earlier known-at shows the earlier numbers.",
)
