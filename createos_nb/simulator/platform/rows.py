"""How resources are written: a row with maps that somebody gave, and pages of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec

from createos_nb.contract.row import Row
from createos_nb.simulator.envelope import encode, page
from createos_nb.simulator.platform.validation import QueryValues

T = TypeVar("T")
PAGE: Final = 10
"""Rows of a page when no limit is given."""


def encode_row(row: Row, **maps: Mapping[str, object] | None) -> bytes:
    """Return a row as JSON; `maps` are fields that stand as they came: what was not given is missing, and not null."""
    return encode(msgspec.to_builtins(row) | maps)


def page_of(query: QueryValues, resources: Sequence[T], row: Callable[[T], bytes], name: str = "data") -> bytes:
    """Return one page of resources, each written by `row`."""
    limit, offset = query.get("limit", PAGE), query.get("offset", 0)
    rows = [row(resource) for resource in resources[offset : offset + limit]]
    return page(rows, total=len(resources), limit=limit, offset=offset, name=name)
