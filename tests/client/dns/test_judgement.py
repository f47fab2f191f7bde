"""A record is judged by the name servers that have answered; what nobody has answered is not known."""

from __future__ import annotations

from typing import Any

import dns.zone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from createos_nb.client.dns.judgement import Answer, RecordLookup, judge
from createos_nb.client.dns.records import WantedRecord, wanted_records, zone_text
from createos_nb.contract.domains import DnsRecords

TXT = WantedRecord("TXT", "_createos.www.example.com", "_createos", "createos-verify=aB1")
A = WantedRecord("A", "www.example.com", "@", "192.0.2.80")


def answered(*values: str, server: str = "1.1.1.1", cname: str = "") -> Answer:
    return Answer(server, "found", values, cname)


def silent(reason: str = "timeout after 5 s", server: str = "9.9.9.9") -> Answer:
    return Answer(server, "no answer", reason=reason)


@pytest.mark.parametrize(
    ("record", "answers", "state", "complete"),
    [
        (A, [answered("192.0.2.80")], "set", True),
        (A, [answered("198.51.100.1")], "wrong", True),
        (A, [answered("192.0.2.80", "198.51.100.1")], "extra", True),
        (A, [Answer("1.1.1.1", "no record")], "missing", True),
        (A, [Answer("1.1.1.1", "no such name")], "missing", True),
        # two name servers contradict each other
        (A, [answered("192.0.2.80"), answered("198.51.100.1", server="9.9.9.9")], "differs", True),
        (A, [answered("192.0.2.80"), Answer("9.9.9.9", "no such name")], "differs", True),
        # flattened at the apex: an address, and no CNAME to be seen; or seen, and it leads to the right one
        (A, [answered("192.0.2.80", cname="")], "set", True),
        (A, [answered("192.0.2.80", cname="edge.example.net")], "set", True),
        (A, [answered("198.51.100.1", cname="edge.example.net")], "wrong", True),
        # who does not answer says nothing
        (A, [silent()], "unknown", False),
        (A, [silent("SERVFAIL"), silent("REFUSED", server="8.8.8.8")], "unknown", False),
        (A, [answered("192.0.2.80"), silent()], "set", False),
        (A, [Answer("1.1.1.1", "no such name"), silent()], "missing", False),
        (A, [], "unknown", False),
        (TXT, [answered("createos-verify=aB1")], "set", True),
        (TXT, [answered("v=spf1 -all", "createos-verify=aB1")], "set", True),
        (TXT, [answered("createos-verify=old")], "wrong", True),
        (TXT, [answered("createos-verify=ab1")], "wrong", True),
    ],
)
def test_a_record_has_the_state_that_the_answers_give(
    record: WantedRecord, answers: list[Answer], state: str, complete: bool
) -> None:
    lookup = judge(record, answers)
    assert (lookup.state, lookup.complete) == (state, complete)
    assert (lookup.found is None) == (state == "unknown")


@given(st.lists(st.sampled_from(["SERVFAIL", "REFUSED", "timeout"]), max_size=4))
def test_no_answer_is_never_the_answer_that_it_is_not_there(reasons: list[str]) -> None:
    lookup = judge(A, [silent(reason) for reason in reasons])
    assert lookup.state == "unknown"
    assert not lookup.is_awaited


def test_addresses_that_are_wanted_together_do_not_disturb_each_other() -> None:
    both = answered("192.0.2.80", "192.0.2.81")
    assert judge(A, [both], ["192.0.2.81"]).state == "set"
    assert judge(A, [both]).state == "extra"


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ('"createos-verify=aB1"', "quotation marks"),
        (" createos-verify=aB1 ", "spaces"),
        ("createos-verify=AB1", "upper and lower case"),
        ("something else", "set it to the value"),
    ],
)
def test_a_text_that_is_nearly_right_says_what_is_wrong(value: str, advice: str) -> None:
    assert advice in judge(TXT, [answered(value)]).detail


def test_what_each_name_server_says_is_told_together_where_it_is_the_same() -> None:
    answers = [answered("1.2.3.4"), answered("1.2.3.4", server="8.8.8.8"), silent()]
    assert judge(A, answers).detail == (
        "1.1.1.1, 8.8.8.8: is 1.2.3.4; 9.9.9.9: no answer: timeout after 5 s → set it to the value that is wanted"
    )
    assert judge(A, answers[:2]).detail == "is 1.2.3.4 → set it to the value that is wanted"


def names(host: str) -> Any:
    records = DnsRecords(txt_records=[{"name": host, "value": "x"}])
    return [(one.name, one.host) for one in wanted_records("WWW.Example.com.", records)]


def test_the_name_of_a_record_is_relative_to_the_domain_or_in_full() -> None:
    expected = [("_createos.www.example.com", "_createos")]
    assert names("_createos") == names("_createos.www.example.com") == names("_CREATEOS.www.example.com.") == expected
    assert names("@") == names("") == names("www.example.com.") == [("www.example.com", "@")]


def test_what_the_platform_does_not_say_is_no_record() -> None:
    odd = DnsRecords(txt_records=[{"name": "a"}, {"value": "x"}, {"name": "a", "value": ""}], a_records=[""])
    assert wanted_records("www.example.com", odd) == wanted_records("www.example.com", None) == []


def test_an_address_of_ipv6_is_a_record_of_its_own() -> None:
    records = wanted_records("www.example.com", DnsRecords(a_records=["192.0.2.80", "2001:DB8::0:1"]))
    assert [one.type for one in records] == ["A", "AAAA"]
    assert judge(records[1], [answered("2001:db8::1")]).state == "set"


@pytest.mark.parametrize("value", ["createos-verify=1", 'has "quotes" and \\', "ü" * 200, "x" * 600])
def test_a_zone_file_is_read_as_what_is_wanted(value: str) -> None:
    records = wanted_records(
        "www.example.com", DnsRecords(txt_records=[{"name": "_createos", "value": value}], a_records=["192.0.2.80"])
    )
    text = "@ 60 IN SOA ns. root. 1 1 1 1 1\n@ 60 IN NS ns.\n" + zone_text(records)
    read = dns.zone.from_text(text, origin="example.com.")
    strings = next(iter(read.find_rdataset("_createos.www", "TXT"))).strings
    assert b"".join(strings).decode() == value
    assert max(map(len, strings)) <= 255
    assert str(next(iter(read.find_rdataset("www", "A")))) == "192.0.2.80"


def test_a_lookup_is_a_value() -> None:
    assert judge(A, [silent()]) == RecordLookup(A, "unknown", (silent(),), False)
