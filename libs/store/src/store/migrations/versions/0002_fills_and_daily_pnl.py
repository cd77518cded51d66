"""Fills, frozen daily profit and loss, the end-of-day challenger; options and classes of instruments."""

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None

_PROVENANCE = """
    revision integer NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    evidence jsonb NOT NULL DEFAULT '{}'
"""
_FACTS = {
    "fill": (
        "fill_id",
        """
    fill_id varchar NOT NULL,
    portfolio_id varchar NOT NULL,
    symbol varchar NOT NULL,
    executed_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    quantity numeric NOT NULL,
    price numeric NOT NULL,
    currency varchar NOT NULL,
    fee numeric NOT NULL,
    CONSTRAINT ck_fill_quantity_not_zero CHECK (quantity <> 0),
    CONSTRAINT ck_fill_fee_not_negative CHECK (fee >= 0)
""",
    ),
    "pnl_daily": (
        "portfolio_id, symbol, date",
        """
    portfolio_id varchar NOT NULL,
    symbol varchar NOT NULL,
    date date NOT NULL,
    currency varchar NOT NULL,
    opening_quantity numeric NOT NULL,
    opening_price numeric,
    opening_fx_rate numeric,
    opening_value numeric,
    closing_quantity numeric NOT NULL,
    closing_price numeric,
    closing_fx_rate numeric,
    closing_value numeric,
    flow numeric,
    price numeric,
    fx numeric,
    trading numeric,
    income numeric,
    fees numeric,
    total numeric,
    realized numeric,
    reason varchar
""",
    ),
    "challenge": (
        "portfolio_id, date, measure",
        """
    portfolio_id varchar NOT NULL,
    date date NOT NULL,
    measure varchar NOT NULL,
    primary_value double precision,
    challenger_value double precision,
    divergence double precision,
    unit varchar NOT NULL,
    reason varchar
""",
    ),
}
_ADDED = {
    "instrument": (
        "symbol",
        (
            "issuer varchar",
            "underlying varchar",
            "strike numeric",
            "expiry timestamptz",
            "option_right varchar",
            "volatility numeric",
            "interest_rate numeric",
            "dividend_yield numeric",
        ),
    ),
    "position_valuation": (
        "portfolio_id, symbol, as_of, basis",
        (
            "sector varchar",
            "exchange varchar",
            "issuer varchar",
            "realized_pnl_base numeric",
            "daily_pnl jsonb",
            "option jsonb",
        ),
    ),
    "portfolio_valuation": (
        "portfolio_id, as_of, basis",
        ("realized_pnl numeric", "daily_pnl jsonb", "members jsonb"),
    ),
}


def upgrade() -> None:
    for name, (key, columns) in _FACTS.items():
        op.execute(
            f"CREATE TABLE ops.{name} ({columns.rstrip()},{_PROVENANCE.rstrip()},\n"
            f"    CONSTRAINT pk_{name} PRIMARY KEY ({key}, revision)\n)"
        )
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ops.{name} "
            "FOR EACH ROW EXECUTE FUNCTION ops.refuse_change()"
        )
        _show_latest(name, key)
    for name, (key, columns) in _ADDED.items():
        for column in columns:
            op.execute(f"ALTER TABLE ops.{name} ADD COLUMN {column}")
        _show_latest(name, key)
    op.execute(
        "CREATE INDEX ix_fill_portfolio_id_symbol_executed_at ON ops.fill (portfolio_id, symbol, executed_at)"
    )
    op.execute("CREATE INDEX ix_pnl_daily_portfolio_id_date ON ops.pnl_daily (portfolio_id, date)")


def downgrade() -> None:
    for name, (key, columns) in _ADDED.items():
        op.execute(f"DROP VIEW ops.{name}_latest")
        for column in columns:
            op.execute(f"ALTER TABLE ops.{name} DROP COLUMN {column.split()[0]}")
        _show_latest(name, key)
    for name in _FACTS:
        op.execute(f"DROP VIEW ops.{name}_latest")
        op.execute(f"DROP TABLE ops.{name}")


def _show_latest(name: str, key: str) -> None:
    """A view keeps the columns it was made with, so it is made again after each added column."""
    op.execute(
        f"CREATE OR REPLACE VIEW ops.{name}_latest AS "  # noqa: S608  names are the constants above
        f"SELECT DISTINCT ON ({key}) * FROM ops.{name} ORDER BY {key}, revision DESC"
    )
