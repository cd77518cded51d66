"""Limits: definitions, events, and what people did about them."""

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None

_PROVENANCE = """
    revision integer NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    evidence jsonb NOT NULL DEFAULT '{}'
"""
_FACTS = {
    "limit_definition": (
        "limit_id",
        """
    limit_id varchar NOT NULL,
    portfolio_id varchar NOT NULL,
    scope varchar NOT NULL,
    scope_value varchar,
    measure varchar NOT NULL,
    parameters varchar NOT NULL,
    warning_level double precision,
    hard_level double precision NOT NULL,
    hysteresis double precision,
    minimum_coverage double precision,
    max_age_s double precision,
    escalate_after_s double precision,
    active boolean NOT NULL,
    CONSTRAINT ck_limit_definition_levels
        CHECK (hard_level > 0 AND (warning_level IS NULL OR warning_level > 0))
""",
    ),
    "limit_event": (
        "event_id",
        """
    event_id varchar NOT NULL,
    limit_id varchar NOT NULL,
    sequence bigint NOT NULL,
    kind varchar NOT NULL,
    portfolio_id varchar NOT NULL,
    scope varchar NOT NULL,
    scope_value varchar,
    measure varchar NOT NULL,
    parameters varchar NOT NULL,
    state varchar NOT NULL,
    previous_state varchar,
    armed_state varchar NOT NULL,
    value double precision,
    unit varchar,
    warning_level double precision,
    hard_level double precision NOT NULL,
    as_of timestamptz NOT NULL,
    breach_id varchar,
    breach_opened_at timestamptz,
    severity integer,
    reason varchar,
    message varchar,
    valuation_id varchar
""",
    ),
    "limit_action": (
        "action_id",
        """
    action_id varchar NOT NULL,
    limit_id varchar NOT NULL,
    action varchar NOT NULL,
    actor varchar NOT NULL,
    note varchar NOT NULL,
    breach_id varchar,
    raise_id varchar,
    level double precision,
    expires_at timestamptz,
    requested_by varchar,
    CONSTRAINT ck_limit_action_second_person
        CHECK (requested_by IS NULL OR lower(trim(requested_by)) <> lower(trim(actor)))
""",
    ),
}
_INDEXES = (
    "CREATE UNIQUE INDEX ix_limit_event_limit_id_sequence ON ops.limit_event (limit_id, sequence)",
    "CREATE INDEX ix_limit_event_as_of_event_id ON ops.limit_event (as_of, event_id)",
    "CREATE INDEX ix_limit_action_limit_id_recorded_at ON ops.limit_action (limit_id, recorded_at)",
)


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
        op.execute(
            f"CREATE VIEW ops.{name}_latest AS "  # noqa: S608  names are the constants above
            f"SELECT DISTINCT ON ({key}) * FROM ops.{name} ORDER BY {key}, revision DESC"
        )
    for index in _INDEXES:
        op.execute(index)


def downgrade() -> None:
    for name in _FACTS:
        op.execute(f"DROP VIEW ops.{name}_latest")
        op.execute(f"DROP TABLE ops.{name}")
