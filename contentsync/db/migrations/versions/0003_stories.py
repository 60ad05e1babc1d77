"""links of stories, revisions, updates"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "story_clock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_clock")),
    )
    op.create_table(
        "story_link",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("story_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["story_id"], ["story.id"], name=op.f("fk_story_link_story_id_story"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_story_link")),
    )
    op.create_index("ix_story_link_story_id", "story_link", ["story_id"])
    # Until now a story was a link.
    op.execute("INSERT INTO story_link (key, story_id) SELECT key, id FROM story WHERE key NOT LIKE 'item:%'")
    # Columns are added one by one: rebuilding a table would drop it, and SQLite then deletes what refers to it.
    op.add_column("item", sa.Column("story_revision", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_item_story_revision", "item", ["story_revision"])
    op.create_index("ix_item_recent", "item", ["sort_at", "id"])
    op.add_column("digest_entry", sa.Column("is_update", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("digest_entry", "is_update")
    op.drop_index("ix_item_recent", "item")
    op.drop_index("ix_item_story_revision", "item")
    op.drop_column("item", "story_revision")
    op.drop_table("story_link")
    op.drop_table("story_clock")
