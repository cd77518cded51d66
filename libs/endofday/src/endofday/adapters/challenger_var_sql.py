"""The second calculation of VaR: SQL alone, written apart from libs/quant."""

# Every holding behind the newest official VaR of the date; work tables end with the transaction.
HELD = r"""
CREATE TEMP TABLE challenger_held ON COMMIT DROP AS
WITH chosen AS (
    SELECT DISTINCT ON (portfolio_id) portfolio_id, as_of, valuation_id, unit AS base
      FROM ops.risk_metric
     WHERE measure = 'historical_var' AND basis = 'bar' AND parameters ~ 'confidence_bp=(9500|9900)(,|$)'
       AND as_of > DATE_OF_DAY::timestamp AT TIME ZONE 'UTC'
       AND as_of <= (DATE_OF_DAY + 1)::timestamp AT TIME ZONE 'UTC'
     ORDER BY portfolio_id, as_of DESC, revision DESC
), line AS (
    SELECT b.portfolio_id, b.base, p.symbol, p.currency, p.asset_class,
           (p.quantity * p.multiplier * p.price * p.fx_rate)::float8 AS value
      FROM chosen b JOIN ops.position_valuation p USING (portfolio_id, as_of, valuation_id)
     WHERE p.basis = 'bar' AND p.price IS NOT NULL AND p.fx_rate IS NOT NULL
)
SELECT line.*, bool_and(asset_class IS NOT DISTINCT FROM 'fx') OVER book AS only_fx,
       bool_or(asset_class = 'option') OVER book AS options
  FROM line WINDOW book AS (PARTITION BY portfolio_id)
"""

# What one unit of value in a symbol does in each scenario, in each base: as many as symbols, not books.
FACTORS = r"""
CREATE TEMP TABLE challenger_factor ON COMMIT DROP AS
WITH wanted AS (
    SELECT DISTINCT symbol, currency, base, only_fx FROM challenger_held
), quote AS (
    SELECT DISTINCT ON (pair, day) pair, day, rate
      FROM (SELECT pair, as_of, (as_of AT TIME ZONE 'UTC')::date AS day, rate::float8 AS rate
              FROM ops.fx_rate_latest) f
     WHERE day < DATE_OF_DAY ORDER BY pair, day, as_of DESC
), grid AS (
    (SELECT false AS only_fx, date FROM (
        SELECT DISTINCT d.date FROM ops.daily_price_latest d LEFT JOIN ops.instrument_latest i USING (symbol)
         WHERE d.date < DATE_OF_DAY AND i.asset_class IS DISTINCT FROM 'fx') e ORDER BY date DESC LIMIT 501)
    UNION ALL
    (SELECT true, day FROM (SELECT DISTINCT day FROM quote WHERE extract(isodow FROM day) < 6) f
      ORDER BY day DESC LIMIT 501)
), filled AS (  -- every quote carried forward to every date of the grid
    SELECT pair, day, max(rate) OVER (PARTITION BY pair, known) AS rate, min(first) OVER (PARTITION BY pair)
           AS first
      FROM (SELECT k.pair, k.day, q.rate, q.day AS first,
                   count(q.rate) OVER (PARTITION BY k.pair ORDER BY k.day) AS known
              FROM (SELECT p.pair, g.date AS day FROM (SELECT DISTINCT pair FROM quote) p, grid g
                    UNION SELECT pair, day FROM quote) k
              LEFT JOIN quote q USING (pair, day)) f
), fx AS (  -- units of base per unit of currency: direct, inverse, else through the dollar
    SELECT n.currency, n.base, g.day,
           CASE WHEN n.currency = n.base THEN 1.0 ELSE coalesce(d.rate, 1 / i.rate,
                CASE WHEN n.currency = 'USD' THEN 1.0 ELSE coalesce(c.rate, 1 / ci.rate) END
                / CASE WHEN n.base = 'USD' THEN 1.0 ELSE coalesce(b.rate, 1 / bi.rate) END) END AS rate
      FROM (SELECT DISTINCT currency, base FROM wanted) n
     CROSS JOIN (SELECT DISTINCT date AS day FROM grid) g
      LEFT JOIN filled d ON d.pair = n.currency || n.base AND d.day = g.day
      LEFT JOIN filled i ON i.pair = n.base || n.currency AND i.day = g.day
      LEFT JOIN filled c ON c.pair = n.currency || 'USD' AND c.day = g.day
      LEFT JOIN filled ci ON ci.pair = 'USD' || n.currency AND ci.day = g.day
      LEFT JOIN filled b ON b.pair = n.base || 'USD' AND b.day = g.day
      LEFT JOIN filled bi ON bi.pair = 'USD' || n.base AND bi.day = g.day
), price AS (
    SELECT symbol, date, close, lag(close) OVER w AS before, lag(date) OVER w AS since,
           min(date) OVER (PARTITION BY symbol) AS first
      FROM ops.daily_price_latest WHERE date < DATE_OF_DAY AND symbol IN (SELECT symbol FROM wanted)
    WINDOW w AS (PARTITION BY symbol ORDER BY date)
), began AS (
    SELECT symbol, min(first) AS first FROM price GROUP BY symbol
), action AS (
    SELECT symbol, ex_date, type, value FROM ops.corporate_action_latest
     WHERE symbol IN (SELECT symbol FROM wanted)
), paid AS (  -- splits and dividends of the ex-dates between two price rows
    SELECT p.symbol, p.date, exp(sum(ln(a.value)) FILTER (WHERE a.type = 'split')) AS ratio,
           sum(a.value) FILTER (WHERE a.type = 'dividend') AS cash
      FROM price p JOIN action a ON a.symbol = p.symbol AND a.ex_date > p.since AND a.ex_date <= p.date
     GROUP BY p.symbol, p.date
), change AS (  -- total return of each price row
    SELECT p.symbol, p.date,
           ((p.close * coalesce(a.ratio, 1) + coalesce(a.cash, 0)) / p.before - 1)::float8 AS change
      FROM price p LEFT JOIN paid a USING (symbol, date)
     WHERE p.date >= (SELECT min(date) FROM grid)
), step AS (
    SELECT w.symbol, w.currency, w.base, w.only_fx, g.date, fx.rate, lag(fx.rate) OVER s AS rate_before,
           lag(g.date) OVER s AS date_before,
           CASE WHEN own.pair IS NULL THEN coalesce(m.change, 0) ELSE own.rate / lag(own.rate) OVER s - 1 END
           AS change, coalesce(own.first, began.first) AS first
      FROM wanted w JOIN grid g USING (only_fx)
      JOIN fx ON fx.currency = w.currency AND fx.base = w.base AND fx.day = g.date
      LEFT JOIN filled own ON own.pair = w.symbol AND own.day = g.date
      LEFT JOIN change m ON m.symbol = w.symbol AND m.date = g.date
      LEFT JOIN began ON began.symbol = w.symbol
    WINDOW s AS (PARTITION BY w.symbol, w.currency, w.base, w.only_fx ORDER BY g.date)
)
SELECT symbol, currency, base, only_fx, date, (1 + change) * rate / rate_before - 1 AS factor,
       coalesce(first <= date_before AND rate_before IS NOT NULL, false) AS known
  FROM step
"""

