"""Links made to reach what is none of theirs: each has its verdict, and nobody who listens on this machine hears of it.

`pytest -s tests/sources/test_hostile_urls.py` prints the table. Every form is tried as a link that was pasted, as the
target of a redirect, as a Refresh, and as a feed that a page declares.
"""

import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from html import escape

import httpx
import pytest
from aiohttp.abc import ResolveResult
from typing_extensions import override

from contentsync.errors import AddressRefused, NoFeedFound, SourceError
from contentsync.sources.base import Fetched, SourceRef
from contentsync.sources.discovery import find_feeds
from contentsync.sources.feed import FeedSource
from contentsync.sources.http import fetch, open_client
from tests.fakes.web import FakeNames, FakeWeb

REFUSED = "AddressRefused"
PASSWORD = "LinkWithPassword: it holds a user name or password"
NO_HOST = "InvalidLink: it holds no host name"
NO_LINK = "InvalidLink: it does not begin with http:// or https://"
BROKEN = "InvalidLink: it is not well-formed"
LONG = "InvalidLink: it is empty or too long"
NO_PORT = "InvalidLink: there is no such port"
PORT = "ForbiddenPort: no web server listens on that port"

PORTS = [21, 22, 23, 25, 53, 110, 143, 465, 587, 993, 6000, 6379, 6667, 11_211]

