"""Address ranges: the world however it is spelt, and nobody's own range taken for it."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackproof.graph.network.ranges import are_world, is_world, parse
from stackproof.template.model import Unknown, UnknownValueError
from stackproof.template.references import Reference

WORLD = [
    *(
        "0.0.0.0/0",
        "0.0.0.0/00",
        " 0.0.0.0/0 ",
        "10.1.2.3/0",
        "0.0.0.0/1",
        "128.0.0.0/1",
        "64.0.0.0/3",
        "0.0.0.0/0.0.0.0",
    ),
    *("::/0", "0::0/0", "0000:0000:0000::/0", "::0.0.0.0/0", "2000::/3", "8000::/1", "2001::/15"),
    *("", "anywhere", "0.0.0.0/33", "0/0", "10.0.0.0-10.0.0.9"),
]
OWN = [
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "192.0.2.1/32", "198.51.100.7", "9.0.0.0/8", "127.0.0.1/32"),
    *("fc00::/7", "fd00::/8", "2001:db8::/32", "::1/128", "2600::/16"),
]
VPC, ADDRESS = Reference(target="Vpc", attribute="CidrBlock").token, Reference(target="Address").token
RESOURCES = "Resources: {Vpc: {Type: 'AWS::EC2::VPC'}, Thing: {Type: Custom::Thing}, Address: {Type: 'AWS::EC2::EIP'}}"
THING = Reference(target="Thing", attribute="Range").token


@pytest.mark.parametrize(
    "value", [*WORLD, 0, None, ["0.0.0.0/0"], {}, f"{ADDRESS}/0", f"{ADDRESS}/1", f"::{ADDRESS}/8"]
)
def test_the_world(graph, value) -> None:
    assert is_world(graph(RESOURCES), value)


@pytest.mark.parametrize("value", [*OWN, VPC, f"{ADDRESS}/32", f"{ADDRESS}/8"])
def test_a_range_of_ones_own(graph, value) -> None:
    assert not is_world(graph(RESOURCES), value)


@pytest.mark.parametrize("value", [Unknown("parameter Range has no value"), THING])
def test_what_only_a_deployment_shows(graph, value) -> None:
    with pytest.raises(UnknownValueError):
        is_world(graph(RESOURCES), value)


@settings(deadline=None)
@given(st.integers(0, 9), st.integers(0, 12))
def test_pieces_of_the_world_are_the_world(prefix: int, extra: int) -> None:
    whole = ipaddress.ip_network("0.0.0.0/0")
    pieces = [str(piece) for piece in whole.subnets(new_prefix=prefix)]
    assert are_world(pieces)
    assert not are_world(pieces[: len(pieces) // (32 + extra)])


@given(st.ip_addresses(v=4), st.integers(8, 32))
def test_private_ranges_are_never_the_world(address, prefix: int) -> None:
    network = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
    ten = [str(piece) for piece in ipaddress.ip_network("10.0.0.0/8").subnets(new_prefix=12)]
    assert not are_world([*ten, "172.16.0.0/12", str(network)])


@given(st.text(max_size=20))
def test_any_text_is_a_range_or_none(text: str) -> None:
    found = parse(text)
    assert found is None or str(found.prefixlen).isdigit()
