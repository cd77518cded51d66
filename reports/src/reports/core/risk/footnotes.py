"""How the numbers of the Risk Exposure report are made, in words for its readers."""

TEXTS = (
    "Amounts are in the base currency of each portfolio; VaR, expected shortfall and drawdown are "
    "positive losses.",
    "Value at risk is historical: the k-th worst result of the closing book over the scenarios of its "
    "window, one day, full revaluation. The scenario date is the day that this result comes from.",
    "The interval is the one in which the true value at risk lies with the stated probability if days "
    "are independent and alike; a side that the sample is too small to bound is n/a.",
    "Expected shortfall is the mean loss of the tail beyond the confidence (Acerbi and Tasche).",
    "What a position adds to VaR is its loss in the scenario behind the VaR; to expected shortfall, its mean "
    "loss over the tail. Per unit of its market value that is what a little more of it would add.",
    "Volatility, drawdown and the other ratios of portfolios are those of today's book held through the "
    "past (pro forma), not of the books that were held; realised ones are in the Daily Portfolio PnL "
    "report.",
    "Concentrations are shares of gross market value. Exposure by currency counts cash and both legs of "
    "currency pairs.",
    "A limit has the state that the end of day judged on the closing values; where it judged none, the "
    "newest live state. Its age is market time up to the close. Breaches are those of live values, with what "
    "people did about them. A limit without its inputs is UNKNOWN, never OK.",
    "Stress results are those of the closing book, in one step, with prices and rates moving together; "
    "options are revalued in full. A period that the stored history does not reach is n/a.",
    "The backtest compares actual profit before fees with the 99 % VaR reported before each day. Zones "
    "are those of the traffic light: yellow from a binomial probability of 95 %, red from 99.99 %. "
    "Fewer than 250 days say little.",
)
