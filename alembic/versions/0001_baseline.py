"""Baseline: everything section 3 of the plan stores.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# History is append-only and proposals are immutable, whoever writes.
_SQLITE_TRIGGERS = (
    """CREATE TRIGGER history_never_updated BEFORE UPDATE ON history
    BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    """CREATE TRIGGER history_never_deleted BEFORE DELETE ON history
    BEGIN SELECT RAISE(ABORT, 'history is append-only'); END""",
    """CREATE TRIGGER proposals_never_updated BEFORE UPDATE ON proposals
    BEGIN SELECT RAISE(ABORT, 'a proposal is immutable; revise it'); END""",
)

_POSTGRES_TRIGGERS = (
    """CREATE FUNCTION amends_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$""",
    """CREATE TRIGGER history_never_changed BEFORE UPDATE OR DELETE ON history
    FOR EACH ROW EXECUTE FUNCTION amends_refuse()""",
    """CREATE TRIGGER proposals_never_updated BEFORE UPDATE ON proposals
    FOR EACH ROW EXECUTE FUNCTION amends_refuse()""",
)


def upgrade() -> None:
    op.create_table(
        "brands",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("old_one_a_day", sa.Boolean(), nullable=True),
        sa.Column("old_said_by", sa.String(length=64), nullable=True),
        sa.Column("old_last_on", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_brands")),
    )
    op.create_table(
        "digests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=255), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(sent_at IS NOT NULL) = (state = 'sent')", name=op.f("ck_digests_sent_at_when_sent")),
        sa.CheckConstraint("state IN ('claimed', 'sent', 'failed')", name=op.f("ck_digests_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
        sa.UniqueConstraint("recipient", "local_date", name=op.f("uq_digests_recipient_local_date")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=255), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(ended_by IS NULL) = (ended_at IS NULL)", name=op.f("ck_pauses_ending_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_index(
        "uq_pauses_one_live",
        "pauses",
        ["scope"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'member', 'viewer')", name=op.f("ck_people_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("handle", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_accounts_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("brand", "place", "native_id", name=op.f("uq_accounts_brand_place_native_id")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("handle", sa.String(length=255), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("do_not_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_customers_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("brand", "place", "native_id", name=op.f("uq_customers_brand_place_native_id")),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("source_key", sa.String(length=255), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_quarantine_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_seconds", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"], unique=False)
    op.create_table(
        "sources",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("every_seconds", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_sources_brand")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sources")),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("author_id", sa.String(length=255), nullable=False),
        sa.Column("author_handle", sa.String(length=255), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("parent_id", sa.String(length=255), nullable=True),
        sa.Column("reply_to", sa.String(length=255), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("lang", sa.String(length=16), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("addressed", sa.JSON(), nullable=False),
        sa.Column("is_repost", sa.Boolean(), nullable=False),
        sa.Column("by_account", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("rating IS NULL OR rating BETWEEN 1 AND 5", name=op.f("ck_posts_rating_of_five")),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_posts_brand")),
        sa.ForeignKeyConstraint(["by_account"], ["accounts.id"], name=op.f("fk_posts_by_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("place", "native_id", name=op.f("uq_posts_place_native_id")),
    )
    op.create_index("ix_posts_conversation", "posts", ["place", "conversation_id"], unique=False)
    op.create_index("ix_posts_parent", "posts", ["place", "parent_id"], unique=False)
    op.create_index("ix_posts_reply_to", "posts", ["place", "reply_to"], unique=False)
    op.create_index(
        "ix_posts_gone",
        "posts",
        ["deleted_at"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("complaint_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("thanked", sa.Boolean(), nullable=False),
        sa.Column("touched", sa.Boolean(), nullable=False),
        sa.Column("shop", sa.String(length=64), nullable=True),
        sa.Column("parked_why", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'answered', 'offline', 'resolved', 'dismissed')", name=op.f("ck_cases_state_known")
        ),
        sa.CheckConstraint(
            "topic IN ('delivery', 'product', 'billing', 'service', 'waiting', 'website', 'hygiene', 'safety', 'refund', 'communication', 'other')",
            name=op.f("ck_cases_topic_known"),
        ),
        sa.CheckConstraint("turn >= 1", name=op.f("ck_cases_turn_from_1")),
        sa.CheckConstraint("urgency BETWEEN 1 AND 4", name=op.f("ck_cases_urgency_1_to_4")),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_cases_brand")),
        sa.ForeignKeyConstraint(["complaint_id"], ["posts.id"], name=op.f("fk_cases_complaint_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_cases_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_customer_id"), "cases", ["customer_id"], unique=False)
    op.create_index("ix_cases_worst_first", "cases", ["state", "urgency", "waiting_since"], unique=False)
    op.create_index("ix_cases_changed", "cases", ["changed_at"], unique=False)
    op.create_index(
        "uq_cases_one_live",
        "cases",
        ["brand", "customer_id", "conversation_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('answered', 'offline', 'open')"),
        postgresql_where=sa.text("state IN ('answered', 'offline', 'open')"),
    )
    op.create_table(
        "post_texts",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_post_texts_brand")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_texts_post_id")),
        sa.PrimaryKeyConstraint("post_id", "version", name=op.f("pk_post_texts")),
    )
    op.create_index(
        "ix_post_texts_edits",
        "post_texts",
        ["version"],
        unique=False,
        sqlite_where=sa.text("version > 1"),
        postgresql_where=sa.text("version > 1"),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("thing", sa.String(length=16), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=False),
        sa.Column("was", sa.String(length=16), nullable=False),
        sa.Column("now_is", sa.String(length=16), nullable=False),
        sa.Column("why", sa.String(length=255), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=True),
        sa.Column("note_hash", sa.String(length=64), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("thing IN ('case', 'reply')", name=op.f("ck_history_thing_known")),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_history_brand")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_history_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_history")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_history_case_id_seq")),
    )
    op.create_table(
        "mentions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("source_key", sa.String(length=255), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("aside", sa.String(length=16), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("aside IS NULL OR aside IN ('old', 'stored')", name=op.f("ck_mentions_aside_known")),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_mentions_brand")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_mentions_case_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_mentions_post_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sa.UniqueConstraint("brand", "post_id", name=op.f("uq_mentions_brand_post_id")),
    )
    op.create_index(op.f("ix_mentions_aside"), "mentions", ["aside"], unique=False)
    op.create_index(op.f("ix_mentions_case_id"), "mentions", ["case_id"], unique=False)
    op.create_index(op.f("ix_mentions_post_id"), "mentions", ["post_id"], unique=False)
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_notes_brand")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_notes_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("alternative", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("parent_post", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("reach", sa.String(length=16), nullable=False),
        sa.Column("reach_why", sa.Text(), nullable=False),
        sa.Column("reach_cost", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("audience IN ('public', 'private')", name=op.f("ck_proposals_audience_known")),
        sa.CheckConstraint(
            "purpose IN ('acknowledge', 'follow_up', 'close', 'correct')", name=op.f("ck_proposals_purpose_known")
        ),
        sa.CheckConstraint("reach IN ('api', 'by_hand', 'none')", name=op.f("ck_proposals_reach_known")),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_proposals_brand")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_proposals_case_id")),
        sa.ForeignKeyConstraint(["parent_post"], ["posts.id"], name=op.f("fk_proposals_parent_post")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sa.UniqueConstraint(
            "case_id", "turn", "alternative", "revision", name=op.f("uq_proposals_case_id_turn_alternative_revision")
        ),
    )
    op.create_table(
        "resolutions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("remedy", sa.Text(), nullable=False),
        sa.Column("prevention", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_resolutions_brand")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_resolutions_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resolutions")),
    )
    op.create_index("ix_resolutions_case", "resolutions", ["case_id"], unique=False)
    op.create_table(
        "replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=255), nullable=False),
        sa.Column("parent_id", sa.String(length=255), nullable=False),
        sa.Column("parent_post", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_text", sa.Text(), nullable=True),
        sa.Column("seen_turn", sa.Integer(), nullable=True),
        sa.Column("seen_post", sa.Integer(), nullable=True),
        sa.Column("seen_version", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("native_id", sa.String(length=255), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("corrects", sa.Integer(), nullable=True),
        sa.Column("removal_by", sa.String(length=64), nullable=True),
        sa.Column("removal_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removal_fence", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(posted_at IS NOT NULL) = (state IN ('posted', 'removed'))", name=op.f("ck_replies_posted_at_when_posted")
        ),
        sa.CheckConstraint(
            "approved_by IS NOT NULL OR origin = 'outside'", name=op.f("ck_replies_approved_or_outside")
        ),
        sa.CheckConstraint("audience IN ('public', 'private')", name=op.f("ck_replies_audience_known")),
        sa.CheckConstraint("origin IN ('here', 'by_hand', 'outside')", name=op.f("ck_replies_origin_known")),
        sa.CheckConstraint(
            "purpose IN ('acknowledge', 'follow_up', 'close', 'correct')", name=op.f("ck_replies_purpose_known")
        ),
        sa.CheckConstraint(
            "state IN ('approved', 'sending', 'posted', 'uncertain', 'refused', 'by_hand', 'withdrawn', 'removed')",
            name=op.f("ck_replies_state_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('sending', 'uncertain') OR (payload IS NOT NULL AND sent_at IS NOT NULL)",
            name=op.f("ck_replies_frozen_before_sending"),
        ),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL) AND (approved_by IS NULL) = (approved_text IS NULL)",
            name=op.f("ck_replies_approval_whole"),
        ),
        sa.CheckConstraint("(removal_by IS NULL) = (removal_due_at IS NULL)", name=op.f("ck_replies_removal_whole")),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_replies_brand")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_replies_case_id")),
        sa.ForeignKeyConstraint(["corrects"], ["replies.id"], name=op.f("fk_replies_corrects")),
        sa.ForeignKeyConstraint(["parent_post"], ["posts.id"], name=op.f("fk_replies_parent_post")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name=op.f("fk_replies_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("key", name=op.f("uq_replies_key")),
    )
    op.create_index("ix_replies_case", "replies", ["case_id"], unique=False)
    op.create_index("ix_replies_native", "replies", ["place", "native_id"], unique=False)
    op.create_index("ix_replies_parent", "replies", ["place", "parent_id", "state"], unique=False)
    op.create_index("ix_replies_pulse", "replies", ["changed_at", "looks"], unique=False)
    op.create_index("ix_replies_state", "replies", ["state", "due_at"], unique=False)
    op.create_index(
        "uq_replies_one_live",
        "replies",
        ["place", "account", "parent_id", "purpose"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('refused', 'removed', 'withdrawn')"),
        postgresql_where=sa.text("state NOT IN ('refused', 'removed', 'withdrawn')"),
    )
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("brand", sa.String(length=64), nullable=False),
        sa.Column("mention_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("post_version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("mood", sa.Float(), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('complaint', 'praise', 'question', 'chatter', 'news', 'spam', 'not_us')",
            name=op.f("ck_verdicts_kind_known"),
        ),
        sa.CheckConstraint(
            "topic IN ('delivery', 'product', 'billing', 'service', 'waiting', 'website', 'hygiene', 'safety', 'refund', 'communication', 'other')",
            name=op.f("ck_verdicts_topic_known"),
        ),
        sa.CheckConstraint("mood BETWEEN -1 AND 1", name=op.f("ck_verdicts_mood_minus_1_to_1")),
        sa.CheckConstraint("probability BETWEEN 0 AND 1", name=op.f("ck_verdicts_probability_0_to_1")),
        sa.CheckConstraint("urgency BETWEEN 1 AND 4", name=op.f("ck_verdicts_urgency_1_to_4")),
        sa.ForeignKeyConstraint(["brand"], ["brands.key"], name=op.f("fk_verdicts_brand")),
        sa.ForeignKeyConstraint(["mention_id"], ["mentions.id"], name=op.f("fk_verdicts_mention_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sa.UniqueConstraint(
            "mention_id",
            "stage",
            "model_version",
            "post_version",
            name=op.f("uq_verdicts_mention_id_stage_model_version_post_version"),
        ),
    )
    op.create_index(op.f("ix_verdicts_mention_id"), "verdicts", ["mention_id"], unique=False)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE_TRIGGERS if sqlite else _POSTGRES_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_verdicts_mention_id"), table_name="verdicts")
    op.drop_table("verdicts")
    op.drop_index(
        "uq_replies_one_live",
        table_name="replies",
        sqlite_where=sa.text("state NOT IN ('refused', 'removed', 'withdrawn')"),
        postgresql_where=sa.text("state NOT IN ('refused', 'removed', 'withdrawn')"),
    )
    op.drop_index("ix_replies_state", table_name="replies")
    op.drop_index("ix_replies_pulse", table_name="replies")
    op.drop_index("ix_replies_parent", table_name="replies")
    op.drop_index("ix_replies_native", table_name="replies")
    op.drop_index("ix_replies_case", table_name="replies")
    op.drop_table("replies")
    op.drop_index("ix_resolutions_case", table_name="resolutions")
    op.drop_table("resolutions")
    op.drop_table("proposals")
    op.drop_table("notes")
    op.drop_index(op.f("ix_mentions_post_id"), table_name="mentions")
    op.drop_index(op.f("ix_mentions_case_id"), table_name="mentions")
    op.drop_index(op.f("ix_mentions_aside"), table_name="mentions")
    op.drop_table("mentions")
    op.drop_table("history")
    op.drop_index(
        "ix_post_texts_edits",
        table_name="post_texts",
        sqlite_where=sa.text("version > 1"),
        postgresql_where=sa.text("version > 1"),
    )
    op.drop_table("post_texts")
    op.drop_index(
        "uq_cases_one_live",
        table_name="cases",
        sqlite_where=sa.text("state IN ('answered', 'offline', 'open')"),
        postgresql_where=sa.text("state IN ('answered', 'offline', 'open')"),
    )
    op.drop_index("ix_cases_changed", table_name="cases")
    op.drop_index("ix_cases_worst_first", table_name="cases")
    op.drop_index(op.f("ix_cases_customer_id"), table_name="cases")
    op.drop_table("cases")
    op.drop_index(
        "ix_posts_gone",
        table_name="posts",
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.drop_index("ix_posts_reply_to", table_name="posts")
    op.drop_index("ix_posts_parent", table_name="posts")
    op.drop_index("ix_posts_conversation", table_name="posts")
    op.drop_table("posts")
    op.drop_table("sources")
    op.drop_index(op.f("ix_sessions_person_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_table("quarantine")
    op.drop_table("customers")
    op.drop_table("accounts")
    op.drop_table("people")
    op.drop_index(
        "uq_pauses_one_live",
        table_name="pauses",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("pauses")
    op.drop_table("leases")
    op.drop_table("digests")
    op.drop_table("brands")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION amends_refuse() CASCADE")
