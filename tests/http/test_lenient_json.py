"""Values that can't be read: the rest of an answer is, and what was replaced is told of."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pandas as pd
import pytest

from createos_nb import ReplacedWarning
from createos_nb.http.lenient_json import repair_json

ODD = {
    "half a pair": (b'"a\\ud800b"', "a\ufffdb", "half a surrogate pair"),
    "the other half": (b'"\\udc00"', "\ufffd", "half a surrogate pair"),
    "no utf-8": (b'"a\xffb"', "a\ufffdb", "no UTF-8"),
    "too large": (b"1e999999", None, "1e999999 is no number"),
    "too long": (b"9" * 5000, None, "an integer of 5,000 digits"),
    "too long, negative": (b"-" + b"9" * 5000, None, "an integer of 5,000 digits"),
    "no number": (b"NaN", None, "NaN"),
    "endless": (b"-Infinity", None, "-Infinity"),
}


def page(odd: bytes, wire: Any) -> bytes:
    rows = [
        b'{"id":"%s","uniqueName":"shop-%d","displayName":"Shop","description":%s}'
        % (wire.uuid(n).encode(), n, odd if n == 1 else b'"fine"')
        for n in range(3)
    ]
    rest = b'"pagination":{"total":3,"limit":20,"offset":0,"count":3}'
    return b'{"status":"success","data":{"data":[%s],%s}}' % (b",".join(rows), rest)


@pytest.mark.parametrize("name", ODD)
def test_one_value_does_not_make_a_list_unreadable(name: str, wire: Any) -> None:
    odd, instead, what = ODD[name]
    client, _ = wire.client(httpx.Response(200, content=page(odd, wire)))
    with pytest.warns(ReplacedWarning, match="row 1, description") as caught:
        frame = client.projects.list()
    assert len(caught) == 1
    assert frame["unique_name"].tolist() == ["shop-0", "shop-1", "shop-2"]
    assert frame["description"][0] == frame["description"][2] == "fine"
    assert pd.isna(frame["description"][1]) if instead is None else frame["description"][1] == instead
    assert len(frame.attrs["replaced"]) == 1
    assert what in frame.attrs["replaced"][0]
    assert frame.attrs["complete"]
    assert not [column for column in frame if "replaced" in column]


@pytest.mark.parametrize("name", ODD)
def test_a_record_and_a_call_say_so_too(name: str, wire: Any) -> None:
    odd, instead, what = ODD[name]
    body = b'{"status":"success","data":{"id":"%s","uniqueName":"shop","description":%s}}' % (
        wire.uuid(1).encode(),
        odd,
    )
    client, _ = wire.client(httpx.Response(200, content=body))
    with pytest.warns(ReplacedWarning, match="description"):
        record = client.projects.get(wire.uuid(1))
    assert record["unique_name"] == "shop"
    assert what in record.attrs["replaced"][0]
    with pytest.warns(ReplacedWarning, match=r"projects.get: .*description"):
        assert client.call("GetProject", project_id="p")["description"] == instead


def test_what_is_beside_the_rows_is_told_of(wire: Any) -> None:
    body = page(b'"fine"', wire).replace(b'"total":3', b'"total":1e999999')
    client, _ = wire.client(httpx.Response(200, content=body))
    with pytest.warns(ReplacedWarning, match=r"projects.list: .*pagination.total"):
        assert len(client.projects.list()) == 3


def test_an_error_is_read_as_well(wire: Any) -> None:
    from createos_nb import NotFound

    body = b'{"status":"fail","data":"no such \\ud800 project","code":1e999999}'
    client, _ = wire.client(httpx.Response(404, content=body))
    with pytest.raises(NotFound, match="no such \ufffd project"):
        client.call("GetProject", project_id="p")


def test_whole_pairs_and_large_integers_stay_as_they_are() -> None:
    text = b'["\\ud83d\\ude00", "\xf0\x9f\x98\x80", 123456789012345678901234567890, "\\ud800", "a\\nb", 0.1, true]'
    again = repair_json(text)
    assert again is not None
    assert json.loads(bytes(again.json)) == ["😀", "😀", 123456789012345678901234567890, "\ufffd", "a\nb", 0.1, True]
    assert [one.path for one in again.replaced] == [(3,)]


@pytest.mark.parametrize("data", [b"", b"<html>", b'{"a":1', b"[" * 100_000, b"\xff\xfe", b"{'a':1}", b"[1,]"])
def test_what_is_no_json_is_not_mended(data: bytes) -> None:
    assert repair_json(data) is None


def test_of_a_number_that_is_secret_not_even_its_digits_are_told(wire: Any) -> None:
    body = b'{"status":"success","data":[{"id":"e","settings":{"runEnvs":{"PIN":123456789e999999},"port":1e999999}}]}'
    client, _ = wire.client(httpx.Response(200, content=body))
    with pytest.warns(ReplacedWarning) as told:
        client.environments.list(wire.uuid(1))
    said = str(told[0].message)
    assert "settings.runEnvs.PIN: a number that can't be read" in said
    assert "123456" not in said
    assert "1e999999 is no number that a float holds" in said
