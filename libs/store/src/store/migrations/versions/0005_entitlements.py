"""Kinds and entitlements of API keys, the audit log, roles with grants, and row-level security."""

from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: None = None
depends_on: None = None

_KEYS = """
ALTER TABLE ops.api_key
    ADD COLUMN kind varchar NOT NULL DEFAULT 'key',
    ADD COLUMN portfolios varchar[] NOT NULL DEFAULT '{}',
    ADD COLUMN issued_by varchar NOT NULL DEFAULT 'file',
    ADD CONSTRAINT ck_api_key_kind CHECK (kind IN ('key', 'link', 'session'));
ALTER TABLE ops.api_key ALTER COLUMN kind DROP DEFAULT, ALTER COLUMN portfolios DROP DEFAULT,
    ALTER COLUMN issued_by DROP DEFAULT;
CREATE INDEX ix_api_key_issued_by ON ops.api_key (issued_by);
"""

# Whoever may only INSERT cannot choose its place in the chain: number and hashes are made by the trigger.
_AUDIT = """
CREATE TABLE ops.audit_log (
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    principal varchar NOT NULL,
    credential varchar NOT NULL,
    method varchar NOT NULL,
    route varchar NOT NULL,
    path varchar NOT NULL,
    portfolio_id varchar,
    status integer NOT NULL,
    result varchar NOT NULL,
    trace_id varchar NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (number),
    CONSTRAINT ck_audit_log_result CHECK (result IN ('done', 'denied', 'failed'))
);
CREATE INDEX ix_audit_log_at ON ops.audit_log (at);
CREATE FUNCTION ops.audit_hash(entry ops.audit_log) RETURNS bytea LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(entry.previous_hash || convert_to(jsonb_build_array(
        entry.number, (extract(epoch FROM entry.at) * 1000000)::bigint, entry.principal, entry.credential,
        entry.method, entry.route, entry.path, entry.portfolio_id, entry.status, entry.result,
        entry.trace_id, entry.details)::text, 'UTF8'))
$$;
CREATE FUNCTION ops.chain_audit_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head ops.audit_log;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ops.audit_log'));
    SELECT * INTO head FROM ops.audit_log ORDER BY number DESC LIMIT 1;
    NEW.number := coalesce(head.number, 0) + 1;
    NEW.previous_hash := coalesce(head.hash, sha256(''));
    NEW.hash := ops.audit_hash(NEW);
    RETURN NEW;
END $$;
CREATE TRIGGER chain BEFORE INSERT ON ops.audit_log
    FOR EACH ROW EXECUTE FUNCTION ops.chain_audit_entry();
CREATE FUNCTION ops.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ops.audit_log is kept as it was written: % refused', TG_OP
        USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON ops.audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION ops.refuse_audit_change();
"""

# Roles belong to the whole server: another database may have made them. A password is set by whoever runs it.
_ROLES = """
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['tapeline_gateway', 'tapeline_writer', 'tapeline_reader'] LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
        -- Who made a role may give it away, but not take it on without this.
        EXECUTE format('GRANT %I TO CURRENT_USER', name);
    END LOOP;
END $$;
"""

# What is asked for is in app.portfolios: `*` for all, else a JSON array. Unset, it is nothing.
_REACH = """
CREATE FUNCTION ops.reaches_all() RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(current_setting('app.portfolios', true), '') = '*'
$$;
CREATE FUNCTION ops.reached() RETURNS text[] LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY(SELECT jsonb_array_elements_text(
        CASE WHEN current_setting('app.portfolios', true) LIKE '[%'
             THEN current_setting('app.portfolios', true)::jsonb ELSE '[]'::jsonb END))
$$;
"""
# As sub-selects they are evaluated once per query, not once per row.
_ALL, _SOME = "(SELECT ops.reaches_all())", "((SELECT ops.reached())::text[])"
_OWN = f"{_ALL} OR portfolio_id = ANY {_SOME}"
_CONDITIONS = {
    # An action is on a limit; whoever sees a definition of it sees the action.
    "limit_action": "EXISTS (SELECT 1 FROM ops.limit_definition d WHERE d.limit_id = limit_action.limit_id)",
    # The key of a restated row begins with the portfolio, that of a bar with the symbol.
    "restatement": f"relation = 'price_bar' OR {_ALL} OR split_part(row_key, '|', 1) = ANY {_SOME}",
}
# The catalogue tells which tables there are at this point of the chain.
_WITH_PORTFOLIO = """
SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'ops'::regnamespace AND c.relkind = 'r' AND a.attname = 'portfolio_id'
   AND NOT a.attisdropped AND c.relname <> 'audit_log' ORDER BY 1
"""
_FACTS = """
SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
 WHERE c.relnamespace = 'ops'::regnamespace AND t.tgname = 'append_only' ORDER BY 1
"""
_STATES = ("stream_offset", "live_price", "live_valuation")
_WRITTEN_BY_GATEWAY = ("limit_definition", "limit_action")
_SERVICE_ROLES = "tapeline_gateway, tapeline_writer, tapeline_reader"