# {p} is the port on which every address of this machine is listened on.
FORMS: dict[str, list[str]] = {
    REFUSED: [
        # loopback, in every notation a resolver or a browser reads
        *("http://127.0.0.1:{p}/", "https://127.0.0.1:{p}/", "http://127.0.0.2:{p}/", "http://127.255.255.254:{p}/"),
        *("http://127.1:{p}/", "http://127.0.1:{p}/", "http://127.0.0.1.:{p}/", "http://2130706433:{p}/"),
        *("http://0x7f.1:{p}/", "http://0x7f000001:{p}/", "http://0X7F.0.0.1:{p}/", "http://0x7f.0.0x0.1:{p}/"),
        *("http://017700000001:{p}/", "http://0177.0.0.1:{p}/", "http://0177.0.0x0.1:{p}/", "http://127.0.0.01:{p}/"),
        *("http://１２７.0.0.1:{p}/", "http://①②⑦.⓪.⓪.①:{p}/", "http://127。0。0。1:{p}/", "http://127｡0｡0｡1:{p}/"),
        *("http://localhost:{p}/", "http://LOCALHOST:{p}/", "http://localhost.:{p}/", "http://ｌｏｃａｌｈｏｓｔ:{p}/"),
        *("http://ⅼocalhost:{p}/", "http://localhoſt:{p}/", "http://local\u00adhost:{p}/", "http://loc\u200balhost:{p}/"),
        *("http://app.localhost:{p}/", "http://localhost.localdomain:{p}/", "feed://127.0.0.1:{p}/"),
        *("http:127.0.0.1:{p}/", "http:///127.0.0.1:{p}/", "http:////127.0.0.1:{p}/", "//127.0.0.1:{p}/"),
        *("http://[::1]:{p}/", "http://[0:0:0:0:0:0:0:1]:{p}/", "http://[0000::0001]:{p}/"),
        "http://[::FFFF:7F00:0001]:{p}/",
        # IPv6 addresses that stand for IPv4 addresses
        *("http://[::ffff:127.0.0.1]:{p}/", "http://[::ffff:7f00:1]:{p}/", "http://[::127.0.0.1]:{p}/"),
        *("http://[::ffff:0:127.0.0.1]:{p}/", "http://[64:ff9b::7f00:1]:{p}/", "http://[64:ff9b::127.0.0.1]:{p}/"),
        *("http://[64:ff9b:1::7f00:1]:{p}/", "http://[2002:7f00:1::]:{p}/", "http://[2001:0:7f00:1::]:{p}/"),
        # this machine, by no address at all
        *("http://0.0.0.0:{p}/", "http://0:{p}/", "http://0x0:{p}/", "http://[::]:{p}/", "http://0.0.0.1:{p}/"),
        # somebody's own network
        *("http://10.0.0.1:{p}/", "http://172.16.0.1:{p}/", "http://172.31.255.255:{p}/", "http://192.168.0.1:{p}/"),
        *("http://100.64.0.1:{p}/", "http://100.127.255.254:{p}/", "http://198.18.0.1:{p}/", "http://192.0.0.8:{p}/"),
        *("http://[fc00::1]:{p}/", "http://[fd12:3456::1]:{p}/", "http://[fe80::1]:{p}/", "http://[fec0::1]:{p}/"),
        *("http://nas.local:{p}/", "http://db.internal:{p}/", "http://router.lan:{p}/", "http://x.home.arpa:{p}/"),
        *("http://metadata:{p}/", "http://postgres:{p}/", "http://hidden.onion:{p}/"),
        # cloud metadata
        *("http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://0xa9fea9fe/", "http://0251.254.43518/"),
        *("http://[::ffff:169.254.169.254]/", "http://[fd00:ec2::254]/", "http://100.100.100.200/"),
        *("http://168.63.129.16/", "http://192.0.0.192/", "http://169.254.170.2/v2/credentials"),
        *("http://metadata.google.internal/computeMetadata/v1/", "http://[64:ff9b::a9fe:a9fe]/"),
        # addresses of many or of nobody
        *("http://224.0.0.1:{p}/", "http://239.255.255.250:{p}/", "http://255.255.255.255:{p}/", "http://240.0.0.1:{p}/"),
        *("http://192.0.2.1:{p}/", "http://198.51.100.1:{p}/", "http://203.0.113.1:{p}/", "http://192.88.99.1:{p}/"),
        *("http://[ff02::1]:{p}/", "http://[2001:db8::1]:{p}/", "http://[3fff::1]:{p}/", "http://[100::1]:{p}/"),
        # names that lead there
        *("http://loopback.test:{p}/", "https://loopback.test:{p}/", "http://six.test:{p}/", "http://mapped.test:{p}/"),
        *("http://translated.test:{p}/", "http://lan.test:{p}/", "http://meta.test:{p}/", "http://any.test:{p}/"),
        *("http://several.test:{p}/", "http://zone.test:{p}/", "http://loopback.test.:{p}/", "http://turning.test:{p}/"),
        *("http://xn--lpback-wxa.test:{p}/", "http://löpback.test:{p}/"),
    ],
    PASSWORD: [
        *("http://user:word@127.0.0.1:{p}/", "http://user@loopback.test:{p}/", "http://example.com@127.0.0.1:{p}/"),
        *("http://@127.0.0.1:{p}/", "http://127.0.0.1:{p}\\@example.com/", "http://example.com:80@127.0.0.1:{p}/"),
        *("http://example.com%2f@127.0.0.1:{p}/", "http://a@b@127.0.0.1:{p}/"),
    ],
    NO_HOST: [
        *("http://127.0.0.1%00.example.com:{p}/", "http://%31%32%37.0.0.1:{p}/", "http://%6c%6fcalhost:{p}/"),
        *("http://127.0.0.1%2eexample.com:{p}/", "http://127.0.0.1\t:{p}/", "http://127.0.0.1 :{p}/", "http://"),
        *("http://[fe80::1%25eth0]:{p}/", "http://[::1%25lo]:{p}/", "http://[127.0.0.1]:{p}/", "http://[]:{p}/"),
        *("http://256.256.256.256:{p}/", "http://127.0.0.0x:{p}9/", "http://4294967296:{p}/", "http://..:{p}/"),
        *("http://local\nhost:{p}/", "http://" + "a" * 64 + ".com:{p}/", "http://" + "a." * 200 + "com:{p}/"),
        *("http://127.0.0.1\\.example.com:{p}/", "http://127.0.0.1\\:{p}/"),
    ],
    NO_LINK: [
        *("file:///etc/passwd", "file://127.0.0.1:{p}/etc/passwd", "ftp://127.0.0.1:{p}/", "gopher://127.0.0.1:{p}/_GET"),
        *("dict://127.0.0.1:{p}/info", "ldap://127.0.0.1:{p}/", "tftp://127.0.0.1:{p}/x", "sftp://127.0.0.1:{p}/"),
        *("data:text/xml,<rss/>", "javascript:fetch('http://127.0.0.1:{p}/')", "ws://127.0.0.1:{p}/"),
        "jar:http://127.0.0.1:{p}/!/",
        *("unix:/var/run/docker.sock", "blob:http://127.0.0.1:{p}/x", "about:blank"),
        "view-source:http://127.0.0.1:{p}/",
        "http:\\\\127.0.0.1:{p}\\",
        *("http+unix://%2Fvar%2Frun%2Fdocker.sock/", "http://[::1:{p}/", "HtTp2://127.0.0.1:{p}/"),
    ],
    BROKEN: ["http://127.0.0.1:{p}/a\r\nHost: x", "http://127.0.0.1:{p}/a\x00b", "http://127.0.0.1:{p}/\tx"],
    LONG: ["http://127.0.0.1:{p}/" + "a" * 4100, ""],
    NO_PORT: ["http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:99999999999999999999/"],
    PORT: [f"http://example.test:{port}/" for port in PORTS],
}  # fmt: skip

