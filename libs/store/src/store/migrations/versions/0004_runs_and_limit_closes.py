"""Attempts at steps become append-only; limits at the close; a table that nothing ever wrote goes."""

from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: None = None
depends_on: None = None

_PROVENANCE = """
    revision integer NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    evidence jsonb NOT NULL DEFAULT '{}'
"""
_FACTS = {
    "run": (
        "date, step, attempt",
        """
    date date NOT NULL,
    step varchar NOT NULL,
    attempt integer NOT NULL,
    state varchar NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    rows_written bigint,
    message varchar,
    details jsonb NOT NULL
""",
    ),
    "limit_status": (
        "limit_id, date",
        """
    limit_id varchar NOT NULL,
    date date NOT NULL,
    portfolio_id varchar NOT NULL,
    as_of timestamptz NOT NULL,
    valuation_id varchar NOT NULL,
    state varchar NOT NULL,
    armed_state varchar NOT NULL,
    value double precision,
    unit varchar NOT NULL,
    warning_level double precision,
    hard_level double precision NOT NULL,
    reason varchar,
    message varchar
""",
    ),
}
_KEEP_RUNS = """
INSERT INTO ops.run (date, step, attempt, state, started_at, ended_at, rows_written, message, details,
                     revision, recorded_at)
SELECT business_date, step, attempt, status, started_at, finished_at, (details ->> 'written')::bigint,
       details ->> 'error', details, 1, coalesce(finished_at, started_at)
  FROM ops.run_before
"""
_RUN_BEFORE = """
CREATE TABLE ops.run_before (
    run_id varchar NOT NULL,
    step varchar NOT NULL,
    attempt integer NOT NULL,
    business_date date NOT NULL,
    status varchar NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    details jsonb NOT NULL,
    CONSTRAINT pk_run_before PRIMARY KEY (run_id, step, attempt)
)
"""
_RETURN_RUNS = """
INSERT INTO ops.run_before
SELECT 'eod:' || date, step, attempt, date, state, started_at, ended_at, details FROM ops.run_latest
"""
_PIPELINE_COUNT = """
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
)
"""


def upgrade() -> None:
    op.execute("DROP TABLE ops.pipeline_count")
    op.execute("ALTER TABLE ops.run RENAME TO run_before")
    op.execute("ALTER TABLE ops.run_before RENAME CONSTRAINT pk_run TO pk_run_before")
    for name, (key, columns) in _FACTS.items():
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
    op.execute("CREATE INDEX ix_limit_status_portfolio_id_date ON ops.limit_status (portfolio_id, date)")
    op.execute(_KEEP_RUNS)
    op.execute("DROP TABLE ops.run_before")


def downgrade() -> None:
    op.execute(_RUN_BEFORE)
    op.execute(_RETURN_RUNS)
    for name in _FACTS:
        op.execute(f"DROP VIEW ops.{name}_latest")
        op.execute(f"DROP TABLE ops.{name}")
    op.execute("ALTER TABLE ops.run_before RENAME TO run")
    op.execute("ALTER TABLE ops.run RENAME CONSTRAINT pk_run_before TO pk_run")
    op.execute(_PIPELINE_COUNT)
