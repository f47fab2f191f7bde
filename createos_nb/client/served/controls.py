"""Requests that steer a served world, made from the declarations of its controls."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
import numpy as np
import pandas as pd

from createos_nb.clock import Clock
from createos_nb.errors import (
    ConfigurationError,
    InvalidInput,
    NotFound,
    RequestError,
    Unauthorized,
    UnknownName,
    Unreachable,
)
from createos_nb.http.request import Request, encode
from createos_nb.http.retry import RetryPolicy
from createos_nb.http.transport import Transport
from createos_nb.process import ProcessBound
from createos_nb.redaction import Secret
from createos_nb.simulator.control.operations import CONTROLS, Control

#: Whoever serves a world is near: what does not answer soon is not there.
_RETRY: Final = RetryPolicy(attempts=3, longest=2.0)
_GONE: Final = (
    "Is it still served? Start it again with `createos-nb serve --control`, on the same --port and --state, and "
    "connect with the token that it prints."
)
_SEQUENCES: Final = (list, tuple, set, frozenset, np.ndarray, pd.Series, pd.Index)


class Controls(ProcessBound):
    """Sends controls to one served world.

    Args:
        url: where its platform answers.
        token: what opens its controls.
        clock: what failed requests wait on; it learns from the answers.
    """

    def __init__(self, url: str, token: str | Secret, clock: Clock) -> None:
        self.token = Secret(token)
        del token  # so that a traceback that shows variables shows dots
        self._transport = Transport(url, bearer=self.token, clock=clock, retry=_RETRY)
        self.url = str(self._transport.base)

    def __call__(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Send a control with the arguments of its function. Returns what the control gives, as that function would.

        Raises:
            InvalidInput: As the function does.
            ConfigurationError: The world can't be steered, or not with this token.
            RequestError: Nothing usable came back.
        """
        control = CONTROLS[name]
        request = _request(control, args, kwargs)
        try:
            if control.answer.schema is bytes:
                return self._transport.send_for_file(request)
            payload = self._transport.send(request)
        except RequestError as error:
            refusal = self._refusal(error)
            if refusal is None:
                if isinstance(error, Unreachable):
                    error.hint = _GONE
                raise
        else:
            return control.answer.load(msgspec.convert(_decoded(payload), control.answer.schema))
        raise refusal

    def _refusal(self, error: RequestError) -> Exception | None:
        """The error that the function would have raised; None where the request failed in another way."""
        if error.code == "INVALID_INPUT":
            return InvalidInput(error.reason)
        if error.code == "UNKNOWN_NAME":
            unknown = UnknownName(error.fields["resource"], error.fields["name"], json.loads(error.fields["known"]))
            unknown.args = (error.reason,)
            return unknown
        if isinstance(error, Unauthorized):
            return ConfigurationError(
                f"the control token is not that of the world at {self.url}: take the one that "
                "`createos-nb serve --control` printed when it was started last"
            )
        if isinstance(error, NotFound):
            return ConfigurationError(
                f"no world can be steered at {self.url}: start it with `createos-nb serve --control`; "
                f"and a fork of it may be gone ({error.reason})"
            )
        return None


def _decoded(payload: Any) -> Any:
    return msgspec.json.decode(bytes(payload.json if hasattr(payload, "json") else payload))


def _request(control: Control, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Request:
    """The request of a control. Raises `TypeError` as a call of its function would, `InvalidInput`."""
    given = inspect.signature(control.function).bind(None, *args, **kwargs).arguments
    path, query, body = control.path, [], {}
    content: bytes | None = None
    for argument in control.arguments:
        if argument.name not in given and not argument.variadic:
            continue
        value = _plain(argument.name, given.get(argument.name, ()))
        if argument.location == "file":
            content = value
        elif argument.location == "body":
            body[argument.name] = value
        elif argument.location == "path":
            path = path.replace("{" + argument.name + "}", _segment(argument.name, value))
        elif value is not None:
            query.append((argument.name, str(value).lower() if isinstance(value, bool) else str(value)))
    kind = "application/octet-stream"
    if content is None and control.effect != "read":
        content, kind = encode(body), "application/json"
    return Request(control.operation, path, tuple(query), content, content_type=kind)


def _segment(name: str, value: Any) -> str:
    text = str(value)
    if text in ("", ".", ".."):  # these would change the path instead of naming something
        raise InvalidInput(f"{name}={text!r} is no name")
    return quote(text, safe="")


def _plain(name: str, value: Any) -> Any:
    """A value as JSON has it; bytes stay, for they are a file. Raises `InvalidInput` for what JSON has no form of."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool | int | bytes):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, timedelta):
        return value / timedelta(seconds=1)
    if isinstance(value, datetime) and not pd.isna(value):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(f"{name}.{key}", part) for key, part in value.items()}
    if isinstance(value, _SEQUENCES):
        return [_plain(name, part) for part in value]
    if is_dataclass(value) or isinstance(value, msgspec.Struct):
        return _plain(name, msgspec.to_builtins(value))
    raise InvalidInput(f"{name}: {value!r} can't be sent to a served world, for JSON has no form of it")
