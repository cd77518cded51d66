"""Run by Alembic: migrates over the connection that `store.migrate` hands in, inside its transaction."""

from alembic import context
from sqlalchemy import text

from store.tables import SCHEMA, metadata

connection = context.config.attributes["connection"]
# The version table lives in the schema, so the schema must exist before the first migration.
connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
)
context.run_migrations()
