"""Alembic's environment: always on the connection that `actions.store.migrate` hands over."""

from alembic import context

from actions.store import tables
from actions.store.base import Base

assert tables.__all__  # noqa: S101  fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
