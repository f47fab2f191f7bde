"""Webhooks at the receiver's side: the signature of a body, and the file that `createos-nb listen` writes."""

from __future__ import annotations

from createos_nb.webhooks.signature import Scheme, sign, verify

__all__ = ["Scheme", "sign", "verify"]
