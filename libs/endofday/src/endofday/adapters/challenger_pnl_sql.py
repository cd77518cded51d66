"""The second calculation of daily profit: SQL alone, written apart from libs/quant.

In work tables that are analysed before they are joined: as one statement the planner takes a thousand books
for one, and joins every line with every other.
"""

SESSION = """
CREATE TEMP TABLE challenger_session (symbol text, d0 date, t0 timestamptz, d1 date, t1 timestamptz)
 ON COMMIT DROP
"""
ADD_SESSIONS = """
INSERT INTO challenger_session
SELECT * FROM unnest($1::text[], $2::date[], $3::timestamptz[], $4::date[], $5::timestamptz[])
"""

# The two ends of the FX day.
MOMENT = "CREATE TEMP TABLE challenger_moment (place int, moment timestamptz) ON COMMIT DROP"
ADD_MOMENTS = "INSERT INTO challenger_moment VALUES (0, $1), (1, $2)"

MEMBER = """
CREATE TEMP TABLE challenger_member ON COMMIT DROP AS
WITH RECURSIVE tree AS (
    SELECT portfolio_id AS root, base_currency AS base, portfolio_id AS member FROM ops.portfolio_latest
    UNION SELECT t.root, t.base, p.portfolio_id FROM tree t JOIN ops.portfolio_latest p
       ON p.parent_id = t.member
)
SELECT * FROM tree
"""

# Units of each line before and after the day, and what was paid in between.
UNIT = """
CREATE TEMP TABLE challenger_unit ON COMMIT DROP AS
WITH line AS (
    SELECT portfolio_id, symbol FROM ops.position_latest
    UNION SELECT portfolio_id, symbol FROM ops.fill_latest
), loaded AS (
    SELECT l.portfolio_id, s.*, coalesce(v.quantity, 0) AS quantity, coalesce(v.as_of, '-infinity') AS since
      FROM line l JOIN challenger_session s USING (symbol) LEFT JOIN LATERAL (
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
)
SELECT e.portfolio_id, e.symbol,
       coalesce(sum(e.quantity * n.ratio) FILTER (WHERE NOT e.today), 0) AS opening,
       sum(e.quantity * n.ratio) AS closing,
       coalesce(sum(e.quantity * e.price) FILTER (WHERE e.today), 0) AS paid,
       coalesce(sum(e.fee) FILTER (WHERE e.today), 0) AS fees, bool_or(e.today) AS traded
  FROM event e CROSS JOIN LATERAL (
       SELECT coalesce(exp(sum(ln(value))), 1) AS ratio FROM ops.corporate_action_latest a
        WHERE a.symbol = e.symbol AND a.type = 'split' AND a.ex_date <= e.d1
          AND a.ex_date::timestamp AT TIME ZONE 'UTC' > e.at) n
 GROUP BY 1, 2
"""

# The newest fixing or bar of each pair at the two ends of the FX day.
QUOTE = """
CREATE TEMP TABLE challenger_quote ON COMMIT DROP AS
SELECT DISTINCT ON (m.place, q.pair) m.place, q.pair, q.rate
  FROM challenger_moment m
  JOIN (SELECT pair, as_of, rate, as_of AS seen, 0 AS rank FROM ops.fx_rate_latest
        UNION ALL SELECT symbol, window_end, close, as_of, 1 FROM (
            SELECT DISTINCT ON (symbol, window_start) symbol, window_end, close, as_of FROM ops.price_bar
             WHERE symbol ~ '^[A-Z]{6}$'
               AND window_start > (SELECT min(moment) FROM challenger_moment) - interval '8 days'
             ORDER BY symbol, window_start, revision DESC) b) q
    ON q.as_of <= m.moment AND q.as_of > m.moment - interval '7 days'
 ORDER BY m.place, q.pair, q.seen DESC, q.rank DESC
"""

