"""Found early: what tells of somebody's health and is to be erased is looked for at every tick, so it has indexes.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_cases_sensitive",
        "cases",
        ["changed_at"],
        sqlite_where=sa.text("sensitive = 1 AND erased_at IS NULL"),
        postgresql_where=sa.text("sensitive AND erased_at IS NULL"),
    )
    op.create_index(
        "ix_verdicts_sensitive",
        "verdicts",
        ["mention_id"],
        sqlite_where=sa.text("sensitive = 1"),
        postgresql_where=sa.text("sensitive"),
    )


def downgrade() -> None:
    op.drop_index("ix_verdicts_sensitive", table_name="verdicts")
    op.drop_index("ix_cases_sensitive", table_name="cases")
