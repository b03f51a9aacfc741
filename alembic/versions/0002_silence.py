"""Silence is a fault: windows in which a source was blind, and alerts that were sent.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables, and what a source remembers of its trouble."""
    op.create_table(
        "blind_windows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("source_key", sa.String(length=255), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("gap", sa.Boolean(), nullable=False),
        sa.Column("caught_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "cause IN ('key', 'limit', 'down', 'ours', 'off')", name=op.f("ck_blind_windows_cause_known")
        ),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_blind_windows_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blind_windows")),
    )
    op.create_index("ix_blind_windows_ended", "blind_windows", ["ended_at"])
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("thing", sa.String(length=255), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('claimed', 'sent', 'failed')", name=op.f("ck_alerts_state_known")),
        sa.CheckConstraint("(sent_at IS NOT NULL) = (state = 'sent')", name=op.f("ck_alerts_sent_at_when_sent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("thing", "began_at", "recipient", name=op.f("uq_alerts_thing_began_at_recipient")),
    )
    op.add_column("sources", sa.Column("cause", sa.String(length=16), nullable=True))
    op.add_column("sources", sa.Column("follow_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sources", sa.Column("follow_failures", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """All of it away."""
    for column in ("follow_failures", "follow_at", "cause"):
        with op.batch_alter_table("sources") as batch:
            batch.drop_column(column)
    op.drop_table("alerts")
    op.drop_index("ix_blind_windows_ended", table_name="blind_windows")
    op.drop_table("blind_windows")
