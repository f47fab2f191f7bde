"""The account and its API keys."""

from __future__ import annotations

import json
from typing import Any

import pytest

LATER = "2026-06-01T00:00:00Z"


def test_the_key_belongs_to_the_first_user_of_the_file(shop: Any) -> None:
    row = shop("GetCurrentUser")
    assert (row["username"], row["email"]) == ("marlow", "marlow@juniper-goods.example.com")


def test_keys_of_a_world_can_be_told_from_the_platforms(shop: Any) -> None:
    assert shop.world.key.startswith("skp_")
    made = shop("CreateAPIKey", body={"name": "fresh-key", "expiryAt": LATER})
    assert made["secret"].startswith("skp_")


def test_a_secret_is_given_once(shop: Any) -> None:
    made = shop("CreateAPIKey", body={"name": "fresh-key", "expiryAt": LATER})
    rows = shop("ListAPIKeys")
    assert made["id"] in [row["id"] for row in rows]
    assert "skp_" not in json.dumps(rows)


def test_list_is_404_where_there_are_none(empty: Any) -> None:
    assert empty.refused("ListAPIKeys")[0] == 404
    empty("CreateAPIKey", body={"name": "first-key", "expiryAt": LATER})
    assert len(empty("ListAPIKeys")) == 1


def test_a_key_opens_the_account_until_it_is_revoked_or_expires(shop: Any) -> None:
    made = shop("CreateAPIKey", body={"name": "fresh-key", "expiryAt": "2026-03-02T10:00:00Z"})
    other = type(shop)(shop.world, made["secret"])
    assert other("GetCurrentUser") == shop("GetCurrentUser")
    shop.world.advance("1h")
    assert other.refused("GetCurrentUser") == (401, "this API key has expired")
    made = shop("CreateAPIKey", body={"name": "fresher-key", "expiryAt": LATER})
    shop("RevokeAPIKey", made["id"])
    other = type(shop)(shop.world, made["secret"])
    assert other.refused("GetCurrentUser") == (401, "this API key has been revoked")
    assert shop.refused("RevokeAPIKey", made["id"])[0] == 400
    assert shop.refused("UpdateAPIKey", made["id"], body={"name": "another-name"})[0] == 400


def test_one_key_of_the_shop_is_close_to_its_end_and_one_revoked(shop: Any) -> None:
    rows = {row["name"]: row for row in shop("ListAPIKeys")}
    assert rows["ci-deployments"]["expiredAt"] == "2026-03-07T09:00:00.000Z"
    assert [name for name, row in rows.items() if row["revokedAt"]] == ["old-laptop"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "abc", "expiryAt": LATER},
        {"name": "with space", "expiryAt": LATER},
        {"name": "CI/CD", "expiryAt": LATER},
        {"name": "good-name"},
        {"name": "good-name", "expiryAt": "tomorrow"},
        {"name": "good-name", "expiryAt": "2026-06-01"},
        {"name": "good-name", "expiryAt": "2026-06-01T00:00:00"},
        {"name": "good-name", "expiryAt": "2026-03-02T09:00:00Z"},
        {"name": "good-name", "expiryAt": 1780000000},
        {"name": "good-name", "expiryAt": LATER, "description": "CI/CD"},
        {"name": "notebooks", "expiryAt": LATER},
    ],
)
def test_what_no_key_is_made_of(shop: Any, body: dict[str, Any]) -> None:
    assert shop.refused("CreateAPIKey", body=body)[0] == 400


def test_a_time_in_another_zone_is_taken(shop: Any) -> None:
    made = shop("CreateAPIKey", body={"name": "fresh-key", "expiryAt": "2026-06-01T02:00:00+02:00"})["id"]
    row = next(row for row in shop("ListAPIKeys") if row["id"] == made)
    assert row["expiredAt"] == "2026-06-01T00:00:00.000Z"


def test_keys_count_against_a_quota_unless_they_are_dead(shop: Any) -> None:
    assert shop("GetQuotas")["apiKeys"] == {"current": 3, "max": 10, "remaining": 7}
    for n in range(7):
        shop("CreateAPIKey", body={"name": f"more-{n}", "expiryAt": LATER})
    status, text = shop.refused("CreateAPIKey", body={"name": "too-many", "expiryAt": LATER})
    assert status == 400
    assert "quota" in text


def test_a_name_of_a_revoked_key_is_free_again(shop: Any) -> None:
    check = "CheckAPIKeyUniqueName"
    assert shop(check, body={"uniqueName": "status-board"}) == {"isAvailable": False}
    assert shop(check, body={"uniqueName": "old-laptop"}) == {"isAvailable": True}
