"""Alembic's way in. The engine comes from `storage.migrate`; the `alembic` command line asks for -x url=…"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Engine

from storage.engine import open_engine, take_time
from storage.tables import metadata


def run() -> None:
    """Run the asked-for revisions in one transaction."""
    given = context.config.attributes.get("engine")
    url = context.get_x_argument(as_dictionary=True).get("url", "sqlite:///amends.sqlite")
    engine: Engine = given if given is not None else open_engine(str(url))
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            take_time(connection)
            context.run_migrations()


run()
