"""stories across sources, taste, rules, decisions"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

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
        sa.Column("added_at", sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["story_id"], ["story.id"], name=op.f("fk_story_link_story_id_story"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_story_link")),
    )
    op.create_index("ix_story_link_story_id", "story_link", ["story_id"])
    # Until now a story was a link.
    op.execute(
        "INSERT INTO story_link (key, story_id, added_at)"
        " SELECT key, id, first_seen_at FROM story WHERE key NOT LIKE 'item:%'"
    )
    # Columns are added one by one: rebuilding a table would drop it, and SQLite then deletes what refers to it.
    op.add_column("item", sa.Column("story_revision", sa.Integer(), nullable=True))
    op.create_index(
        "ix_item_story_revision",
        "item",
        ["story_revision"],
        sqlite_where=sa.text("story_revision IS NOT NULL"),
        postgresql_where=sa.text("story_revision IS NOT NULL"),
    )
    op.create_index("ix_item_recent", "item", ["sort_at", "id"])
    op.add_column("digest_entry", sa.Column("is_update", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_digest_entry_story_id", "digest_entry", ["story_id"])

    op.add_column("item", sa.Column("word_count", sa.Integer(), nullable=True))
    op.add_column("item", sa.Column("features", sa.LargeBinary(), nullable=True))
    op.add_column("subscriber", sa.Column("reading_minutes", sa.Integer(), nullable=True))
    # Nothing refers to this table, so it may be rebuilt.
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sqltypes.AutoString(), server_default="rating", nullable=False))
        batch_op.drop_constraint("uq_feedback_subscriber_id_item_id", type_="unique")
        batch_op.create_unique_constraint(
            "uq_feedback_subscriber_id_item_id_kind", ["subscriber_id", "item_id", "kind"]
        )
    op.create_table(
        "saved",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_saved_item_id_item"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_saved_subscriber_id_subscriber"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved")),
        sa.UniqueConstraint("subscriber_id", "item_id", name=op.f("uq_saved_subscriber_id_item_id")),
    )
    op.create_index("ix_saved_item_id", "saved", ["item_id"])
    op.create_table(
        "rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("action", sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqltypes.AutoString(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("expires_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("removed_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_rule_source_id_source"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_rule_subscriber_id_subscriber"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
    )
    op.create_index("ix_rule_subscriber_id", "rule", ["subscriber_id"])
    op.create_index("ix_rule_source_id", "rule", ["source_id"])
    op.create_table(
        "decision",
        sa.Column("digest_id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("decided_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digest.id"], name=op.f("fk_decision_digest_id_digest"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_decision_subscriber_id_subscriber"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest_id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_subscriber", "decision", ["subscriber_id", "digest_id"])


def downgrade() -> None:
    op.drop_table("decision")
    op.drop_table("rule")
    op.drop_table("saved")
    op.execute("DELETE FROM feedback WHERE kind <> 'rating'")
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.drop_constraint("uq_feedback_subscriber_id_item_id_kind", type_="unique")
        batch_op.drop_column("kind")
        batch_op.create_unique_constraint("uq_feedback_subscriber_id_item_id", ["subscriber_id", "item_id"])
    op.drop_column("subscriber", "reading_minutes")
    op.drop_column("item", "features")
    op.drop_column("item", "word_count")
    op.drop_index("ix_digest_entry_story_id", "digest_entry")
    op.drop_column("digest_entry", "is_update")
    op.drop_index("ix_item_recent", "item")
    op.drop_index("ix_item_story_revision", "item")
    op.drop_column("item", "story_revision")
    op.drop_table("story_link")
    op.drop_table("story_clock")
