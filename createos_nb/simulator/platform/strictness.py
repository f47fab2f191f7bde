"""Fields that the contract does not declare: refused, or passed over, as the world is set.

The simulator knows what this version knows. A platform that is newer takes more; a world with the setting
`unknown_fields="ignore"` takes all and uses what it knows.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from createos_nb.contract.fields import Unknown, suggestion, unknown_fields
from createos_nb.contract.operation import Operation
from createos_nb.simulator.platform.errors import UnknownFieldError


def refuse_unknown(operation: Operation, query: str, content: bytes) -> None:
    """Refuse a request with a field, or a parameter of the query, that is not declared (400)."""
    known = [p.wire for p in operation.at("query")]
    for name, _ in parse_qsl(query, keep_blank_values=True, errors="replace"):
        if name not in known:
            raise UnknownFieldError(f"query parameter {name} is unknown{suggestion(name, known)}")
    for field in unknown_fields(operation, _body(operation, content)):
        raise UnknownFieldError(_sentence(field))


def without_unknown(operation: Operation, content: bytes) -> bytes:
    """Return a body without the fields that are not declared; the same bytes where it has none."""
    body = _body(operation, content)
    unknown = list(unknown_fields(operation, body))
    for field in unknown:
        del field.holder[field.name]
    return msgspec.json.encode(body) if unknown else content


def _body(operation: Operation, content: bytes) -> dict[str, Any]:
    """The fields of a JSON body; none where it is no object, which is for who reads it to say."""
    if operation.upload or not content.strip():
        return {}
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _sentence(field: Unknown) -> str:
    where = f"{field.place}: " if field.place else ""
    return f"{where}unknown field {field.name}{suggestion(field.name, field.known, field.others)}"
