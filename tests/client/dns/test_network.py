"""Name servers asked over real UDP and TCP: right, wrong, partial, slow, contradictory, broken and silent ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import dns.message
import pytest

from createos_nb.client.dns import network
from createos_nb.errors import InvalidInput
from tests.client.dns.name_server import Respond, serving, zone

NAME, TOKEN = "www.example.com", "createos-verify=aB1"
TXT = f'_createos.{NAME}. 60 IN TXT "{TOKEN}"'
A = f"{NAME}. 60 IN A 192.0.2.80"
SOA = "example.com. 60 IN SOA ns. root. 1 1 1 1 60"


@pytest.fixture
def domain(wire: Any) -> Iterator[Any]:
    """Looks up the records of a domain of a platform that is no simulator, at the name servers that answer so."""
    records = {"txt_records": [{"name": "_createos", "value": TOKEN}], "a_records": ["192.0.2.80"]}
    row = {"id": wire.uuid(2), "name": NAME, "status": "pending", "records": records}
    client, _ = wire.client(lambda request: wire.ok([row]))
    with ExitStack() as stack:

        def look_up(*responds: Respond, timeout: str = "2s") -> Any:
            servers = [stack.enter_context(serving(respond))[0] for respond in responds]
            frame = client.domains.look_up(wire.uuid(1), NAME, nameservers=servers, timeout=timeout)
            return frame.set_index("type")

        yield look_up


def test_records_that_are_set_are_found_in_whatever_case_and_however_split(domain: Any) -> None:
    split = f'_CREATEOS.{NAME.upper()}. 60 IN TXT "createos-" "verify=" "aB1"'
    frame = domain(zone(split, A.upper()))
    assert frame["state"].tolist() == ["set", "set"]
    assert frame["found"].tolist() == [TOKEN, "192.0.2.80"]
    assert frame.attrs["complete"]


def test_no_such_name_and_no_such_record_are_told_apart_and_both_are_missing(domain: Any) -> None:
    frame = domain(zone(outcome="NXDOMAIN", authority=(SOA,)))
    assert frame["state"].tolist() == ["missing", "missing"]
    assert frame["detail"].str.contains("there is no such name").all()
    frame = domain(zone(authority=(SOA,)))
    assert frame["state"].tolist() == ["missing", "missing"]
    assert frame["detail"].str.contains("there is no such record").all()
    assert frame["found"].tolist() == ["", ""]


@pytest.mark.parametrize("outcome", ["SERVFAIL", "REFUSED", "NOTIMP"])
def test_a_name_server_that_refuses_says_nothing(domain: Any, outcome: str) -> None:
    frame = domain(zone(outcome=outcome))
    assert frame["state"].tolist() == ["unknown", "unknown"]
    assert frame["found"].isna().all()
    assert not frame["complete"].any()
    assert not frame.attrs["complete"]
    assert frame["detail"].str.contains(outcome).all()


def test_a_name_server_that_is_silent_says_nothing_and_is_waited_for_no_longer_than_said(domain: Any) -> None:
    began = time.monotonic()
    frame = domain(lambda query: None, timeout="0.3s")
    assert time.monotonic() - began < 5
    assert frame["state"].tolist() == ["unknown", "unknown"]
    assert frame["detail"].str.contains("timeout after 0.3 s").all()


def test_one_that_is_slow_does_not_hide_what_the_other_says(domain: Any) -> None:
    frame = domain(zone(TXT, A), lambda query: None, timeout="0.3s")
    assert frame["state"].tolist() == ["set", "set"]
    assert not frame["complete"].any()
    frame = domain(zone(outcome="NXDOMAIN", authority=(SOA,)), lambda query: None, timeout="0.3s")
    assert frame["state"].tolist() == ["missing", "missing"]
    assert not frame["complete"].any()


def test_a_reply_that_is_no_dns_says_nothing(domain: Any) -> None:
    frame = domain(lambda query: query.to_wire()[:2] + b"\x80" * 30, timeout="0.3s")
    assert frame["state"].tolist() == ["unknown", "unknown"]


def test_a_part_of_the_records_is_a_part(domain: Any) -> None:
    assert domain(zone(TXT, authority=(SOA,)))["state"].to_dict() == {"TXT": "set", "A": "missing"}


def test_values_that_are_wrong_or_beside_the_right_ones(domain: Any) -> None:
    frame = domain(zone(TXT.replace("aB1", "old"), A.replace("192.0.2.80", "198.51.100.7")))
    assert frame["state"].tolist() == ["wrong", "wrong"]
    assert frame["found"]["A"] == "198.51.100.7"
    frame = domain(zone(f'{TXT} "other"', A, A.replace("192.0.2.80", "198.51.100.7")))
    assert frame["state"]["A"] == "extra"
    assert frame["found"]["A"] == "192.0.2.80, 198.51.100.7"


def test_name_servers_that_contradict_each_other_are_named(domain: Any) -> None:
    frame = domain(zone(TXT, A), zone(outcome="NXDOMAIN", authority=(SOA,)))
    assert frame["state"].tolist() == ["differs", "differs"]
    assert frame["complete"].all()
    assert frame["detail"].str.count("127.0.0.1:").tolist() == [2, 2]


def test_a_cname_is_followed_to_its_address(domain: Any) -> None:
    alias = f"{NAME}. 60 IN CNAME edge.example.net."
    frame = domain(zone(TXT, alias, also=("edge.example.net. 60 IN A 192.0.2.80",)))
    assert frame["state"]["A"] == "set"
    frame = domain(zone(TXT, alias, also=("edge.example.net. 60 IN A 198.51.100.7",)))
    assert frame["state"]["A"] == "wrong"
    assert "through a CNAME to edge.example.net" in frame["detail"]["A"]


def test_a_text_that_is_too_long_for_udp_is_asked_for_once_more(domain: Any) -> None:
    many = " ".join(f'"{"x" * 250}"' for _ in range(8))
    frame = domain(zone(TXT, f"_createos.{NAME}. 60 IN TXT {many}", A))
    assert frame["state"].tolist() == ["set", "set"]


@pytest.mark.parametrize("text", ["dns.example.com", "1.1.1.1:0", "1.1.1.1:x", "[::1]:99999", ""])
def test_a_name_server_that_is_no_address_is_refused(domain: Any, wire: Any, text: str) -> None:
    with pytest.raises(InvalidInput, match="is no address"):
        network.servers_for(NAME, [text], 1)


def test_a_name_server_is_an_address_with_or_without_a_port() -> None:
    servers, _ = network.servers_for(NAME, ["1.1.1.1", "127.0.0.1:5353", "2606:4700::1111", "[::1]:54"], 1)
    expected = [("1.1.1.1", 53), ("127.0.0.1", 5353), ("2606:4700::1111", 53), ("::1", 54)]
    assert [(one.address, one.port) for one in servers] == expected


# --- the domain's own name servers ------------------------------------------------------------------------------------


def asked_of(server: network.Server, respond: Respond) -> Any:
    with serving(respond) as (address, _):
        host, _, port = address.partition(":")
        return network.ask(server._replace(address=host, port=int(port)), NAME, "A", 1)


OWN = network.Server("", 0, "ns1.example.com", recursive=False)


def test_a_name_server_that_sends_on_says_nothing() -> None:
    referral = zone(authoritative=False, authority=("example.com. 60 IN NS ns9.example.com.",))
    answer = asked_of(OWN, referral)
    assert (answer.outcome, answer.reason) == ("no answer", "it sends on to other name servers")


def test_an_own_name_server_does_not_know_what_a_cname_leads_to() -> None:
    answer = asked_of(OWN, zone(f"{NAME}. 60 IN CNAME edge.example.net."))
    assert (answer.outcome, answer.cname) == ("no answer", "edge.example.net")


def test_an_own_name_server_is_not_asked_to_find_out() -> None:
    flags: list[int] = []

    def respond(query: dns.message.Message) -> dns.message.Message:
        flags.append(query.flags & dns.flags.RD)
        return zone(A)(query)

    assert asked_of(OWN, respond).values == ("192.0.2.80",)
    assert asked_of(OWN._replace(recursive=True), respond).outcome == "found"
    assert [bool(flag) for flag in flags] == [False, True]


def test_the_name_servers_of_the_zone_are_found_and_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    known = zone(
        SOA,
        "example.com. 60 IN NS ns1.example.com.",
        "ns1.example.com. 60 IN A 127.0.0.2",
        outcome="NXDOMAIN",
        authority=(SOA,),
    )
    with serving(known) as (address, _):
        port = int(address.partition(":")[2])
        own = [network.Server("127.0.0.1", port, "127.0.0.1")]
        monkeypatch.setattr(network, "own_servers", lambda: own)
        servers, unreached = network.servers_for(NAME, None, 2)
        assert servers == [*own, network.Server("127.0.0.2", port, "ns1.example.com", recursive=False)]
        assert unreached == []
        with serving(zone(TXT, A), "127.0.0.2", port):
            answers = [network.ask(server, NAME, "A", 2) for server in servers]
    assert [answer.outcome for answer in answers] == ["no such name", "found"]


def test_name_servers_of_a_zone_that_can_not_be_found_out_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(zone(outcome="SERVFAIL")) as (address, _):
        own = [network.Server("127.0.0.1", int(address.partition(":")[2]), "127.0.0.1")]
        monkeypatch.setattr(network, "own_servers", lambda: own)
        servers, unreached = network.servers_for(NAME, None, 0.5)
    assert servers == own
    assert [(one.server, one.outcome) for one in unreached] == [("the domain's own name servers", "no answer")]


def test_a_machine_without_a_name_server_knows_nothing(domain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "own_servers", list)
    servers, unreached = network.servers_for(NAME, None, 1)
    assert servers == []
    assert unreached[0].reason == "it is set up with no name server"
