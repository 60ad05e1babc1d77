"""Which items tell the same story: by the link they lead to, whatever feed, tracker or scheme it came through."""

import re
from urllib.parse import urlsplit, urlunsplit

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
}
ORIGIN_NAMES = frozenset(
    {"source", "src", "ref", "from", "medium", "partner", "cmp", "icid", "traffic_source", "referrer"}
)
"""Names that mean something else on some sites; dropped only where the value says "this came through a feed"."""

_AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#x0*26;)+", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_link(link: str | None) -> str | None:
    """The link without what does not change where it leads; None if there is none that can be compared.

    Parameters keep their order: some sites read them by position. A fragment is kept unless it is empty or holds
    `name=value` marks, because many feeds (link lists, release notes, day pages) tell their items apart by it alone.
    """
    try:
        parts = urlsplit(_AMPERSAND.sub("&", (link or "").strip()))
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        return None
    host = f"[{host}]" if ":" in host else host
    netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    canonical = urlunsplit((scheme, netloc, parts.path or "/", _telling(parts.query), _place(parts.fragment)))
    return canonical if len(canonical.encode(errors="replace")) <= LINK_LIMIT_BYTES else None


def story_key(canonical: str | None, *, item_id: int) -> str:
    """What makes items one story: the canonical link, whatever its scheme, `www.` and last slash; without a link, the
    item itself."""
    if canonical is None:
        return f"item:{item_id}"
    parts = urlsplit(canonical)
    netloc = parts.netloc.removeprefix("www.")
    return urlunsplit(("", netloc, parts.path.rstrip("/"), parts.query, parts.fragment))


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
