"""What each position adds to the value at risk and the expected shortfall of a closing value."""

from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: None = None
depends_on: None = None

_KEY = "portfolio_id, as_of, basis, measure, parameters, symbol"
_TABLE = f"""
CREATE TABLE ops.var_component (
    portfolio_id varchar NOT NULL,
    as_of timestamptz NOT NULL,
    basis varchar NOT NULL,
    measure varchar NOT NULL,
    parameters varchar NOT NULL,
    symbol varchar NOT NULL,
    valuation_id varchar NOT NULL,
    component numeric,
    percent double precision,
    marginal double precision,
    currency varchar NOT NULL,
    reason varchar,
    revision integer NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    evidence jsonb NOT NULL DEFAULT '{{}}',
    CONSTRAINT pk_var_component PRIMARY KEY ({_KEY}, revision),
    CONSTRAINT ck_var_component_reason CHECK ((component IS NULL) = (reason IS NOT NULL))
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ops.var_component
    FOR EACH ROW EXECUTE FUNCTION ops.refuse_change();
CREATE VIEW ops.var_component_latest WITH (security_invoker = true) AS
    SELECT DISTINCT ON ({_KEY}) * FROM ops.var_component ORDER BY {_KEY}, revision DESC;
"""  # noqa: S608  the key is the constant above
# As for every table with a portfolio: the gateway as far as it says it reaches, the others all.
_REACHED = "(SELECT ops.reaches_all()) OR portfolio_id = ANY ((SELECT ops.reached())::text[])"
_SECURITY = f"""
ALTER TABLE ops.var_component ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON ops.var_component TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY services ON ops.var_component TO tapeline_writer USING (true) WITH CHECK (true);
CREATE POLICY readers ON ops.var_component FOR SELECT TO tapeline_reader USING (true);
CREATE POLICY reach ON ops.var_component TO tapeline_gateway USING ({_REACHED}) WITH CHECK ({_REACHED});
GRANT SELECT ON ops.var_component, ops.var_component_latest
    TO tapeline_gateway, tapeline_writer, tapeline_reader;
GRANT INSERT ON ops.var_component TO tapeline_writer;
"""


def upgrade() -> None:
    op.execute(_TABLE)
    op.execute(_SECURITY)


def downgrade() -> None:
    op.execute("DROP VIEW ops.var_component_latest")
    op.execute("DROP TABLE ops.var_component")
