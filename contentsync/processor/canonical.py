"""Links in the one form they are compared by, whatever feed, tracker, AMP page or mobile site they came through.

Syntax (case, international names, percent-encoding, default ports, `..`) is left to yarl, which is here with the HTTP
client and keeps a query as it is; w3lib, url-normalize and courlan sort parameters, invent `=`, or drop what tells
pages apart. The tables are what no standard knows.
"""

import re
from urllib.parse import parse_qs, unquote

from yarl import URL

LINK_LIMIT_BYTES = 2_000
"""Longer links are not compared: PostgreSQL indexes at most about 2,700 bytes (a third of a page) of a text.

Source: https://www.postgresql.org/docs/current/btree.html
"""

TRACKING_PREFIXES = {
    "utm_": "Google Analytics and everybody who copied it",
    "at_": "Piano (AT Internet): BBC and French papers mark their feeds with at_medium, at_campaign",
    "ns_": "Comscore: ns_mchannel, ns_source, ns_campaign",
    "__hs": "HubSpot: __hssc, __hstc, __hsfp",
    "_hs": "HubSpot mails: _hsenc, _hsmi",
    "guce_": "Yahoo's consent page hands these on",
    "mtm_": "Matomo",
    "pk_": "Matomo under its old name Piwik",
    "hsa_": "HubSpot ads",
}
TRACKING_NAMES = {
    "fbclid": "Facebook click",
    "gclid": "Google Ads click",
    "dclid": "Google Display click",
    "gbraid": "Google Ads click from an app",
    "wbraid": "Google Ads click towards an app",
    "_ga": "Google Analytics visitor across domains",
    "_gl": "Google linker",
    "msclkid": "Microsoft Ads click",
    "yclid": "Yandex click",
    "ysclid": "Yandex search click",
    "twclid": "Twitter click",
    "ttclid": "TikTok click",
    "li_fat_id": "LinkedIn click",
    "igshid": "Instagram share",
    "igsh": "Instagram share",
    "si": "YouTube and Spotify share",
    "mc_cid": "Mailchimp campaign",
    "mc_eid": "Mailchimp reader",
    "mkt_tok": "Marketo reader",
    "vero_id": "Vero reader",
    "oly_enc_id": "Omeda reader",
    "oly_anon_id": "Omeda reader",
    "ck_subscriber_id": "ConvertKit reader",
    "wt_mc": "Webtrekk, on the feeds of German papers",
    "xtor": "AT Internet before it was Piano",
    "ito": "Mail Online's feed number",
    "guccounter": "Yahoo's consent page",
    "rss": "tells a site that a feed reader opened the page",
    "outputtype": "how the BBC and Hearst papers name the AMP form of a page",
    "amp": "asks WordPress and others for the AMP form of a page",
}
ORIGIN_NAMES = frozenset(
    {"source", "src", "ref", "from", "medium", "partner", "cmp", "icid", "traffic_source", "referrer"}
)
"""Names that mean something else on some sites; dropped only where the value says "this came through a feed"."""

REDIRECTORS = {
    ("google.com", "/url"): ("url q", "Google Alerts feeds, and links copied from search results"),
    ("google.com", "/alerts/share"): ("ru", "the share links of Google Alerts"),
    ("news.google.com", "/news/url"): ("url", "feeds of Google News until 2018; later ones hold no readable link"),
    ("bing.com", "/news/apiclick.aspx"): ("url", "every link of a Bing News feed"),
    ("duckduckgo.com", "/l/"): ("uddg", "links copied from search results"),
    ("l.facebook.com", "/l.php"): ("u", "links copied from Facebook"),
    ("lm.facebook.com", "/l.php"): ("u", "links copied from mobile Facebook"),
    ("l.instagram.com", "/"): ("u", "links in Instagram profiles"),
    ("linkedin.com", "/redir/redirect"): ("url", "links out of LinkedIn"),
    ("linkedin.com", "/safety/go"): ("url", "links out of LinkedIn since 2023"),
    ("vk.com", "/away.php"): ("to", "links out of VK"),
    ("t.me", "/iv"): ("url", "Telegram's Instant View of a page"),
    ("out.reddit.com", ""): ("url", "links out of Reddit"),
    ("t.umblr.com", "/redirect"): ("z", "links out of Tumblr, in its feeds too"),
    ("medium.com", "/r/"): ("url", "links out of Medium, in its feeds too"),
    ("exit.sc", "/"): ("url", "links out of SoundCloud, in descriptions of podcasts"),
    ("getpocket.com", "/redirect"): ("url", "lists that people kept at Pocket"),
    ("slack-redir.net", "/link"): ("url", "links copied from Slack"),
    ("youtube.com", "/redirect"): ("q", "links in descriptions of videos"),
    ("steamcommunity.com", "/linkfilter/"): ("url u", "links in Steam's announcements"),
    ("safelinks.protection.outlook.com", "/"): ("url", "links of newsletters that went through Outlook"),
    ("go.skimresources.com", "/"): ("url", "Skimlinks: shops named in articles, each paper with its own number"),
    ("redirect.viglink.com", "/"): ("u", "Sovrn: shops named in articles, each paper with its own number"),
}
"""Pages that only lead on: host (without `www.`; all hosts below it count too), beginning of the path; the parameters
that hold the real link, and where such links come from. What wraps a link in a code that only its server can read is
not here."""

