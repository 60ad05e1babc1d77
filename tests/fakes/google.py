"""A Google for tests: consent, tokens, revocation, the YouTube Data API with its quota, and public channel feeds.

    async with FakeGoogle() as google:
        google.subscribe("UC" + "a" * 22, "Slow Workshop")
        google.publish("UC" + "a" * 22, "abcdefghijk", "Sharpening a plane")
        Settings(**google.settings())
        assert google.units == 1

`now` is its clock; None is the present. `person` is who sits at the browser and gives consent.
"""

import base64
import hashlib
import html
import secrets
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from tests.fakes.google_answers import Video, feed_entry, listing, refused, stamp, video_item, with_etag

ACCESS_SECONDS = 3600
CODE_SECONDS = 600
DAY_UNITS = 10_000
SCOPE = "https://www.googleapis.com/auth/youtube.readonly"


@dataclass
class _Grant:
    """What a code or a token stands for."""

    person: str
    expires_at: datetime
    scope: str = SCOPE
    challenge: str = ""
    redirect_uri: str = ""


@dataclass
class Refusal:
    """What the API answers instead, `times` times."""

    status: int
    reason: str
    resource: str = ""
    skip: int = 0
    times: int = 10**9


@dataclass
class FakeGoogle:
    """The server. Tokens, codes and states that it saw are in `secrets`, to look for them elsewhere."""

    person: str = "me"
    now: datetime | None = None
    client_id: str = "client-id.apps.example"
    client_secret: str = "client-secret-0123456789"
    declines: bool = False
    """Whether the person says no."""
    grants_scope: str = SCOPE
    rotates: bool = False
    """Whether a refresh gives a new refresh token and ends the old one."""
    limit: int = DAY_UNITS
    secrets: set[str] = field(default_factory=set)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """API requests: resource and parameters."""
    refusals: list[Refusal] = field(default_factory=list)
    quota_errors: int = 0
    unchanged: int = 0
    """How often the answer was 304."""
    feeds_answer: int = 200
    """The status of every public feed, as in a storm of 404."""
    feed_hits: Counter[str] = field(default_factory=Counter)
    units_by_day: Counter[str] = field(default_factory=Counter)
    total_off_by: int = 0
    """How many more channels the list claims to have than it shows."""

    def __post_init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._subscriptions: dict[str, list[str]] = defaultdict(list)
        self._videos: dict[str, list[Video]] = defaultdict(list)
        self._codes: dict[str, _Grant] = {}
        self._access: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/auth", self._consent)
        app.router.add_post("/token", self._token)
        app.router.add_post("/revoke", self._revoke)
        app.router.add_get("/youtube/v3/{resource}", self._api)
        app.router.add_get("/feeds/videos.xml", self._feed)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def settings(self) -> dict[str, str]:
        """The variables that make contentsync take this for Google and YouTube."""
        return {
            "GOOGLE_CLIENT_ID": self.client_id,
            "GOOGLE_CLIENT_SECRET": self.client_secret,
            "GOOGLE_AUTH_URL": f"{self.origin}/auth",
            "GOOGLE_TOKEN_URL": f"{self.origin}/token",
            "GOOGLE_REVOKE_URL": f"{self.origin}/revoke",
            "YOUTUBE_API_BASE_URL": f"{self.origin}/youtube/v3",
            "YOUTUBE_FEED_BASE_URL": f"{self.origin}/feeds/videos.xml",
        }

    @property
    def clock(self) -> datetime:
        """What time it is there."""
        return self.now or datetime.now(UTC)

    @property
    def units(self) -> int:
        """Units spent since midnight in California."""
        return self.units_by_day[self._day()]

    def subscribe(self, channel_id: str, title: str = "", person: str = "me") -> None:
        """This person subscribes to a channel."""
        self._titles[channel_id] = title or self._titles.get(channel_id, channel_id)
        if channel_id not in self._subscriptions[person]:
            self._subscriptions[person].append(channel_id)

    def unsubscribe(self, channel_id: str, person: str = "me") -> None:
        """They do not any more."""
        self._subscriptions[person].remove(channel_id)

    def publish(
        self, channel_id: str, video_id: str, title: str = "", *, published_at: datetime | None = None, **more: Any
    ) -> None:
        """The channel publishes a video; `more` as in `Video`."""
        video = Video(video_id, title or f"Video {video_id}", published_at or self.clock, **more)
        self._titles.setdefault(channel_id, channel_id)
        self._videos[channel_id].append(video)

    def refuse(self, reason: str, status: int = 403, *, resource: str = "", skip: int = 0, times: int = 10**9) -> None:
        """From now on (after `skip` requests) the API refuses requests, those for `resource` if it is named."""
        self.refusals.append(Refusal(status, reason, resource, skip, times))

    def end_grants(self, person: str = "me") -> None:
        """All of the person's tokens end: revoked by them, or a refresh token that is seven days old."""
        for tokens in (self._access, self._refresh):
            for token in [token for token, grant in tokens.items() if grant.person == person]:
                del tokens[token]

    def end_access_tokens(self) -> None:
        """Access tokens end before their time."""
        self._access.clear()

    def has_grant(self, person: str = "me") -> bool:
        """Whether anybody can still act for the person."""
        return any(grant.person == person for grant in self._refresh.values())

    def _day(self) -> str:
        return self.clock.astimezone(ZoneInfo("America/Los_Angeles")).date().isoformat()

    def _secret(self, prefix: str) -> str:
        token = prefix + secrets.token_urlsafe(24)
        self.secrets.add(token)
        return token

    # Signing in

    async def _consent(self, request: web.Request) -> web.Response:
        asked = request.query
        wanted = {
            "client_id": self.client_id,
            "response_type": "code",
            "scope": SCOPE,
            "access_type": "offline",
            "prompt": "consent",
            "code_challenge_method": "S256",
        }
        wrong = [name for name, value in wanted.items() if asked.get(name) != value]
        if wrong or not asked.get("state") or not asked.get("code_challenge") or "redirect_uri" not in asked:
            return web.Response(status=400, text=f"Error 400: invalid_request {wrong}")
        self.secrets.add(asked["state"])
        if self.declines:
            back = {"error": "access_denied", "state": asked["state"]}
        else:
            code = self._secret("4/0A")
            self._codes[code] = _Grant(
                self.person,
                self.clock + timedelta(seconds=CODE_SECONDS),
                self.grants_scope,
                asked["code_challenge"],
                asked["redirect_uri"],
            )
            back = {"state": asked["state"], "code": code, "scope": self.grants_scope}
        return web.Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{urlencode(back)}"})

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if form.get("client_id") != self.client_id or form.get("client_secret") != self.client_secret:
            return web.json_response({"error": "invalid_client"}, status=401)
        if form.get("grant_type") == "authorization_code":
            return self._exchange(form)
        grant = self._refresh.get(form.get("refresh_token", ""))
        if grant is None:
            answer = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            return web.json_response(answer, status=400)
        answer = self._grant_access(grant)
        if self.rotates:
            del self._refresh[form["refresh_token"]]
            answer["refresh_token"] = self._grant_refresh(grant)
        return web.json_response(answer)

    def _exchange(self, form: dict[str, str]) -> web.Response:
        grant = self._codes.pop(form.get("code", ""), None)
        self.secrets.add(form.get("code_verifier", "no verifier"))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            grant is None
            or grant.expires_at < self.clock
            or challenge != grant.challenge
            or form.get("redirect_uri") != grant.redirect_uri
        ):
            return web.json_response({"error": "invalid_grant", "error_description": "Bad Request"}, status=400)
        return web.json_response(self._grant_access(grant) | {"refresh_token": self._grant_refresh(grant)})

    def _grant_access(self, grant: _Grant) -> dict[str, Any]:
        token = self._secret("ya29.")
        self._access[token] = _Grant(grant.person, self.clock + timedelta(seconds=ACCESS_SECONDS), grant.scope)
        return {
            "access_token": token,
            "expires_in": ACCESS_SECONDS - 1,
            "scope": grant.scope,
            "token_type": "Bearer",
        }

    def _grant_refresh(self, grant: _Grant) -> str:
        token = self._secret("1//0")
        self._refresh[token] = _Grant(grant.person, datetime.max.replace(tzinfo=UTC), grant.scope)
        return token

    async def _revoke(self, request: web.Request) -> web.Response:
        token = str((await request.post()).get("token", ""))
        grant = self._refresh.get(token) or self._access.get(token)
        if grant is None:
            return web.json_response({"error": "invalid_token"}, status=400)
        self.end_grants(grant.person)
        return web.json_response({})

    # The YouTube Data API

    async def _api(self, request: web.Request) -> web.Response:
        resource, asked = request.match_info["resource"], dict(request.query)
        self.requests.append((resource, asked))
        if self.units + 1 > self.limit:
            self.quota_errors += 1
            return refused(403, "quotaExceeded")
        self.units_by_day[self._day()] += 1
        for refusal in self.refusals:
            if refusal.resource in ("", resource) and refusal.times > 0:
                if refusal.skip > 0:
                    refusal.skip -= 1
                    continue
                refusal.times -= 1
                return refused(refusal.status, refusal.reason)
        grant = self._access.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if grant is None or grant.expires_at < self.clock:
            return refused(401, "authError")
        if SCOPE not in grant.scope:
            return refused(403, "insufficientPermissions")
        answers = {
            "subscriptions": self._subscriptions_page,
            "channels": self._channels_page,
            "playlistItems": self._uploads_page,
            "videos": self._videos_page,
        }
        if resource not in answers:
            return refused(404, "notFound")
        document = answers[resource](asked, grant.person)
        if document is None:
            return refused(404, "playlistNotFound")
        answer = with_etag(request, document)
        self.unchanged += answer.status == 304
        return answer

    def _subscriptions_page(self, asked: dict[str, str], person: str) -> dict[str, Any]:
        mine = self._subscriptions[person]
        if asked.get("order") == "alphabetical":
            mine = sorted(mine, key=lambda id: (self._titles[id].casefold(), id))
        first, size = int(asked.get("pageToken", "0").removeprefix("P")), int(asked.get("maxResults", "5"))
        items = [
            {
                "kind": "youtube#subscription",
                "id": f"sub-{person}-{channel_id}",
                "snippet": {
                    "title": self._titles[channel_id],
                    "resourceId": {"kind": "youtube#channel", "channelId": channel_id},
                },
            }
            for channel_id in mine[first : first + min(size, 50)]
        ]
        more = {"nextPageToken": f"P{first + size}"} if first + size < len(mine) else {}
        return listing("subscription", items, len(mine) + self.total_off_by) | more

    def _channels_page(self, asked: dict[str, str], person: str) -> dict[str, Any]:
        channel_id = own_channel(person)
        item = {
            "kind": "youtube#channel",
            "id": channel_id,
            "snippet": {"title": f"Channel of {person}", "customUrl": f"@{person}"},
            "contentDetails": {"relatedPlaylists": {"uploads": "UU" + channel_id[2:]}},
        }
        return listing("channel", [item], 1)

    def _uploads_page(self, asked: dict[str, str], person: str) -> dict[str, Any] | None:
        channel_id = "UC" + asked.get("playlistId", "")[2:]
        if channel_id not in self._videos:
            return None
        videos = sorted(self._videos[channel_id], key=lambda video: video.published_at, reverse=True)
        items = [self._playlist_item(channel_id, video) for video in videos[: int(asked.get("maxResults", "5"))]]
        return listing("playlistItem", items, len(videos))

    def _playlist_item(self, channel_id: str, video: Video) -> dict[str, Any]:
        details = {"videoId": video.id}
        if not video.private:
            details["videoPublishedAt"] = stamp(video.published_at)
        return {
            "kind": "youtube#playlistItem",
            "id": f"item-{video.id}",
            "snippet": {
                "publishedAt": stamp(video.published_at),
                "channelId": channel_id,
                "title": "Private video" if video.private else video.title,
                "description": video.description,
                "thumbnails": {"high": {"url": f"https://i.ytimg.com/vi/{video.id}/hqdefault.jpg"}},
                "channelTitle": self._titles[channel_id],
                "resourceId": {"kind": "youtube#video", "videoId": video.id},
            },
            "contentDetails": details,
        }

    def _videos_page(self, asked: dict[str, str], person: str) -> dict[str, Any]:
        ids = asked.get("id", "").split(",")
        every = {video.id: video for videos in self._videos.values() for video in videos if not video.private}
        items = [video_item(every[id]) for id in ids[:50] if id in every]
        return listing("video", items, len(items))

    # Public feeds

    async def _feed(self, request: web.Request) -> web.Response:
        channel_id = request.query.get("channel_id", "")
        self.feed_hits[channel_id] += 1
        if self.feeds_answer != 200 or channel_id not in self._titles:
            status = self.feeds_answer if self.feeds_answer != 200 else 404
            return web.Response(status=status, text="<h1>Error</h1>", content_type="text/html")
        title = html.escape(self._titles[channel_id])
        public = [video for video in self._videos[channel_id] if not video.private]
        newest = sorted(public, key=lambda video: video.published_at, reverse=True)[:15]
        entries = "".join(feed_entry(channel_id, title, video) for video in newest)
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" '
            'xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">'
            f"<id>yt:channel:{channel_id[2:]}</id><title>{title}</title>"
            f'<link rel="alternate" href="https://www.youtube.com/channel/{channel_id}"/>{entries}</feed>'
        )
        return web.Response(text=text, content_type="text/xml")


def own_channel(person: str) -> str:
    """The id of a person's own channel."""
    return "UC" + hashlib.sha256(person.encode()).hexdigest()[:22]
