"""Listening: shares and vectors of verdicts, second looks that are due, what people taught, and how each brand is listened for.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("verdicts", sa.Column("shares", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("verdicts", sa.Column("vector", sa.LargeBinary(), nullable=True))
    op.add_column("mentions", sa.Column("again_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("mentions", sa.Column("again_tries", sa.Integer(), nullable=False, server_default=sa.text("0")))
    waits = sa.text("again_at IS NOT NULL")
    op.create_index("ix_mentions_again", "mentions", ["again_at"], sqlite_where=waits, postgresql_where=waits)
    op.create_index("ix_mentions_found", "mentions", ["brand", "found_at"])
    op.add_column("post_texts", sa.Column("fingerprint", sa.String(length=24), nullable=True))
    known = sa.text("fingerprint IS NOT NULL")
    op.create_index(
        "ix_post_texts_fingerprint", "post_texts", ["fingerprint"], sqlite_where=known, postgresql_where=known
    )
    op.add_column("brands", sa.Column("learn_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(sa.text("UPDATE brands SET learn_at = changed_at"))
    op.create_table(
        "lessons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("mention_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("is_complaint", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=True),
        sa.Column("made_with", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "kind IN ('complaint', 'praise', 'question', 'chatter', 'news', 'spam', 'not_us')",
            name=op.f("ck_lessons_kind_known"),
        ),
        sa.CheckConstraint("kind IS NULL OR is_complaint = (kind = 'complaint')", name=op.f("ck_lessons_kind_as_told")),
        sa.CheckConstraint("(features IS NULL) = (made_with IS NULL)", name=op.f("ck_lessons_features_whole")),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_lessons_brand_brands")),
        sa.ForeignKeyConstraint(["mention_id"], ["mentions.id"], name=op.f("fk_lessons_mention_id_mentions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lessons")),
        sa.UniqueConstraint("brand", "mention_id", name=op.f("uq_lessons_brand_mention_id")),
    )
    op.create_table(
        "hearings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("line_first", sa.Float(), nullable=True),
        sa.Column("line_both", sa.Float(), nullable=True),
        sa.Column("per_day", sa.Float(), nullable=True),
        sa.Column("weights", sa.LargeBinary(), nullable=True),
        sa.Column("lessons", sa.Integer(), nullable=False),
        sa.Column("lessons_digest", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("aside", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("why", sa.String(length=255), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_hearings_version_from_1")),
        sa.CheckConstraint(
            "line_first IS NULL OR line_first BETWEEN 0 AND 1", name=op.f("ck_hearings_line_first_0_to_1")
        ),
        sa.CheckConstraint("line_both IS NULL OR line_both BETWEEN 0 AND 1", name=op.f("ck_hearings_line_both_0_to_1")),
        sa.CheckConstraint("per_day IS NULL OR per_day >= 0", name=op.f("ck_hearings_per_day_not_negative")),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_hearings_brand_brands")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearings")),
        sa.UniqueConstraint("brand", "version", name=op.f("uq_hearings_brand_version")),
    )


def downgrade() -> None:
    op.drop_table("hearings")
    op.drop_table("lessons")
    op.drop_column("brands", "learn_at")
    op.drop_index("ix_post_texts_fingerprint", table_name="post_texts")
    op.drop_column("post_texts", "fingerprint")
    op.drop_index("ix_mentions_found", table_name="mentions")
    op.drop_index("ix_mentions_again", table_name="mentions")
    op.drop_column("mentions", "again_tries")
    op.drop_column("mentions", "again_at")
    op.drop_column("verdicts", "vector")
    op.drop_column("verdicts", "shares")