AMP_CACHE = re.compile(r"(?:www\.)?google\.[a-z.]+/amp/(s/)?|[a-z0-9-]+\.cdn\.ampproject\.org/[cvi]/(s/)?")
"""Google's copies of AMP pages hold the page's own address, with `s/` before it for https.

Source: https://developers.google.com/amp/cache/overview
"""

_AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)
_SCHEMES = ("http", "https")
_TWIN_HOST = re.compile(r"^(?:(?:www\d?|m|mobile|amp|touch)\.)+(?=[^.]+\.)|(?<=^[a-z]{2}\.)m\.(?=[^.]+\.)")
"""What stands before the host of the same page: `www.`, mobile and AMP sites; also within `en.m.wikipedia.org`."""
_AMP_PATH = re.compile(r"(?<=.)(?:/amp)+/?$|(?<=.)\.amp(?=\.html?$|$)", re.IGNORECASE)
_SHORT_VIDEO = re.compile(
    r"//youtu\.be/([\w-]{11})(?:\?|#|$)|//youtube\.com/(?:shorts|live|embed)/([\w-]{11})(?:[?#/]|$)"
)
_GOOGLE = re.compile(r"^google\.(?:com?\.)?[a-z]{2,3}$")
_UNWRAPPINGS = 3
"""Redirectors and AMP copies within each other that are followed."""


def canonical_link(link: str | None) -> str | None:
    """The link without what does not change where it leads; None if there is none that can be compared.

    Parameters keep their order: some sites read them by position. A fragment is kept unless it is empty or holds
    `name=value` marks, because many feeds (link lists, release notes, day pages) tell their items apart by it alone.
    """
    url = _parse(link)
    for _ in range(_UNWRAPPINGS):
        inner = _parse(_wrapped(url)) if url is not None else None
        if inner is None:
            break
        url = inner
    if url is None:
        return None
    port = "" if url.is_default_port() else f":{url.port}"
    base = f"{url.scheme}://{url.host_subcomponent}{port}{url.raw_path or '/'}"
    query, fragment = _telling(url.raw_query_string), _place(url.raw_fragment)
    canonical = base + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    return canonical if len(canonical.encode(errors="replace")) <= LINK_LIMIT_BYTES else None


def link_key(canonical: str | None) -> str | None:
    """What equal pages have in common: the canonical link without scheme, `www.`, mobile and AMP marks and last slash,
    its parameters in order of their names; None without a link.

    None as well where it is a site's home page: podcasts link all their episodes there, which are not one.
    """
    if canonical is None:
        return None
    url = URL(canonical, encoded=True)
    host = _TWIN_HOST.sub("", url.raw_authority, count=1)
    path = _AMP_PATH.sub("", url.raw_path).rstrip("/")
    if not (path or url.raw_query_string or url.raw_fragment):
        return None
    parts = url.raw_query_string.split("&")
    query = "&".join(sorted(parts) if all("=" in part for part in parts) else parts)
    key = f"//{host}{path}" + (f"?{query}" if query else "") + (f"#{url.raw_fragment}" if url.raw_fragment else "")
    video = _SHORT_VIDEO.match(key)
    return f"//youtube.com/watch?v={video[1] or video[2]}" if video else key


def _parse(link: str | None) -> URL | None:
    try:
        url = URL(_AMPERSAND.sub("&", (link or "").strip()))
        host = (url.host or "").rstrip(".")
        if url.scheme not in _SCHEMES or not host:
            return None
        return url.with_host(host)
    except ValueError:
        return None


def _wrapped(url: URL) -> str | None:
    """The link that a redirector or a copy leads to."""
    copy = AMP_CACHE.match(f"{url.raw_host}{url.raw_path}")
    if copy:
        rest = f"{url.raw_host}{url.raw_path}"[copy.end() :]
        if "." in rest.partition("/")[0]:
            scheme = "https" if copy[1] or copy[2] else "http"
            return f"{scheme}://{unquote(rest)}" + (f"?{url.raw_query_string}" if url.raw_query_string else "")
    host = _GOOGLE.sub("google.com", (url.raw_host or "").removeprefix("www."))
    for (redirector, path), (names, _) in REDIRECTORS.items():
        if (host == redirector or host.endswith(f".{redirector}")) and url.raw_path.startswith(path):
            held = parse_qs(url.raw_query_string)
            return next((held[name][0] for name in names.split() if name in held), None)
    return None


def _telling(query: str) -> str:
    return "&".join(part for part in query.split("&") if part and not _is_tracking(part))


def _is_tracking(parameter: str) -> bool:
    name, _, value = parameter.lower().partition("=")
    if name in TRACKING_NAMES or name.startswith(tuple(TRACKING_PREFIXES)):
        return True
    return name in ORIGIN_NAMES and value.startswith(("rss", "feed", "atom"))


def _place(fragment: str) -> str:
    if fragment.startswith(("/", "!")):  # the page of a site that routes in the browser
        return fragment
    return "" if "=" in fragment else fragment
