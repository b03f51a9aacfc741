"""Erased early: when what told of somebody's health was erased; proposals of such a case may be emptied, as those to somebody forgotten.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEPT = (
    "id", "brand", "case_id", "turn", "alternative", "revision", "parent_post", "language", "audience", "purpose",
    "reach", "reach_cost", "made_by", "corrects", "made_at",
)  # fmt: skip

_OF_A_CASE = (
    "EXISTS (SELECT 1 FROM cases JOIN customers ON customers.id = cases.customer_id WHERE cases.id = OLD.case_id AND"
)
_FORGOTTEN = "customers.forgotten IS NOT NULL"
_FORGOTTEN_OR_ERASED = f"({_FORGOTTEN} OR cases.erased_at IS NOT NULL)"


def _sqlite(told: str) -> tuple[str, ...]:
    return (
        "DROP TRIGGER proposals_never_updated",
        f"""CREATE TRIGGER proposals_never_updated BEFORE UPDATE ON proposals
    WHEN NOT (NEW.text = '' AND NEW.findings = '[]' AND NEW.reach_why = ''
        AND {" AND ".join(f"NEW.{name} IS OLD.{name}" for name in _KEPT)}
        AND {_OF_A_CASE} {told}))
    BEGIN SELECT RAISE(ABORT, 'a proposal is immutable; revise it'); END""",
    )


def _postgres(told: str) -> tuple[str, ...]:
    return (
        f"""CREATE OR REPLACE FUNCTION amends_only_forget() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
    IF NEW.text = '' AND NEW.findings::text = '[]' AND NEW.reach_why = ''
        AND {" AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in _KEPT)}
        AND {_OF_A_CASE} {told}) THEN RETURN NEW; END IF;
    RAISE EXCEPTION 'a proposal is immutable; revise it' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    )


def upgrade() -> None:
    op.add_column("cases", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    _allow(_FORGOTTEN_OR_ERASED)


def downgrade() -> None:
    _allow(_FORGOTTEN)
    op.drop_column("cases", "erased_at")


def _allow(told: str) -> None:
    for statement in _sqlite(told) if op.get_bind().dialect.name == "sqlite" else _postgres(told):
        op.execute(statement)