def upgrade() -> None:
    for statements in (_KEYS, _AUDIT, _ROLES, _REACH):
        op.execute(statements)
    facts = _names(_FACTS)
    guarded = dict.fromkeys(_names(_WITH_PORTFOLIO), _OWN) | _CONDITIONS
    for name, condition in guarded.items():
        _secure(name, condition)
    _secure_audit_log()
    for name in facts:
        # Without it a view shows its owner's rows to everybody.
        op.execute(f"ALTER VIEW ops.{name}_latest SET (security_invoker = true)")
    _grant(facts)


def downgrade() -> None:
    for name in _names(_FACTS):
        op.execute(f"ALTER VIEW ops.{name}_latest RESET (security_invoker)")
    for name in (*_names(_WITH_PORTFOLIO), *_CONDITIONS):
        for policy in ("owner", "services", "readers", "reach"):
            op.execute(f"DROP POLICY IF EXISTS {policy} ON ops.{name}")
        op.execute(f"ALTER TABLE ops.{name} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
    op.execute("DROP TABLE ops.audit_log CASCADE")
    op.execute("DROP FUNCTION ops.chain_audit_entry(), ops.refuse_audit_change()")
    op.execute("DROP FUNCTION ops.reaches_all(), ops.reached()")
    op.execute("DROP INDEX ops.ix_api_key_issued_by")
    op.execute("ALTER TABLE ops.api_key DROP COLUMN kind, DROP COLUMN portfolios, DROP COLUMN issued_by")
    # The roles stay, since other databases may use them; what they were given here goes.
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA ops FROM {_SERVICE_ROLES}")
    op.execute(f"REVOKE ALL ON SCHEMA ops FROM {_SERVICE_ROLES}")


def _names(query: str) -> list[str]:
    return list(op.get_bind().exec_driver_sql(query).scalars())


def _secure(name: str, condition: str) -> None:
    """Rows for the gateway as far as it says it reaches; all for the owner and the other services."""
    table = f"ops.{name}"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY services ON {table} TO tapeline_writer USING (true) WITH CHECK (true)")
    op.execute(f"CREATE POLICY readers ON {table} FOR SELECT TO tapeline_reader USING (true)")
    op.execute(
        f"CREATE POLICY reach ON {table} TO tapeline_gateway USING ({condition}) WITH CHECK ({condition})"
    )


def _secure_audit_log() -> None:
    """Everybody adds, nobody but the owner reads."""
    op.execute("ALTER TABLE ops.audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY owner ON ops.audit_log TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute("CREATE POLICY writing ON ops.audit_log FOR INSERT TO tapeline_gateway WITH CHECK (true)")


def _grant(facts: list[str]) -> None:
    """What each role needs and nothing more; also listed in docs/reference/security.md."""
    database = op.get_bind().exec_driver_sql("SELECT quote_ident(current_database())").scalar_one()
    op.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    op.execute(f"GRANT CONNECT ON DATABASE {database} TO {_SERVICE_ROLES}")
    op.execute(f"GRANT TEMPORARY ON DATABASE {database} TO tapeline_gateway, tapeline_writer")
    op.execute("REVOKE ALL ON SCHEMA ops FROM PUBLIC")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA ops FROM PUBLIC")
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ops FROM PUBLIC")
    op.execute(f"GRANT USAGE ON SCHEMA ops TO {_SERVICE_ROLES}")
    op.execute("GRANT EXECUTE ON FUNCTION ops.reaches_all(), ops.reached() TO tapeline_gateway")
    everything = ", ".join(f"ops.{name}, ops.{name}_latest" for name in facts)
    op.execute(f"GRANT SELECT ON {everything} TO {_SERVICE_ROLES}")
    op.execute(f"GRANT INSERT ON {_listed(facts)} TO tapeline_writer")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_listed(_STATES)} TO tapeline_writer")
    op.execute(f"GRANT SELECT ON {_listed(_STATES)} TO tapeline_reader")
    op.execute(f"GRANT INSERT ON {_listed(_WRITTEN_BY_GATEWAY)} TO tapeline_gateway")
    op.execute("GRANT SELECT, INSERT, UPDATE (revoked_at) ON ops.api_key TO tapeline_gateway")
    op.execute("GRANT INSERT ON ops.audit_log TO tapeline_gateway")


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"ops.{name}" for name in names)
