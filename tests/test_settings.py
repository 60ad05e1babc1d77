"""Settings: defaults, files, and what a wrong value is answered with."""

from pathlib import Path

import pytest

from contentsync.errors import ConfigurationError
from contentsync.settings import load_settings


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CONTENTSYNC_DATA_DIR", "TELEGRAM_BOT_TOKEN", "CONTENTSYNC_ROLES", "CONTENTSYNC_HTTP_PORT"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_set_means_a_local_chat_and_a_sqlite_file(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.local_chat
    assert settings.roles == {"bot", "worker", "web"}
    assert settings.sqlalchemy_url == f"sqlite+aiosqlite:///{tmp_path / 'data' / 'contentsync.db'}"


def test_env_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("CONTENTSYNC_HTTP_PORT=9001\nCONTENTSYNC_ROLES=worker\nTELEGRAM_BOT_TOKEN=\n")
    monkeypatch.setenv("CONTENTSYNC_HTTP_PORT", "9002")
    settings = load_settings()
    assert settings.http_port == 9002
    assert settings.roles == {"worker"}
    assert settings.telegram_bot_token is None
    assert not settings.local_chat, "a worker alone hosts no chat"


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_secret_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    (tmp_path / "token").write_text("12345:secret\n")
    if where == "environment":
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(tmp_path / "token"))
    else:
        (tmp_path / ".env").write_text(f"TELEGRAM_BOT_TOKEN_FILE={tmp_path / 'token'}\n")
    token = load_settings().telegram_bot_token
    assert token is not None
    assert token.get_secret_value() == "12345:secret"


def test_an_unreadable_secret_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN_FILE", str(tmp_path / "absent"))
    with pytest.raises(ConfigurationError, match="TELEGRAM_BOT_TOKEN_FILE: cannot read"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CONTENTSYNC_HTTP_PORT", "99999", "less than or equal to 65535"),
        ("CONTENTSYNC_ROLES", "bot,cook", "'bot', 'worker' or 'web'"),
        ("CONTENTSYNC_ACCESS", "everyone", "'private' or 'open'"),
        ("CONTENTSYNC_MIN_PULL_INTERVAL_MINUTES", "2000", "is above CONTENTSYNC_MAX_PULL_INTERVAL_MINUTES"),
    ],
)
def test_a_wrong_value_is_named_and_explained(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert name in str(caught.value)
    assert says in str(caught.value)


def test_no_secret_shows_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "12345:hush")
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://u:hush@localhost/x")
    assert "hush" not in repr(load_settings())
