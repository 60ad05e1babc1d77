"""Which IP addresses, names and ports a fetch may go to. Pure: no name is looked up here.

The tables are written out, because `ipaddress.is_global` gives other answers in other Python versions.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4);
IANA Special-Use Domain Names (RFC 6761); WHATWG Fetch, "bad port".
"""

import ipaddress
import re
import socket
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


_METADATA = _networks("169.254.169.254/32", "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128")
"""Where clouds hand out credentials; some of them lie inside ranges that an operator may open."""

_PRIVATE = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",  # carrier-grade NAT
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",  # benchmark networks; some VPN clients answer every name from here
    "::1/128",
    "fc00::/7",
)
"""Somebody's own machine or network: refused unless the operator allows private networks."""

_NEVER_V4 = _networks(
    "0.0.0.0/8",
    "169.254.0.0/16",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NEVER_V6 = _networks("2001::/23", "2001:db8::/32", "3fff::/20")  # Teredo, ORCHID and the like; documentation
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")

_LOCAL_ENDINGS = (
    *(".localhost", ".localdomain", ".local", ".internal", ".home.arpa", ".onion"),
    *(".lan", ".home", ".corp", ".mail", ".intranet"),
)
"""Names that mean something inside somebody's network only. Those of the second row are used so without being
reserved. Source: IANA Special-Use Domain Names; ICANN on `internal` (2024) and on home, corp and mail (2018)."""

# The services below either answer with something an HTTP client can be fooled by, or obey what a request contains.
_REFUSED_PORTS = frozenset(
    (
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109),
        *(110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530),
        *(531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045),
        *(4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
        *(6379, 11211),  # Redis and memcached read an HTTP request as commands, line by line
    )
)

_LEGACY_IPV4 = re.compile(r"(?:0x[0-9a-f]*|\d+)(?:\.(?:0x[0-9a-f]*|\d+)){0,3}\.?", re.IGNORECASE)


def is_allowed(address: str, *, allow_private_networks: bool = False) -> bool:
    """Tell whether a fetch may connect to `address`, an IPv4 or IPv6 address in text form.

    An IPv6 address that stands for an IPv4 address is judged by that one. Link-local, multicast, reserved,
    unspecified and cloud metadata addresses are refused even when private networks are allowed, and so is text
    that is no address.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    target = embedded_ipv4(parsed) or parsed
    if _within(target, _METADATA) or _within(parsed, _METADATA):
        return False
    if _within(target, _PRIVATE):
        return allow_private_networks
    if isinstance(target, ipaddress.IPv4Address):
        return not _within(target, _NEVER_V4)
    return target.scope_id is None and target in _GLOBAL_V6 and not _within(target, _NEVER_V6)


def embedded_ipv4(address: Address) -> ipaddress.IPv4Address | None:
    """Give the IPv4 address that an IPv6 address leads to (v4-mapped, NAT64, 6to4), or None."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return address.sixtofour
    return None


def is_public_name(host: str) -> bool:
    """Tell whether a host can be one on the public internet; an address always can, it is judged where it is used.

    Names without a dot and those that are reserved for local use cannot, and are not even looked up: resolvers answer
    them from the operator's own network.
    """
    name = host.lower().rstrip(".")
    if ":" in name or looks_like_ipv4(name):
        return True
    return "." in name and not name.endswith(_LOCAL_ENDINGS)


def is_web_port(port: int) -> bool:
    """Tell whether a link may name this port: any but those of mail, shells, IRC and the like, as in browsers."""
    return 0 < port < 65_536 and port not in _REFUSED_PORTS


def looks_like_ipv4(host: str) -> bool:
    """Tell whether resolvers read `host` as an IPv4 number (`127.0.0.1`, `0x7f.1`, `2130706433`), not as a name."""
    return _LEGACY_IPV4.fullmatch(host) is not None


def canonical_ipv4(host: str) -> str | None:
    """Give the dotted form of an IPv4 number in any notation that resolvers read, or None if it is out of range."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))
    except OSError:
        return None


def _within(address: Address, networks: Iterable[_Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