# Units of base per unit of currency at both ends: direct, inverse, else through the dollar.
FX = """
CREATE TEMP TABLE challenger_fx ON COMMIT DROP AS
SELECT n.currency, n.base, m.place,
       CASE WHEN n.currency = n.base THEN 1 ELSE coalesce(d.rate, 1 / i.rate,
            CASE WHEN n.currency = 'USD' THEN 1 ELSE coalesce(c.rate, 1 / ci.rate) END
            / CASE WHEN n.base = 'USD' THEN 1 ELSE coalesce(b.rate, 1 / bi.rate) END) END AS rate
  FROM (SELECT i.currency, t.base FROM (SELECT DISTINCT currency FROM ops.instrument_latest) i
         CROSS JOIN (SELECT DISTINCT base FROM challenger_member) t) n
 CROSS JOIN challenger_moment m
  LEFT JOIN challenger_quote d ON d.pair = n.currency || n.base AND d.place = m.place
  LEFT JOIN challenger_quote i ON i.pair = n.base || n.currency AND i.place = m.place
  LEFT JOIN challenger_quote c ON c.pair = n.currency || 'USD' AND c.place = m.place
  LEFT JOIN challenger_quote ci ON ci.pair = 'USD' || n.currency AND ci.place = m.place
  LEFT JOIN challenger_quote b ON b.pair = n.base || 'USD' AND b.place = m.place
  LEFT JOIN challenger_quote bi ON bi.pair = 'USD' || n.base AND bi.place = m.place
"""

# What each symbol cost at both closes, and what its corporate actions of the day gave per unit.
PRICE = """
CREATE TEMP TABLE challenger_price ON COMMIT DROP AS
WITH priced AS (
    SELECT s.symbol, i.currency, i.multiplier, m.place,
           CASE i.asset_class WHEN 'cash' THEN 1 WHEN 'fx' THEN q.rate
                ELSE coalesce(b.close, d.close, o.price) END AS price
      FROM challenger_session s JOIN ops.instrument_latest i USING (symbol)
     CROSS JOIN LATERAL (VALUES (0, s.d0, s.t0), (1, s.d1, s.t1)) AS m(place, day, closed)
      LEFT JOIN challenger_quote q ON q.pair = s.symbol AND q.place = m.place
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
), paying AS (
    SELECT s.symbol, coalesce(exp(sum(ln(a.value)) FILTER (WHERE a.type = 'split')), 1) AS ratio,
           coalesce(sum(a.value) FILTER (WHERE a.type = 'dividend'), 0) AS cash
      FROM challenger_session s LEFT JOIN ops.corporate_action_latest a
        ON a.symbol = s.symbol AND a.ex_date > s.d0 AND a.ex_date <= s.d1
     GROUP BY s.symbol
)
SELECT p0.symbol, p0.currency, p0.multiplier, p0.price AS opening, p1.price AS closing, y.ratio, y.cash
  FROM priced p0 JOIN priced p1 USING (symbol) JOIN paying y USING (symbol)
 WHERE p0.place = 0 AND p1.place = 1
"""

BUILT = (MEMBER, UNIT, QUOTE, FX, PRICE)
"""Work tables made from the sessions and moments, in this order."""
TABLES = ("session", "moment", "member", "unit", "quote", "fx", "price")

# Value after - value before - money put in + income - fees, per book and symbol.
PNL = """
WITH total AS (
    SELECT t.root, t.base, sum(
           x1.rate * (p.multiplier * (u.closing * p.closing - u.paid + u.opening / p.ratio * p.cash) - u.fees)
           - CASE WHEN u.opening = 0 THEN 0
                  ELSE u.opening / p.ratio * p.multiplier * p.opening * x0.rate END) AS total
      FROM challenger_member t JOIN challenger_unit u ON u.portfolio_id = t.member
      JOIN challenger_price p USING (symbol)
      JOIN challenger_fx x0 ON x0.currency = p.currency AND x0.base = t.base AND x0.place = 0
      JOIN challenger_fx x1 ON x1.currency = p.currency AND x1.base = t.base AND x1.place = 1
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
