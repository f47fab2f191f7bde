"""The types of httpx that callers of a client meet: others take them from here, and httpx from nowhere."""

from __future__ import annotations

from httpx import URL, BaseTransport, Timeout

__all__ = ["URL", "BaseTransport", "Timeout"]
