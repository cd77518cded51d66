"""Let services that are not the owner see which version the schema has: they check it when they start."""

from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    op.execute("GRANT SELECT ON ops.alembic_version TO tapeline_writer")


def downgrade() -> None:
    op.execute("REVOKE SELECT ON ops.alembic_version FROM tapeline_writer")
