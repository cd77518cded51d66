"""Schema ops: facts that are only appended to, states, and the views of the latest revisions."""

from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: None = None
depends_on: None = None

# The views name their natural key once: the highest revision of each.
_NATURAL_KEYS = {
    "instrument": "symbol",
    "portfolio": "portfolio_id",
    "position": "portfolio_id, symbol, as_of",
    "price_bar": "symbol, window_start",
    "daily_price": "symbol, date",
    "fx_rate": "pair, as_of",
    "corporate_action": "symbol, ex_date, type",
    "portfolio_valuation": "portfolio_id, as_of, basis",
    "position_valuation": "portfolio_id, symbol, as_of, basis",
    "risk_metric": "portfolio_id, as_of, basis, measure, parameters",
    "restatement": "relation, row_key",
}
_PROVENANCE = """
    revision integer NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    evidence jsonb NOT NULL DEFAULT '{}'
"""
_FACTS = {
    "instrument": """
    symbol varchar NOT NULL,
    valid_from timestamptz NOT NULL,
    name varchar NOT NULL,
    asset_class varchar NOT NULL,
    currency varchar NOT NULL,
    exchange varchar NOT NULL,
    isin varchar,
    figi varchar,
    sector varchar,
    multiplier numeric NOT NULL
""",
    "portfolio": """
    portfolio_id varchar NOT NULL,
    valid_from timestamptz NOT NULL,
    name varchar NOT NULL,
    base_currency varchar NOT NULL,
    parent_id varchar
""",
    "position": """
    portfolio_id varchar NOT NULL,
    symbol varchar NOT NULL,
    as_of timestamptz NOT NULL,
    quantity numeric NOT NULL,
    average_cost numeric NOT NULL,
    currency varchar NOT NULL,
    cost_fx_rate numeric
""",
    "price_bar": """
    symbol varchar NOT NULL,
    window_start timestamptz NOT NULL,
    window_end timestamptz NOT NULL,
    trade_date date NOT NULL,
    open numeric NOT NULL,
    high numeric NOT NULL,
    low numeric NOT NULL,
    close numeric NOT NULL,
    vwap numeric,
    volume bigint NOT NULL,
    trades bigint NOT NULL,
    currency varchar NOT NULL,
    status varchar NOT NULL,
    first_tick_id varchar NOT NULL,
    last_tick_id varchar NOT NULL,
    as_of timestamptz NOT NULL,
    close_reporting numeric,
    reporting_currency varchar,
    reporting_rate numeric,
    CONSTRAINT ck_price_bar_prices CHECK (low > 0 AND high >= low),
    CONSTRAINT ck_price_bar_counts CHECK (volume >= 0 AND trades > 0)
""",
    "daily_price": """
    symbol varchar NOT NULL,
    date date NOT NULL,
    open numeric,
    high numeric,
    low numeric,
    close numeric NOT NULL,
    volume bigint,
    currency varchar NOT NULL,
    CONSTRAINT ck_daily_price_close_above_zero CHECK (close > 0)
""",
    "fx_rate": """
    pair varchar NOT NULL,
    as_of timestamptz NOT NULL,
    rate numeric NOT NULL,
    source varchar,
    CONSTRAINT ck_fx_rate_rate_above_zero CHECK (rate > 0)
""",
    "corporate_action": """
    symbol varchar NOT NULL,
    ex_date date NOT NULL,
    type varchar NOT NULL,
    value numeric NOT NULL,
    CONSTRAINT ck_corporate_action_type CHECK (type IN ('split', 'dividend')),
    CONSTRAINT ck_corporate_action_value_above_zero CHECK (value > 0)
""",
    "portfolio_valuation": """
    portfolio_id varchar NOT NULL,
    as_of timestamptz NOT NULL,
    basis varchar NOT NULL,
    valuation_id varchar NOT NULL,
    currency varchar NOT NULL,
    market_value numeric,
    unrealized_pnl numeric,
    unrealized_price_pnl numeric,
    unrealized_fx_pnl numeric,
    long_exposure numeric,
    short_exposure numeric,
    gross_exposure numeric,
    net_exposure numeric,
    coverage jsonb NOT NULL,
    fx_rates jsonb NOT NULL,
    CONSTRAINT ck_portfolio_valuation_basis CHECK (basis IN ('last', 'bar'))
""",
    "position_valuation": """
    portfolio_id varchar NOT NULL,
    symbol varchar NOT NULL,
    as_of timestamptz NOT NULL,
    basis varchar NOT NULL,
    valuation_id varchar NOT NULL,
    asset_class varchar,
    quantity numeric NOT NULL,
    average_cost numeric NOT NULL,
    multiplier numeric NOT NULL,
    currency varchar NOT NULL,
    price numeric,
    price_as_of timestamptz,
    price_id varchar,
    fx_rate numeric,
    fx_id varchar,
    market_value numeric,
    market_value_base numeric,
    unrealized_pnl numeric,
    unrealized_pnl_base numeric,
    price_pnl_base numeric,
    fx_pnl_base numeric,
    cost_fx_rate numeric,
    position_as_of timestamptz NOT NULL,
    position_version bigint NOT NULL,
    price_age_seconds double precision,
    stale boolean NOT NULL,
    CONSTRAINT ck_position_valuation_basis CHECK (basis IN ('last', 'bar'))
""",
    "risk_metric": """
    portfolio_id varchar NOT NULL,
    as_of timestamptz NOT NULL,
    basis varchar NOT NULL,
    measure varchar NOT NULL,
    parameters varchar NOT NULL,
    valuation_id varchar NOT NULL,
    value double precision,
    unit varchar NOT NULL,
    details jsonb NOT NULL,
    reason varchar,
    definition integer NOT NULL
""",
    "restatement": """
    relation varchar NOT NULL,
    row_key varchar NOT NULL,
    was jsonb NOT NULL,
    became jsonb NOT NULL,
    cause varchar NOT NULL
""",
}
_STATES = """
CREATE TABLE ops.stream_offset (
    grp varchar NOT NULL,
    topic varchar NOT NULL,
    part integer NOT NULL,
    next_offset bigint NOT NULL,
    owner_epoch bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_stream_offset PRIMARY KEY (grp, topic, part)
);
CREATE TABLE ops.live_price (
    symbol varchar NOT NULL,
    price_e8 bigint NOT NULL,
    currency varchar NOT NULL,
    ts_event_us bigint NOT NULL,
    seq bigint NOT NULL,
    tick_id varchar NOT NULL,
    CONSTRAINT pk_live_price PRIMARY KEY (symbol)
);
CREATE TABLE ops.live_valuation (
    portfolio_id varchar NOT NULL,
    valuation_id varchar NOT NULL,
    as_of timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    payload jsonb NOT NULL,
    CONSTRAINT pk_live_valuation PRIMARY KEY (portfolio_id)
);
CREATE TABLE ops.pipeline_count (
    stage varchar NOT NULL,
    topic varchar NOT NULL,
    part integer NOT NULL,
    next_offset bigint NOT NULL,
    received bigint NOT NULL,
    accepted bigint NOT NULL,
    duplicate bigint NOT NULL,
    rejected jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_pipeline_count PRIMARY KEY (stage, topic, part)
);
CREATE TABLE ops.api_key (
    prefix varchar NOT NULL,
    key_hash bytea NOT NULL,
    owner varchar NOT NULL,
    scopes varchar[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT pk_api_key PRIMARY KEY (prefix)
);
CREATE TABLE ops.run (
    run_id varchar NOT NULL,
    step varchar NOT NULL,
    attempt integer NOT NULL,
    business_date date NOT NULL,
    status varchar NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    details jsonb NOT NULL,
    CONSTRAINT pk_run PRIMARY KEY (run_id, step, attempt)
);
CREATE INDEX ix_price_bar_trade_date_symbol ON ops.price_bar (trade_date, symbol);
CREATE INDEX ix_daily_price_date ON ops.daily_price (date);
"""
# TRUNCATE stays with the owner of the table, as PostgreSQL has it unless granted.
_APPEND_ONLY = """
CREATE FUNCTION ops.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ops.% is append-only: % refused, append a row with revision + 1 instead',
        TG_TABLE_NAME, TG_OP USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
"""


def upgrade() -> None:
    op.execute(_APPEND_ONLY)
    for name, columns in _FACTS.items():
        key = _NATURAL_KEYS[name]
        op.execute(
            f"CREATE TABLE ops.{name} ({columns.rstrip()},{_PROVENANCE.rstrip()},\n"
            f"    CONSTRAINT pk_{name} PRIMARY KEY ({key}, revision)\n)"
        )
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ops.{name} "
            "FOR EACH ROW EXECUTE FUNCTION ops.refuse_change()"
        )
        op.execute(
            f"CREATE VIEW ops.{name}_latest AS "  # noqa: S608  names are the constants above
            f"SELECT DISTINCT ON ({key}) * FROM ops.{name} ORDER BY {key}, revision DESC"
        )
    op.execute(_STATES)


def downgrade() -> None:
    for name in _FACTS:
        op.execute(f"DROP VIEW ops.{name}_latest")
        op.execute(f"DROP TABLE ops.{name}")
    op.execute("DROP TABLE ops.stream_offset, ops.live_price, ops.live_valuation")
    op.execute("DROP TABLE ops.pipeline_count, ops.api_key, ops.run")
    op.execute("DROP FUNCTION ops.refuse_change()")
