"""Encryption of what people entrust to us: account secrets, and texts on their way to becoming one."""

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from contentsync.errors import ConfigurationError, CredentialError

KEY_FILE = "secret.key"


class Vault:
    """Encrypts with the first of its keys and reads what any of them wrote, so that keys can be rotated.

    Keys are Fernet keys (32 bytes, URL-safe base64), see `Fernet.generate_key`.
    """

    def __init__(self, keys: list[str]) -> None:
        fernets = [Fernet(key) for key in keys]
        self._fernet = MultiFernet(fernets)
        self._newest = fernets[0]

    def encrypt(self, text: str) -> str:
        """The text as a Fernet token, ASCII."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def decrypt(self, token: str) -> str:
        """The text of a token made by `encrypt`.

        Raises:
            CredentialError: none of the keys fits.
        """
        try:
            return self._fernet.decrypt(token.encode("ascii")).decode()
        except InvalidToken as error:
            raise CredentialError("Stored secrets were encrypted with another key.") from error

    def renewed(self, token: str) -> str | None:
        """The token written with the newest key; None if it is that already.

        Raises:
            CredentialError: none of the keys fits.
        """
        data = token.encode("ascii")
        try:
            self._newest.decrypt(data)
        except InvalidToken:
            return self.encrypt(self.decrypt(token))
        return None


def open_vault(configured: SecretStr | None, data_dir: Path) -> Vault:
    """The vault of this instance: the configured keys (comma-separated, newest first), else its own file.

    Raises:
        ConfigurationError: a configured key is no Fernet key.
    """
    text = configured.get_secret_value() if configured is not None else _own_key(data_dir / KEY_FILE)
    try:
        return Vault([key.strip() for key in text.split(",") if key.strip()])
    except (ValueError, IndexError) as error:
        where = "CONTENTSYNC_SECRET_KEY" if configured is not None else str(data_dir / KEY_FILE)
        raise ConfigurationError(f"{where} is no Fernet key: 32 bytes as URL-safe base64 are needed.") from error


def _own_key(path: Path) -> str:
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
    return path.read_text(encoding="ascii")
