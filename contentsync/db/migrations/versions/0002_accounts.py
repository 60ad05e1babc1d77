"""accounts, topics, quotas, notices, source states"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "host",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("gap_seconds", sa.Float(), nullable=False),
        sa.Column("gap_since", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("not_before", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_ok_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("refused_at", sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_host")),
    )
    op.create_table(
        "quota",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", sqltypes.AutoString(), nullable=False),
        sa.Column("spent_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("purpose", sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quota")),
    )
    with op.batch_alter_table("quota", schema=None) as batch_op:
        batch_op.create_index("ix_quota_scope", ["scope", "spent_at"], unique=False)

    op.create_table(
        "integration",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("kind", sqltypes.AutoString(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("credentials", sa.Text(), nullable=False),
        sa.Column("state", sqltypes.AutoString(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("next_sync_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("lease_id", sqltypes.AutoString(), nullable=True),
        sa.Column("lease_until", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sqltypes.AutoString(), nullable=True),
        sa.Column("last_error_params", sa.JSON(), nullable=False),
        sa.Column("last_sync_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_success_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_integration_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration")),
        sa.UniqueConstraint("subscriber_id", "kind", "account", name=op.f("uq_integration_subscriber_id_kind_account")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("integration", schema=None) as batch_op:
        batch_op.create_index("ix_integration_due", ["next_sync_at", "lease_until"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text_key", sqltypes.AutoString(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("keyboard", sa.JSON(), nullable=False),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("sent_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_notice_subscriber_id_subscriber"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("subscriber_id", "key", name=op.f("uq_notice_subscriber_id_key")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_unsent", ["sent_at", "id"], unique=False)

    op.create_table(
        "oauth_state",
        sa.Column("state_hash", sqltypes.AutoString(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("chat_url", sa.Text(), nullable=False),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("used_at", sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscriber.id"],
            name=op.f("fk_oauth_state_subscriber_id_subscriber"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_oauth_state")),
    )
    op.create_table(
        "channel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("integration_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sqltypes.AutoString(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("changed_at", sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["integration_id"],
            ["integration.id"],
            name=op.f("fk_channel_integration_id_integration"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_channel_source_id_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
        sa.UniqueConstraint("integration_id", "external_id", name=op.f("uq_channel_integration_id_external_id")),
    )
    with op.batch_alter_table("channel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channel_source_id"), ["source_id"], unique=False)

    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sqltypes.AutoString(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_topic_source_id_source"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_topic_subscriber_id_subscriber"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("subscriber_id", "text", "language", name=op.f("uq_topic_subscriber_id_text_language")),
    )
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_topic_source_id"), ["source_id"], unique=False)

    # Columns are added one by one: rebuilding a table would drop it, and SQLite then deletes what refers to it.
    op.add_column("item", sa.Column("duration_seconds", sa.Integer(), nullable=True))
    owner = sa.ForeignKey("integration.id", name="fk_source_integration_id_integration", ondelete="CASCADE")
    op.add_column("source", sa.Column("integration_id", sa.Integer(), owner, nullable=True), inline_references=True)
    op.create_index("ix_source_integration_id", "source", ["integration_id"])
    op.add_column("source", sa.Column("state", sqltypes.AutoString(), server_default="healthy", nullable=False))
    op.add_column("source", sa.Column("state_since", sqltypes.UTCDateTime(), nullable=True))
    op.add_column("source", sa.Column("failing_since", sqltypes.UTCDateTime(), nullable=True))
    op.add_column("source", sa.Column("absent_since", sqltypes.UTCDateTime(), nullable=True))
    op.add_column("source", sa.Column("absent_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("source", sa.Column("family", sa.Text(), nullable=True))
    op.create_index("ix_source_family", "source", ["family"])
    op.add_column("source", sa.Column("moved_to", sa.Text(), nullable=True))
    op.add_column("source", sa.Column("moved_since", sqltypes.UTCDateTime(), nullable=True))
    op.add_column("source", sa.Column("moved_count", sa.Integer(), server_default="0", nullable=False))
    op.add_column("subscription", sa.Column("with_shorts", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("subscription", sa.Column("with_live", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    for column in ("with_live", "with_shorts"):
        op.drop_column("subscription", column)
    op.drop_index("ix_source_integration_id", "source")
    op.drop_index("ix_source_family", "source")
    for column in ("family", "absent_count", "absent_since"):
        op.drop_column("source", column)
    for column in ("moved_count", "moved_since", "moved_to", "failing_since", "state_since", "state", "integration_id"):
        op.drop_column("source", column)
    op.drop_column("item", "duration_seconds")
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_topic_source_id"))

    op.drop_table("topic")
    with op.batch_alter_table("channel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_channel_source_id"))

    op.drop_table("channel")
    op.drop_table("oauth_state")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_unsent")

    op.drop_table("notice")
    with op.batch_alter_table("integration", schema=None) as batch_op:
        batch_op.drop_index("ix_integration_due")

    op.drop_table("integration")
    with op.batch_alter_table("quota", schema=None) as batch_op:
        batch_op.drop_index("ix_quota_scope")

    op.drop_table("quota")
    op.drop_table("host")