RELATIVE = ["http:///127.0.0.1:{p}/", "http:////127.0.0.1:{p}/"]
"""What a person means by these is an address; in a redirect they are paths of the site that redirects."""
ELSEWHERE = ("NotFound", "TooManyRedirects", "TimedOut", "Unreachable: connection", "Unreachable: name")

TABLE = [(form, verdict) for verdict, forms in FORMS.items() for form in forms]

ADDRESSES = {
    "localhost": ["127.0.0.1", "::1"],
    "loopback.test": ["127.0.0.1"],
    "loopback.test.": ["127.0.0.1"],
    "xn--lpback-wxa.test": ["127.0.0.1"],
    "six.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "translated.test": ["64:ff9b::7f00:1"],
    "lan.test": ["192.168.1.1", "fd00::1"],
    "meta.test": ["169.254.169.254"],
    "any.test": ["0.0.0.0", "::"],
    "several.test": ["10.0.0.1", "127.0.0.1", "::1", "169.254.169.254"],
    "zone.test": ["fe80::1%lo"],
}


class Turning(FakeNames):
    """Gives each name of `turns` another address every time; the last one stays."""

    def __init__(self, addresses: dict[str, list[str]], turns: dict[str, list[str]]) -> None:
        super().__init__(addresses)
        self.turns = turns

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host in self.turns:
            turns = self.turns[host]
            self.addresses[host] = [turns.pop(0) if len(turns) > 1 else turns[0]]
        return await super().resolve(host, port, family)


class Machine:
    """This machine with a listener on all its addresses, and a site that people do read on one of them."""

    def __init__(self, v4: FakeWeb, v6: FakeWeb, site: FakeWeb, client: httpx.AsyncClient, names: FakeNames) -> None:
        self.v4, self.v6, self.site, self.client, self.names = v4, v6, site, client, names

    @property
    def connections(self) -> int:
        return self.v4.connections + self.v6.connections

    def form(self, template: str) -> str:
        return template.replace("{p}", str(self.v4.port))

    async def verdict(self, link: str) -> str:
        try:
            return type(await fetch(self.client, SourceRef(link), total_seconds=2)).__name__
        except SourceError as error:
            return f"{type(error).__name__}: {error.detail}" if error.detail else type(error).__name__

    async def found(self, link: str) -> list[str]:
        found = await find_feeds(
            self.client, link, feed=FeedSource(), youtube_feed_base_url="https://videos.test/", total_seconds=4
        )
        return [feed.url for feed in found]


@pytest.fixture(scope="module")
def context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


@pytest.fixture
async def machine(context: ssl.SSLContext) -> AsyncIterator[Machine]:
    names = Turning(dict(ADDRESSES), {"turning.test": ["127.0.0.1", "10.0.0.1", "::1", "169.254.169.254", "0.0.0.0"]})
    async with AsyncExitStack() as stack:
        v4 = await stack.enter_async_context(FakeWeb("0.0.0.0"))
        v6 = await stack.enter_async_context(FakeWeb("::", v4.port))
        site = await stack.enter_async_context(FakeWeb("127.0.0.9"))
        trusted = frozenset({f"127.0.0.9:{site.port}"})
        client = open_client(trusted_hosts=trusted, resolver=names, ssl_context=context)
        yield Machine(v4, v6, site, await stack.enter_async_context(client), names)


def shown(link: str) -> str:
    text = link if len(link) <= 56 else f"{link[:44]}… ({len(link)})"
    return text.encode("unicode_escape").decode() if not text.isprintable() else text


async def test_the_listeners_hear_whoever_comes(machine: Machine) -> None:
    async with open_client(allow_private_networks=True) as client:
        for host in ("127.0.0.1", "127.0.0.2", "127.1.2.3", "localhost", "[::1]", "[::ffff:127.0.0.1]"):
            before = machine.connections
            with pytest.raises(SourceError, match="HTTP 404"):
                await fetch(client, SourceRef(f"http://{host}:{machine.v4.port}/"), total_seconds=2)
            assert machine.connections == before + 1


async def test_every_form_has_its_verdict_and_reaches_nobody(machine: Machine) -> None:
    wrong = {}
    print(f"\n{'':>3}  {'form':<58}{'verdict':<56}connections")
    for number, (template, verdict) in enumerate(TABLE, 1):
        link = machine.form(template)
        got = await machine.verdict(link)
        print(f"{number:>3}  {shown(link):<58}{got:<56}{machine.connections:>11}")
        if got != verdict:
            wrong[link] = got
    assert len(TABLE) >= 120
    assert wrong == {}
    assert machine.connections == 0
    assert not {name for name in machine.names.asked if name.endswith((".local", ".internal", "localhost"))}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_form_is_reached_by_a_redirect(status: int, machine: Machine) -> None:
    wrong = {}
    for template, verdict in TABLE:
        target = machine.form(template)
        if not target or set(target) & set("\r\n\x00"):  # no header can hold it
            continue
        machine.site.redirect("/", target.encode().decode("latin-1"), status=status)
        got = await machine.verdict(machine.site.url("/"))
        if got == "Fetched" or (verdict == REFUSED and got.startswith(ELSEWHERE) and target.isascii()):
            wrong[target] = got
        assert machine.connections == 0, target
    assert wrong.keys() <= {machine.form(form) for form in RELATIVE}


