"""The vault: what it writes it reads, with rotated keys too, and with no other."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from contentsync.credentials import open_vault
from contentsync.errors import ConfigurationError, CredentialError


def test_own_key_is_made_once_and_private(tmp_path: Path) -> None:
    token = open_vault(None, tmp_path).encrypt("пароль")
    assert open_vault(None, tmp_path).decrypt(token) == "пароль"
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert "пароль" not in token


def test_keys_rotate_newest_first(tmp_path: Path) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    token = open_vault(SecretStr(old), tmp_path).encrypt("x")
    rotated = open_vault(SecretStr(f"{new}, {old}"), tmp_path)
    assert rotated.decrypt(token) == "x"
    assert open_vault(SecretStr(new), tmp_path).decrypt(rotated.encrypt("y")) == "y"


def test_a_foreign_key_is_refused(tmp_path: Path) -> None:
    token = open_vault(None, tmp_path).encrypt("x")
    with pytest.raises(CredentialError):
        open_vault(SecretStr(Fernet.generate_key().decode()), tmp_path).decrypt(token)


@pytest.mark.parametrize("text", ["hunter2", "", "ü" * 44])
def test_a_key_that_is_none_is_named_but_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="CONTENTSYNC_SECRET_KEY is no Fernet key") as caught:
        open_vault(SecretStr(text), tmp_path)
    assert "hunter2" not in str(caught.value)
