"""A check of a domain's DNS records, with what it found."""

from __future__ import annotations

from typing import Any

import pytest

import createos_nb
from createos_nb.errors import IncompleteWarning, Invalid, UnknownName

PENDING = "shop.juniper-goods.example.net"


def test_a_check_waits_for_its_result_on_the_worlds_clock() -> None:
    client = createos_nb.simulate()
    before = client.domains.list("storefront").set_index("name").loc[PENDING]
    row = client.domains.verify("storefront", PENDING)
    assert row["status"] == "pending"
    assert row["failed_verification_count"] == before["failed_verification_count"] + 1
    assert row["last_failed_verified_at"] <= client.world.now
    client.world.advance("2d")
    row = client.domains.verify("storefront", str(row["id"]))
    assert row["status"] == "issuing"
    with pytest.raises(Invalid):
        client.domains.verify("storefront", PENDING)


def test_no_result_in_time_is_said() -> None:
    client = createos_nb.simulate(verifying="1h")
    with pytest.warns(IncompleteWarning, match="no result after 1m"):
        row = client.domains.verify("storefront", PENDING, timeout="1min")
    assert row["status"] == "pending"
    client.world.advance("1h")
    later = client.domains.list("storefront").set_index("name").loc[PENDING]
    assert later["failed_verification_count"] == row["failed_verification_count"] + 1


def test_a_domain_that_is_not_there_is_named_before_anything_is_sent(wire: Any) -> None:
    client, seen = wire.client(wire.ok([{"id": wire.uuid(2), "name": "www.example.com", "status": "pending"}]))
    with pytest.raises(UnknownName, match=r"www\.example\.com"):
        client.domains.verify(wire.uuid(1), "shop.example.com")
    assert [request.method for request in seen] == ["GET"]
