"""All settings, read once from the environment, `.env` and `*_FILE` files. Units are in the names."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

from contentsync.errors import ConfigurationError

ENV_FILE = Path(".env")
SECRETS = ("TELEGRAM_BOT_TOKEN", "DATABASE_URL", "CONTENTSYNC_SECRET_KEY", "GOOGLE_CLIENT_SECRET")
"""Variables that may also be given as `<NAME>_FILE`, the path of a file that holds the value."""

_SERVICES = (
    "youtube_feed_base_url",
    "youtube_api_base_url",
    "newsapi_base_url",
    "google_token_url",
    "google_revoke_url",
)

Role = Literal["bot", "worker", "web"]


def _setting(default: Any, name: str, **limits: Any) -> Any:
    return Field(default=default, validation_alias=name, validate_default=True, **limits)


class Settings(BaseSettings):
    """What an operator can set; `.env.example` explains each variable, and a test keeps the two alike.

    The TEMPORAL_* variables are not here: `temporalio.envconfig` reads them (see `contentsync.temporal`).
    """

    model_config = SettingsConfigDict(env_file=ENV_FILE, extra="ignore", frozen=True, env_ignore_empty=True)

    telegram_bot_token: SecretStr | None = _setting(None, "TELEGRAM_BOT_TOKEN")
    telegram_api_base_url: str = _setting("https://api.telegram.org", "TELEGRAM_API_BASE_URL")
    database_url: SecretStr | None = _setting(None, "DATABASE_URL")
    data_dir: Path = _setting(Path("data"), "CONTENTSYNC_DATA_DIR")
    task_queue: str = _setting("contentsync", "CONTENTSYNC_TASK_QUEUE", min_length=1)
    roles: Annotated[frozenset[Role], NoDecode] = _setting("bot,worker,web", "CONTENTSYNC_ROLES", min_length=1)
    http_host: str = _setting("127.0.0.1", "CONTENTSYNC_HTTP_HOST")
    http_port: int = _setting(8080, "CONTENTSYNC_HTTP_PORT", ge=1, le=65535)
    public_url: str = _setting("", "CONTENTSYNC_PUBLIC_URL")
    secret_key: SecretStr | None = _setting(None, "CONTENTSYNC_SECRET_KEY")
    access: Literal["private", "open"] = _setting("private", "CONTENTSYNC_ACCESS")
    allow_private_networks: bool = _setting(False, "CONTENTSYNC_ALLOW_PRIVATE_NETWORKS")
    pull_tick_seconds: int = _setting(60, "CONTENTSYNC_PULL_TICK_SECONDS", ge=1, le=3600)
    digest_tick_seconds: int = _setting(60, "CONTENTSYNC_DIGEST_TICK_SECONDS", ge=1, le=3600)
    min_pull_interval_minutes: int = _setting(15, "CONTENTSYNC_MIN_PULL_INTERVAL_MINUTES", ge=0)
    max_pull_interval_minutes: int = _setting(1440, "CONTENTSYNC_MAX_PULL_INTERVAL_MINUTES", ge=0)
    youtube_feed_base_url: str = _setting("https://www.youtube.com/feeds/videos.xml", "YOUTUBE_FEED_BASE_URL")
    youtube_api_base_url: str = _setting("https://www.googleapis.com/youtube/v3", "YOUTUBE_API_BASE_URL")
    newsapi_base_url: str = _setting("https://newsapi.org/v2", "NEWSAPI_BASE_URL")
    google_auth_url: str = _setting("https://accounts.google.com/o/oauth2/v2/auth", "GOOGLE_AUTH_URL")
    google_token_url: str = _setting("https://oauth2.googleapis.com/token", "GOOGLE_TOKEN_URL")
    google_revoke_url: str = _setting("https://oauth2.googleapis.com/revoke", "GOOGLE_REVOKE_URL")
    google_client_id: str = _setting("", "GOOGLE_CLIENT_ID")
    google_client_secret: SecretStr | None = _setting(None, "GOOGLE_CLIENT_SECRET")
    raw_retention_days: int = _setting(90, "CONTENTSYNC_RAW_RETENTION_DAYS", ge=1)

    @field_validator("roles", mode="before")
    @classmethod
    def _split_roles(cls, value: Any) -> Any:
        return frozenset(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("telegram_api_base_url", "public_url", "youtube_api_base_url", "newsapi_base_url")
    @classmethod
    def _without_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.min_pull_interval_minutes > self.max_pull_interval_minutes:
            raise ValueError("CONTENTSYNC_MIN_PULL_INTERVAL_MINUTES is above CONTENTSYNC_MAX_PULL_INTERVAL_MINUTES")
        return self

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, dotenv_settings, _SecretFiles(settings_cls)

    @property
    def sqlalchemy_url(self) -> str:
        """The database to use: what is set, else a SQLite file in the data directory."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'contentsync.db'}"

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """host:port of the addresses the operator set; they pass the address guard."""
        set_by_hand = [getattr(self, name) for name in _SERVICES if name in self.model_fields_set]
        return frozenset(netloc for url in set_by_hand if (netloc := urlsplit(url).netloc))

    @property
    def own_url(self) -> str:
        """Where people's browsers reach this instance, without a slash at its end."""
        return self.public_url or f"http://localhost:{self.http_port}"

    @property
    def oauth_redirect_uri(self) -> str:
        """Where Google sends people back after a sign-in; it must be entered there, letter by letter."""
        return f"{self.own_url}/oauth2/callback"

    @property
    def has_google_credentials(self) -> bool:
        """Whether people can connect YouTube accounts."""
        return bool(self.google_client_id and self.google_client_secret)

    @property
    def local_chat(self) -> bool:
        """Whether this process is its own Telegram: it hosts the bot and has no token."""
        return "bot" in self.roles and self.telegram_bot_token is None


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads `<NAME>_FILE` for each secret, as container platforms hand secrets over."""

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False  # `__call__` gives all values at once

    @override
    def __call__(self) -> dict[str, Any]:
        variables = environment()
        return {name: _read_secret(name, path) for name in SECRETS if (path := variables.get(f"{name}_FILE"))}


def environment() -> dict[str, str]:
    """The variables in force: `.env` in the working directory, overridden by the process environment."""
    values = {name: value for name, value in dotenv_values(ENV_FILE).items() if value}
    return values | {name: value for name, value in os.environ.items() if value}


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name}_FILE: cannot read {path}. Check the path and its permissions.") from error


def load_settings() -> Settings:
    """Read all settings.

    Raises:
        ConfigurationError: names each wrong variable and what is wrong with it, never a secret's value.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in problem['loc']) or 'settings'}: {problem['msg']}"
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise ConfigurationError("; ".join(lines) + ". See .env.example for what is allowed.") from None
