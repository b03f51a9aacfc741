"""Forgetting: whom we were asked to forget, as keyed hashes; a proposal to somebody forgotten may be emptied, and nothing else.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEPT = (
    "id", "brand", "case_id", "turn", "alternative", "revision", "parent_post", "language", "audience", "purpose",
    "reach", "reach_cost", "made_by", "corrects", "made_at",
)  # fmt: skip

# Words of a proposal may go, all of them at once, and only when its customer has been marked as forgotten before.
_TO_SOMEBODY_FORGOTTEN = """EXISTS (SELECT 1 FROM cases JOIN customers ON customers.id = cases.customer_id
        WHERE cases.id = OLD.case_id AND customers.forgotten IS NOT NULL)"""

_SQLITE_UP = (
    "DROP TRIGGER proposals_never_updated",
    f"""CREATE TRIGGER proposals_never_updated BEFORE UPDATE ON proposals
    WHEN NOT (NEW.text = '' AND NEW.findings = '[]' AND NEW.reach_why = ''
        AND {" AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)}
        AND {_TO_SOMEBODY_FORGOTTEN})
    BEGIN SELECT RAISE(ABORT, 'a proposal is immutable; revise it'); END""",
)

_SQLITE_DOWN = (
    "DROP TRIGGER proposals_never_updated",
    """CREATE TRIGGER proposals_never_updated BEFORE UPDATE ON proposals
    BEGIN SELECT RAISE(ABORT, 'a proposal is immutable; revise it'); END""",
)

_POSTGRES_UP = (
    "DROP TRIGGER proposals_never_updated ON proposals",
    f"""CREATE FUNCTION amends_only_forget() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
    IF NEW.text = '' AND NEW.findings::text = '[]' AND NEW.reach_why = ''
        AND {" AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _KEPT)}
        AND {_TO_SOMEBODY_FORGOTTEN} THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a proposal is immutable; revise it' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    """CREATE TRIGGER proposals_never_updated BEFORE UPDATE ON proposals
    FOR EACH ROW EXECUTE FUNCTION amends_only_forget()""",
)

_POSTGRES_DOWN = (
    "DROP TRIGGER proposals_never_updated ON proposals",
    "DROP FUNCTION amends_only_forget()",
    """CREATE TRIGGER proposals_never_updated BEFORE UPDATE ON proposals
    FOR EACH ROW EXECUTE FUNCTION amends_refuse()""",
)


def upgrade() -> None:
    op.create_table(
        "forgotten",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("do_not_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("what IN ('author', 'post')", name=op.f("ck_forgotten_what_known")),
        sa.CheckConstraint(
            "what = 'author' OR (until IS NULL AND do_not_contact_at IS NULL)",
            name=op.f("ck_forgotten_only_authors_are_people"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forgotten")),
        sa.UniqueConstraint("hash", name=op.f("uq_forgotten_hash")),
    )
    op.add_column("customers", sa.Column("forgotten", sa.Integer(), nullable=True))
    _run(_SQLITE_UP, _POSTGRES_UP)


def downgrade() -> None:
    _run(_SQLITE_DOWN, _POSTGRES_DOWN)
    op.drop_column("customers", "forgotten")
    op.drop_table("forgotten")


def _run(sqlite: tuple[str, ...], postgres: tuple[str, ...]) -> None:
    for statement in sqlite if op.get_bind().dialect.name == "sqlite" else postgres:
        op.execute(statement)
