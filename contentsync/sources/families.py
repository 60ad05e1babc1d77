"""Which hosts belong together: one operator's hosts are one family, and manners are owed to the family."""

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

_REGISTRY_LABELS = frozenset(
    {"ac", "co", "com", "edu", "go", "gob", "gov", "gouv", "id", "ltd", "mil", "ne", "net", "nhs", "nom", "or", "org"}
    | {"plc", "sch"}
)
"""Second labels under which national registries hand out names: `example.co.uk`, `example.com.au`, `example.ne.jp`."""


def host_family(url: str) -> str:
    """The name under which one operator's hosts are treated as one: the last two labels (`blog.example.org` is
    `example.org`), three where the second-last is a registry's (`example.co.uk`); an IP address is its own family.
    """
    return _family_of(host_of(url).rstrip("."))


@lru_cache(maxsize=10_000)  # asked several times for each source in each pull
def host_of(url: str) -> str:
    """The host name in a URL, lower case, or "" if it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=10_000)
def _family_of(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        labels = host.split(".")
    registry = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _REGISTRY_LABELS
    return ".".join(labels[-3:] if registry else labels[-2:])
