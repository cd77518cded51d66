"""The second calculation of VaR and of daily profit: SQL alone, written apart from libs/quant."""

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

PNL = """
WITH RECURSIVE tree AS (
    SELECT portfolio_id AS root, base_currency AS base, portfolio_id AS member FROM ops.portfolio_latest
    UNION SELECT t.root, t.base, p.portfolio_id FROM tree t JOIN ops.portfolio_latest p
       ON p.parent_id = t.member
), session AS (
    SELECT * FROM unnest($2::text[], $3::date[], $4::timestamptz[], $5::date[], $6::timestamptz[])
           AS s(symbol, d0, t0, d1, t1)
), line AS (
    SELECT portfolio_id, symbol FROM ops.position_latest
    UNION SELECT portfolio_id, symbol FROM ops.fill_latest
), loaded AS (
    SELECT l.portfolio_id, s.*, coalesce(v.quantity, 0) AS quantity, coalesce(v.as_of, '-infinity') AS since
      FROM line l JOIN session s USING (symbol) LEFT JOIN LATERAL (
           SELECT quantity, as_of FROM ops.position_latest p
            WHERE p.portfolio_id = l.portfolio_id AND p.symbol = l.symbol AND p.as_of <= s.t1
            ORDER BY as_of DESC LIMIT 1) v ON true
), event AS (  -- the loaded position and each fill after it, with the units that they are now
    SELECT l.portfolio_id, l.symbol, l.since AS at, l.quantity, 0::numeric AS price, 0::numeric AS fee, false
           AS today, l.d1 FROM loaded l
    UNION ALL
    SELECT l.portfolio_id, l.symbol, f.executed_at, f.quantity, f.price, f.fee, f.executed_at > l.t0, l.d1
      FROM loaded l JOIN ops.fill_latest f USING (portfolio_id, symbol)
     WHERE f.executed_at >= l.since AND f.executed_at <= l.t1
), unit AS (
    SELECT e.portfolio_id, e.symbol,
           sum(e.quantity * n.ratio) FILTER (WHERE NOT e.today) AS opening,
           sum(e.quantity * n.ratio) AS closing,
           coalesce(sum(e.quantity * e.price) FILTER (WHERE e.today), 0) AS paid,
           coalesce(sum(e.fee) FILTER (WHERE e.today), 0) AS fees, bool_or(e.today) AS traded
      FROM event e CROSS JOIN LATERAL (
           SELECT coalesce(exp(sum(ln(value))), 1) AS ratio FROM ops.corporate_action_latest a
            WHERE a.symbol = e.symbol AND a.type = 'split' AND a.ex_date <= e.d1
              AND a.ex_date::timestamp AT TIME ZONE 'UTC' > e.at) n
     GROUP BY 1, 2
), quoted AS (  -- the newest fixing or bar of each pair at the two ends of the FX day
    SELECT DISTINCT ON (m.place, q.pair) m.place, q.pair, q.rate
      FROM (VALUES (0, $7::timestamptz), (1, $8::timestamptz)) AS m(place, moment)
      JOIN (SELECT pair, as_of, rate, as_of AS seen, 0 AS rank FROM ops.fx_rate_latest
            UNION ALL SELECT symbol, window_end, close, as_of, 1 FROM (
                SELECT DISTINCT ON (symbol, window_start) symbol, window_end, close, as_of FROM ops.price_bar
                 WHERE symbol ~ '^[A-Z]{6}$' AND window_start > $7::timestamptz - interval '8 days'
                 ORDER BY symbol, window_start, revision DESC) b) q
        ON q.as_of <= m.moment AND q.as_of > m.moment - interval '7 days'
     ORDER BY m.place, q.pair, q.seen DESC, q.rank DESC
), fx AS (
    SELECT n.currency, n.base, m.place,
           CASE WHEN n.currency = n.base THEN 1 ELSE coalesce(d.rate, 1 / i.rate,
                CASE WHEN n.currency = 'USD' THEN 1 ELSE coalesce(c.rate, 1 / ci.rate) END
                / CASE WHEN n.base = 'USD' THEN 1 ELSE coalesce(b.rate, 1 / bi.rate) END) END AS rate
      FROM (SELECT i.currency, t.base FROM (SELECT DISTINCT currency FROM ops.instrument_latest) i
             CROSS JOIN (SELECT DISTINCT base FROM tree) t) n
     CROSS JOIN (VALUES (0), (1)) AS m(place)
      LEFT JOIN quoted d ON d.pair = n.currency || n.base AND d.place = m.place
      LEFT JOIN quoted i ON i.pair = n.base || n.currency AND i.place = m.place
      LEFT JOIN quoted c ON c.pair = n.currency || 'USD' AND c.place = m.place
      LEFT JOIN quoted ci ON ci.pair = 'USD' || n.currency AND ci.place = m.place
      LEFT JOIN quoted b ON b.pair = n.base || 'USD' AND b.place = m.place
      LEFT JOIN quoted bi ON bi.pair = 'USD' || n.base AND bi.place = m.place
), priced AS (
    SELECT s.symbol, i.currency, i.multiplier, m.place,
           CASE i.asset_class WHEN 'cash' THEN 1 WHEN 'fx' THEN q.rate
                ELSE coalesce(b.close, d.close, o.price) END AS price
      FROM session s JOIN ops.instrument_latest i USING (symbol)
     CROSS JOIN LATERAL (VALUES (0, s.d0, s.t0), (1, s.d1, s.t1)) AS m(place, day, closed)
      LEFT JOIN quoted q ON q.pair = s.symbol AND q.place = m.place
      LEFT JOIN LATERAL (
           SELECT close FROM ops.price_bar
            WHERE symbol = s.symbol AND trade_date = m.day AND window_end <= m.closed
              AND window_start > m.closed - interval '1 day'
            ORDER BY window_start DESC, revision DESC LIMIT 1) b ON true
      LEFT JOIN ops.daily_price_latest d ON d.symbol = s.symbol AND d.date = m.day
      LEFT JOIN LATERAL (  -- an option that did not trade: its last official value of the session
           SELECT price FROM ops.position_valuation_latest
            WHERE i.asset_class = 'option' AND symbol = s.symbol AND basis = 'bar' AND as_of <= m.closed
              AND as_of > m.closed - interval '1 day'
            ORDER BY as_of DESC, portfolio_id LIMIT 1) o ON true
), paying AS MATERIALIZED (  -- made once, not again for every line that it is joined with
    SELECT s.symbol, coalesce(exp(sum(ln(a.value)) FILTER (WHERE a.type = 'split')), 1) AS ratio,
           coalesce(sum(a.value) FILTER (WHERE a.type = 'dividend'), 0) AS cash
      FROM session s LEFT JOIN ops.corporate_action_latest a
        ON a.symbol = s.symbol AND a.ex_date > s.d0 AND a.ex_date <= s.d1
     GROUP BY s.symbol
), total AS (  -- value after - value before - money put in + income - fees, per book and symbol
    SELECT t.root, t.base, sum(
           x1.rate * (p1.multiplier * (u.closing * p1.price - u.paid
                                       + coalesce(u.opening / y.ratio, 0) * y.cash) - u.fees)
           - CASE WHEN coalesce(u.opening, 0) = 0 THEN 0
                  ELSE u.opening / y.ratio * p0.multiplier * p0.price * x0.rate END) AS total
      FROM tree t JOIN unit u ON u.portfolio_id = t.member
      JOIN paying y USING (symbol)
      JOIN priced p0 ON p0.symbol = u.symbol AND p0.place = 0
      JOIN priced p1 ON p1.symbol = u.symbol AND p1.place = 1
      JOIN fx x0 ON x0.currency = p0.currency AND x0.base = t.base AND x0.place = 0
      JOIN fx x1 ON x1.currency = p1.currency AND x1.base = t.base AND x1.place = 1
     WHERE u.opening <> 0 OR u.traded
     GROUP BY 1, 2, u.symbol
)
SELECT f.portfolio_id, 'daily_pnl' AS measure, f.total::float8 AS primary_value,
       c.total::float8 AS challenger_value, f.currency AS unit,
       CASE WHEN f.total IS NULL OR c.total IS NULL THEN 'unpriced' END AS reason
  FROM (SELECT portfolio_id, currency, sum(total) AS total FROM ops.pnl_daily_latest
         WHERE date = $1 GROUP BY 1, 2) f
  LEFT JOIN (SELECT root, sum(total) AS total FROM total GROUP BY 1) c ON c.root = f.portfolio_id
 ORDER BY 1
"""