def pages(target: str) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Ways in which browsers are sent on without a redirect, as a page's body and headers."""
    yield f'<meta http-equiv="refresh" content="0; url={escape(target)}">', ()
    yield f"<script>location = '{target}'</script><iframe src='{target}'></iframe><img src='{target}'>", ()
    yield "<p>", (("Refresh", f"0; url={target}"), ("Link", f"<{target}>; rel=alternate"))
    yield f'<base href="{escape(target)}"><link rel="stylesheet" href="x.css">', ()


async def test_nobody_is_reached_by_what_sends_browsers_on(machine: Machine) -> None:
    target = machine.form("http://127.0.0.1:{p}/feed")
    machine.v4.serve("/feed", "<rss version='2.0'><channel><title>inside</title></channel></rss>")
    for body, headers in pages(target):
        machine.site.serve("/", body, content_type="text/html", headers=headers)
        assert isinstance(await fetch(machine.client, SourceRef(machine.site.url("/"))), Fetched)
        with pytest.raises(NoFeedFound):
            await machine.found(machine.site.url("/"))
    assert machine.connections == 0


async def test_no_page_leads_discovery_to_a_forbidden_address(machine: Machine) -> None:
    targets = [machine.form(template) for template, verdict in TABLE if verdict == REFUSED]
    for start in range(0, len(targets), 10):
        links = "".join(
            f'<link rel="alternate" type="application/rss+xml" href="{target}"><a href="{target}">rss</a>'
            for target in map(escape, targets[start : start + 10])
        )
        machine.site.serve("/", f"<!doctype html><head>{links}", content_type="text/html")
        with pytest.raises(AddressRefused):
            await machine.found(machine.site.url("/"))
    assert machine.connections == 0


async def test_a_secure_page_may_redirect_to_a_plain_one_but_not_inside(machine: Machine) -> None:
    """The guard does not depend on the scheme: feeds do move between https and http, private addresses stay closed."""
    machine.site.serve("/feed", "<rss/>")
    machine.site.redirect("/a", machine.site.url("/feed"))
    machine.site.redirect("/b", machine.form("https://127.0.0.1:{p}/"))
    assert await machine.verdict(machine.site.url("/a")) == "Fetched"
    assert await machine.verdict(machine.site.url("/b")) == REFUSED
    assert machine.connections == 0


async def test_a_name_that_changes_its_address_is_judged_by_the_one_connected_to(context: ssl.SSLContext) -> None:
    """0.0.0.0 reaches this machine and is never allowed; 127.0.0.3 is, where private networks are."""
    names = Turning({}, {"turning.test": ["127.0.0.3", "0.0.0.0"]})
    async with FakeWeb("127.0.0.1") as inside, FakeWeb("127.0.0.3", inside.port) as outside:
        outside.serve("/", "<rss/>")
        link = SourceRef(f"http://turning.test:{inside.port}/")
        for _ in range(2):  # an answer is kept for a while, so each round has a client of its own
            async with open_client(allow_private_networks=True, resolver=names, ssl_context=context) as client:
                if not names.asked:
                    assert isinstance(await fetch(client, link, total_seconds=2), Fetched)
                else:
                    with pytest.raises(AddressRefused):
                        await fetch(client, link, total_seconds=2)
        assert (names.asked, outside.connections, inside.connections) == (["turning.test"] * 2, 1, 0)


async def test_of_several_addresses_only_the_allowed_ones_are_tried(context: ssl.SSLContext) -> None:
    names = FakeNames({"mixed.test": ["0.0.0.0", "169.254.169.254", "127.0.0.3", "::"]})
    async with FakeWeb("127.0.0.1") as inside, FakeWeb("127.0.0.3", inside.port) as outside:
        outside.serve("/", "<rss/>")
        async with open_client(allow_private_networks=True, resolver=names, ssl_context=context) as client:
            link = SourceRef(f"http://mixed.test:{inside.port}/")
            assert isinstance(await fetch(client, link, total_seconds=2), Fetched)
        assert (outside.connections, inside.connections) == (1, 0)