PORTFOLIOS = "SELECT DISTINCT portfolio_id FROM challenger_held ORDER BY 1"

# Of some books at a time: all scenarios of all books at once would be tens of millions of rows.
SCENARIOS = """
CREATE TEMP TABLE IF NOT EXISTS challenger_scenario
       (portfolio_id varchar, date date, pnl float8, k bigint, n bigint) ON COMMIT DROP
"""
ADD_SCENARIOS = """
INSERT INTO challenger_scenario
SELECT portfolio_id, date, pnl, row_number() OVER (PARTITION BY portfolio_id ORDER BY pnl, date),
       count(*) OVER (PARTITION BY portfolio_id)
  FROM (SELECT h.portfolio_id, f.date, sum(h.value * f.factor) AS pnl
          FROM challenger_held h JOIN challenger_factor f USING (symbol, currency, base, only_fx)
         WHERE h.portfolio_id = ANY ($1::text[]) AND NOT h.options
         GROUP BY h.portfolio_id, f.date HAVING bool_and(f.known)) s
"""

VAR = r"""
WITH chosen AS (  -- the newest official numbers of the date
    SELECT DISTINCT ON (portfolio_id, parameters) portfolio_id, as_of, parameters, value, unit, reason,
           substring(parameters FROM 'confidence_bp=(\d+)')::int AS c
      FROM ops.risk_metric
     WHERE measure = 'historical_var' AND basis = 'bar' AND parameters ~ 'confidence_bp=(9500|9900)(,|$)'
       AND as_of > $1::date::timestamp AT TIME ZONE 'UTC'
       AND as_of <= ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
     ORDER BY portfolio_id, parameters, as_of DESC, revision DESC
)
SELECT c.portfolio_id, 'historical_var_' || c.c AS measure, c.value AS primary_value,
       -r.pnl AS challenger_value, c.unit, c.as_of, r.n AS scenarios, r.date AS scenario_date,
       coalesce(c.reason, CASE WHEN book.options THEN 'options' WHEN r.pnl IS NULL THEN 'no_scenarios' END)
       AS reason
  FROM chosen c
  LEFT JOIN (SELECT DISTINCT portfolio_id, options FROM challenger_held) book USING (portfolio_id)
  LEFT JOIN challenger_scenario r ON r.portfolio_id = c.portfolio_id
       AND r.k = (r.n * (10000 - c.c) + 9999) / 10000 AND r.n * (10000 - c.c) >= 10000
 ORDER BY 1, 2
"""
