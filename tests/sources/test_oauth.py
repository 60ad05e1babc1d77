"""Codes become tokens, tokens are renewed and given back; what is refused is named."""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contentsync.errors import AccountRefused, Refused, ServerFailed, SourceError, TooLarge, Unreachable
from contentsync.settings import Settings
from contentsync.sources.http import open_client
from contentsync.sources.json_api import call
from contentsync.sources.oauth import OAuthApp, Tokens
from contentsync.sources.youtube import SCOPE
from tests.fakes.google import FakeGoogle
from tests.fakes.web import FakeWeb, Reply

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
VERIFIER = "v" * 43


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    async with FakeGoogle(now=NOW) as fake:
        yield fake


@pytest.fixture
async def app(google: FakeGoogle) -> AsyncIterator[OAuthApp]:
    settings = Settings(**google.settings())  # type: ignore[arg-type]
    async with open_client(trusted_hosts=settings.trusted_hosts) as client:
        yield OAuthApp(client, settings)


async def code_from(google: FakeGoogle) -> str:
    """What Google sends back after consent."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    params = {
        "client_id": google.client_id,
        "redirect_uri": "http://localhost:8080/oauth2/callback",
        "response_type": "code",
        "scope": SCOPE,
        "access_type": "offline",
        "prompt": "consent",
        "state": "s",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(f"{google.origin}/auth", params=params)
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


async def test_a_code_is_good_once(google: FakeGoogle, app: OAuthApp) -> None:
    code = await code_from(google)
    tokens = await app.exchange(code, VERIFIER, scope=SCOPE, now=NOW)
    assert tokens.is_fresh(NOW)
    assert not tokens.is_fresh(NOW + timedelta(minutes=56))
    assert Tokens.from_json(tokens.to_json()) == tokens
    with pytest.raises(AccountRefused):
        await app.exchange(code, VERIFIER, scope=SCOPE, now=NOW)


async def test_somebody_elses_code_is_of_no_use(google: FakeGoogle, app: OAuthApp) -> None:
    code = await code_from(google)
    with pytest.raises(AccountRefused):
        await app.exchange(code, "w" * 43, scope=SCOPE, now=NOW)


async def test_the_right_must_be_granted(google: FakeGoogle, app: OAuthApp) -> None:
    google.grants_scope = "openid"
    with pytest.raises(AccountRefused, match="not granted"):
        await app.exchange(await code_from(google), VERIFIER, scope=SCOPE, now=NOW)


@pytest.mark.parametrize("rotates", [False, True])
async def test_tokens_are_renewed(google: FakeGoogle, app: OAuthApp, rotates: bool) -> None:
    google.rotates = rotates
    first = await app.exchange(await code_from(google), VERIFIER, scope=SCOPE, now=NOW)
    second = await app.refresh(first, now=NOW + timedelta(hours=2))
    assert second.access_token != first.access_token
    assert (second.refresh_token != first.refresh_token) is rotates
    assert second.is_fresh(NOW + timedelta(hours=2))
    third = await app.refresh(second, now=NOW + timedelta(hours=4))
    assert third.access_token != second.access_token


async def test_a_grant_that_ended_is_refused(google: FakeGoogle, app: OAuthApp) -> None:
    tokens = await app.exchange(await code_from(google), VERIFIER, scope=SCOPE, now=NOW)
    google.end_grants()
    with pytest.raises(AccountRefused, match="invalid_grant"):
        await app.refresh(tokens, now=NOW)


async def test_revoking_twice_is_fine(google: FakeGoogle, app: OAuthApp) -> None:
    tokens = await app.exchange(await code_from(google), VERIFIER, scope=SCOPE, now=NOW)
    assert google.has_grant()
    await app.revoke(tokens)
    assert not google.has_grant()
    await app.revoke(tokens)


async def test_a_wrong_client_secret_is_the_operators_matter(google: FakeGoogle, app: OAuthApp) -> None:
    code = await code_from(google)
    google.client_secret = "another"
    with pytest.raises(Refused):
        await app.exchange(code, VERIFIER, scope=SCOPE, now=NOW)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(b"oops", 500, "text/html"), ServerFailed),
        (Reply(b"[]", 200, "application/json"), AccountRefused),
        (Reply(b'{"access_token": 7, "refresh_token": "x"}', 200, "application/json"), AccountRefused),
        (Reply(b"x" * 5_100_000, 200, "application/json"), TooLarge),
        (Reply(status=302, headers=(("Location", "http://elsewhere.example/"),)), Refused),
        (Reply(raw=b""), Unreachable),
    ],
    ids=["server error", "no tokens", "wrong types", "endless", "redirect", "silence"],
)
async def test_a_token_endpoint_that_misbehaves(reply: Reply, expected: type[SourceError]) -> None:
    async with FakeWeb() as web:
        web.reply("/token", reply)
        settings = Settings(GOOGLE_TOKEN_URL=web.url("/token"), GOOGLE_CLIENT_ID="a", GOOGLE_CLIENT_SECRET="b")
        async with open_client(trusted_hosts=settings.trusted_hosts) as client:
            with pytest.raises(SourceError) as raised:
                await OAuthApp(client, settings).exchange("code", VERIFIER, scope=SCOPE, now=NOW)
        assert type(raised.value) is expected
        assert "code" not in str(raised.value)


async def test_a_service_on_a_private_address_is_refused_unless_the_operator_set_it() -> None:
    async with FakeWeb() as web, open_client() as client:
        with pytest.raises(SourceError, match="AddressRefused"):
            await call(client, "GET", web.url("/"))
        assert web.connections == 0


async def test_errors_do_not_hold_the_query() -> None:
    async with open_client(allow_private_networks=True) as client:
        with pytest.raises(Unreachable) as raised:
            await call(client, "GET", "http://127.0.0.1:4/x", params={"key": "secret"})
    assert "secret" not in raised.value.url + str(raised.value)
