"""Alembic's entry: runs on the live connection handed over in `config.attributes`, never opens one of its own."""

from alembic import context

from contentsync.db.models import Source

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Source.metadata,
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="sqltypes.",
)
with context.begin_transaction():
    context.run_migrations()
