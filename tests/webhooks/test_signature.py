"""Signatures: right ones are taken, everything else is not, and what makes no sense is an error."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import createos_nb
from createos_nb import Secret
from createos_nb.errors import InvalidInput
from createos_nb.webhooks import sign, verify

BODY, SECRET = b'{"eventAction":"deployment.assign"}', "whsec_0123456789abcdef"
DIGEST = hmac.new(SECRET.encode(), BODY, hashlib.sha256).digest()
WRITTEN = {"hex": DIGEST.hex(), "sha256=hex": f"sha256={DIGEST.hex()}", "base64": base64.b64encode(DIGEST).decode()}


@pytest.mark.parametrize("scheme", WRITTEN)
@pytest.mark.parametrize("secret", [SECRET, Secret(SECRET)])
def test_each_scheme_is_the_hmac_of_the_body(scheme: Any, secret: str | Secret) -> None:
    assert sign(BODY, secret, scheme=scheme) == WRITTEN[scheme]
    assert verify(BODY, WRITTEN[scheme], secret, scheme=scheme)
    others = [written for name, written in WRITTEN.items() if name != scheme]
    assert not any(verify(BODY, other, secret, scheme=scheme) for other in others)


def test_hex_is_the_default() -> None:
    assert createos_nb.webhooks.verify(BODY, DIGEST.hex(), SECRET)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_any_kind_of_bytes_serves(kind: Any) -> None:
    assert verify(kind(BODY), DIGEST.hex(), SECRET)


@pytest.mark.parametrize("length", range(64))
def test_a_truncated_signature_is_wrong(length: int) -> None:
    assert not verify(BODY, DIGEST.hex()[:length], SECRET)


@pytest.mark.parametrize(
    "signature",
    [None, "", DIGEST.hex() + "0", DIGEST.hex().upper(), f" {DIGEST.hex()}", "ü" * 64, "\ud800", "0" * 64],
)
def test_any_other_signature_is_wrong(signature: str | None) -> None:
    assert not verify(BODY, signature, SECRET)


@given(st.binary(max_size=60), st.text(min_size=1, max_size=20), st.integers(0, 10_000), st.integers(1, 255))
def test_one_other_byte_or_another_secret_is_wrong(body: bytes, secret: str, place: int, change: int) -> None:
    signature = sign(body, secret)
    assert verify(body, signature, secret)
    assert not verify(body, signature, secret + "x")
    assert not verify(body + b"x", signature, secret)
    if body:
        at = place % len(body)
        changed = body[:at] + bytes([body[at] ^ change]) + body[at + 1 :]
        assert not verify(changed, signature, secret)


def test_it_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return True

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert verify(BODY, "wrong", SECRET)
    assert compared == [(DIGEST.hex().encode(), b"wrong")]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"body": BODY.decode()}, "as the bytes that are sent, not as a str"),
        ({"body": {"a": 1}}, "not as a dict"),
        ({"signature": DIGEST}, "the text of a header, not a bytes"),
        ({"secret": ""}, "needs the secret of the endpoint"),
        ({"secret": Secret("")}, "needs the secret of the endpoint"),
        ({"secret": None}, "needs the secret of the endpoint"),
        ({"scheme": "md5"}, "there is no scheme 'md5'.*hex, sha256=hex, base64"),
    ],
)
def test_what_makes_no_sense_is_an_error(given: dict[str, Any], reason: str) -> None:
    arguments: dict[str, Any] = {"body": BODY, "signature": DIGEST.hex(), "secret": SECRET, "scheme": "hex"} | given
    scheme = arguments.pop("scheme")
    with pytest.raises(InvalidInput, match=reason):
        verify(**arguments, scheme=scheme)


def test_it_says_that_it_cannot_know_a_replay() -> None:
    assert "can't know a replay" in (verify.__doc__ or "")
    assert verify(BODY, DIGEST.hex(), SECRET) is verify(BODY, DIGEST.hex(), SECRET) is True
