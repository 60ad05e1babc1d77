import pytest

from contentsync.sources.addresses import canonical_ipv4, is_allowed, is_public_name, is_web_port, looks_like_ipv4

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "192.0.1.1",
    "223.255.255.255",
]
PUBLIC += ["2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]

PRIVATE = ["127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1"]
PRIVATE += ["100.127.255.255", "198.18.0.1", "::1", "fc00::1", "fd12:3456::1"]
PRIVATE += [
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:a00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "2002:7f00:1::",
]

NEVER = ["0.0.0.0", "0.1.2.3", "169.254.1.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.51.100.1", "203.0.113.1"]
NEVER += ["224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"]
NEVER += [
    "::",
    "::2",
    "::7f00:1",
    "::ffff:0:7f00:1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:20::1",
    "2001:db8::1",
]
NEVER += ["3fff::1", "5f00::1", "fe80::1", "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "4000::1"]
NEVER += ["::ffff:0.0.0.0", "::ffff:224.0.0.1", "64:ff9b::a9fe:1", "2002:e000:1::"]

METADATA = ["169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"]
METADATA += ["::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::ffff:100.100.100.200"]

NO_ADDRESS = ["", "example.com", "0x7f.1", "127.1", "2130706433", "1.2.3.4.5", "[::1]", "127.0.0.1 "]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_allowed(address)
    assert is_allowed(address, allow_private_networks=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_allowed_only_by_setting(address: str) -> None:
    assert not is_allowed(address)
    assert is_allowed(address, allow_private_networks=True)


@pytest.mark.parametrize("address", NEVER + METADATA + NO_ADDRESS)
def test_the_rest_is_refused_whatever_the_setting(address: str) -> None:
    assert not is_allowed(address)
    assert not is_allowed(address, allow_private_networks=True)


@pytest.mark.parametrize(
    ("host", "dotted"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0X7F000001", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("10.1.2", "10.1.0.2"),
        ("1.2.3.4.", "1.2.3.4"),
        ("999.1.1.1", None),
        ("4294967296", None),
        ("08.1", None),
    ],
)
def test_ipv4_numbers_are_read_as_resolvers_read_them(host: str, dotted: str | None) -> None:
    assert looks_like_ipv4(host)
    assert canonical_ipv4(host) == dotted


@pytest.mark.parametrize(
    "host", ["example.com", "1.2.3.4.example", "0xfeed.example", "4chan.org", "1.2.3.4.5", "x7f.1"]
)
def test_names_are_not_taken_for_ipv4_numbers(host: str) -> None:
    assert not looks_like_ipv4(host)


@pytest.mark.parametrize(
    "host", ["example.com", "example.com.", "news.example", "8.8.8.8", "127.0.0.1", "::1", "a.test"]
)
def test_names_on_the_internet_are_looked_up(host: str) -> None:
    assert is_public_name(host)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost.", "x.LOCALHOST", "nas.local", "nas.local.", "db", "metadata.google.internal"),
        *("router.lan", "fritz.home.arpa", "a.onion", "mail.corp", ""),
    ],
)
def test_names_of_somebodys_network_are_not(host: str) -> None:
    assert not is_public_name(host)


def test_ports() -> None:
    assert all(is_web_port(port) for port in (80, 443, 81, 3000, 8000, 8080, 8443, 8888, 9090, 65_535))
    assert not any(is_web_port(port) for port in (-1, 0, 22, 25, 110, 143, 6379, 6667, 11_211, 65_536))
