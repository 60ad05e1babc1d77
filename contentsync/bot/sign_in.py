"""Beginning to sign in with Google: the link to its consent page, and what has to be remembered until it comes back.

Source: RFC 6749, section 4.1.1; RFC 7636 (PKCE, S256); and for Google's own parameters
https://developers.google.com/identity/protocols/oauth2/web-server#creatingclient
"""

import base64
import hashlib
import secrets
from datetime import datetime
from urllib.parse import urlencode

from contentsync.credentials import Vault
from contentsync.db import oauth_states
from contentsync.db.engine import Database
from contentsync.settings import Settings

SCOPE = "https://www.googleapis.com/auth/youtube.readonly"
"""To read what an account subscribes to, and nothing else."""
SECRET_BYTES = 48


async def begin_sign_in(
    *, subscriber_id: int, chat_url: str, db: Database, vault: Vault, settings: Settings, now: datetime
) -> str:
    """The link that this person opens within ten minutes; it works once. `chat_url` is where they come back to."""
    state, verifier = secrets.token_urlsafe(SECRET_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    async with db.write() as session:
        await oauth_states.add_state(
            session,
            state=state,
            subscriber_id=subscriber_id,
            verifier=vault.encrypt(verifier),
            chat_url=chat_url,
            now=now,
        )
    return consent_url(settings, state=state, verifier=verifier)


def consent_url(settings: Settings, *, state: str, verifier: str) -> str:
    """Google's consent page. Asking for offline access and for consent each time makes it give a lasting token."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    query = {
        "client_id": settings.google_client_id,
        "redirect_uri": settings.oauth_redirect_uri,
        "response_type": "code",
        "scope": SCOPE,
        "access_type": "offline",
        "prompt": "consent",
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii"),
        "code_challenge_method": "S256",
    }
    return f"{settings.google_auth_url}?{urlencode(query)}"
