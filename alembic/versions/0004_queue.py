"""The scaled mode's queue: procrastinate's own tables, from the SQL that it brings along, on PostgreSQL only.

Written for the schema that procrastinate 3.10 brings, whose newest part is 03.04.00; a newer one gets a revision of its own here, with
the parts that came after. SQLite has no queue: one process finds its work by looking.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

from storage.engine import BaseUnavailable

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAMES = "procrastinate"
"""What the names of all its tables, types and functions begin with."""

WAKE = """
    CREATE FUNCTION amends_wake(jobs procrastinate_job_to_defer_v1[]) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        job procrastinate_job_to_defer_v1;
        failure text;
    BEGIN
        FOREACH job IN ARRAY jobs LOOP
            BEGIN
                PERFORM procrastinate_defer_jobs_v1(ARRAY[job]);
            EXCEPTION
                WHEN unique_violation THEN NULL;  -- one of its kind waits already
                WHEN OTHERS THEN failure := SQLERRM;
            END;
        END LOOP;
        RETURN failure;
    END;
    $$
"""
"""Queues jobs from within any transaction without ever breaking it: a block with EXCEPTION is a savepoint, and all of it one message to
the server, since other writers wait meanwhile. Gives what went wrong, or NULL."""


def upgrade() -> None:
    """Make the queue."""
    if op.get_bind().dialect.name == "postgresql":
        _run(_schema())
        _run(WAKE)


def downgrade() -> None:
    """Take the queue away, with whatever waits in it: the work itself stands in the tables of the house."""
    if op.get_bind().dialect.name == "postgresql":
        _run("DROP FUNCTION amends_wake")
        _run(_removal())


def _schema() -> str:
    try:
        from procrastinate.schema import SchemaManager
    except ImportError as missing:
        raise BaseUnavailable(
            'PostgreSQL needs libraries that are not installed. Run: pip install "amends[scale]"'
        ) from missing
    return SchemaManager.get_schema()


def _removal() -> str:
    here = "current_schema()::regnamespace"
    return f"""
        DO $$
        DECLARE
            statement text;
        BEGIN
            FOR statement IN
                SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure)
                    FROM pg_proc WHERE proname LIKE '{NAMES}%' AND pronamespace = {here}
            LOOP
                EXECUTE statement;
            END LOOP;
            FOR statement IN
                SELECT format('DROP TABLE %s CASCADE', oid::regclass)
                    FROM pg_class WHERE relname LIKE '{NAMES}%' AND relkind = 'r' AND relnamespace = {here}
            LOOP
                EXECUTE statement;
            END LOOP;
            FOR statement IN
                SELECT format('DROP TYPE %s', oid::regtype)
                    FROM pg_type WHERE typname LIKE '{NAMES}%' AND typtype IN ('e', 'c') AND typnamespace = {here}
            LOOP
                EXECUTE statement;
            END LOOP;
        END;
        $$
    """  # noqa: S608 - nothing in it comes from outside


def _run(statements: str) -> None:
    """Many statements at once, given to the driver as they are: with parameters, even none, every % in them would mean something."""
    op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})
