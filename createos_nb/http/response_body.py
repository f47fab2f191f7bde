"""An answer as it comes in: decoded piece by piece, so that no few bytes become more than may be held."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

import httpx

from createos_nb.http.deadline import Bound, Deadline

#: What an answer may be encoded as: said in each request, and decoded here.
ENCODINGS: Final = "gzip, deflate"
#: Decoded bytes that are made at once.
_PIECE: Final = 262_144
_GZIP: Final = 16 + zlib.MAX_WBITS
#: The name of an encoding, such as "br" or "zstd".
_NAME: Final = re.compile(r"[a-z-]{1,12}")


class BodyTooLarge(httpx.DecodingError):
    """An answer is larger than what is held of one."""


class Reply(NamedTuple):
    """A whole answer, decoded."""

    status_code: int
    headers: httpx.Headers
    content: bytes
    url: httpx.URL
    """Where it came from, after all redirects."""

    def __repr__(self) -> str:
        return f"<Reply {self.status_code}>"  # tracebacks with variables show it, and its content may hold secrets

    @property
    def text(self) -> str:
        """The content in the encoding that the headers name."""
        kind = {"content-type": self.headers.get("content-type", "")}
        return httpx.Response(self.status_code, headers=kind, content=self.content).text


def read_body(answer: httpx.Response, max_bytes: int | None) -> bytes:
    """All bytes of an answer.

    Raises:
        BodyTooLarge: It has more than `max_bytes` of them, as they come or as they are decoded.
    """
    if answer.is_closed:
        if max_bytes is not None and len(answer.content) > max_bytes:
            raise oversized(max_bytes)
        return answer.content
    chunks: list[bytes] = []
    size = 0
    for chunk in pieces(answer, max_bytes):
        size += len(chunk)
        if max_bytes is not None and size > max_bytes:
            raise oversized(max_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def pieces(answer: httpx.Response, most_raw: int | None = None) -> Iterator[bytes]:
    """The decoded bytes of an answer, little by little.

    Raises:
        httpx.DecodingError: It can't be decoded.
    """
    if answer.is_closed:  # made in this process, and decoded
        yield answer.content
        return
    deadline = _deadline(answer)
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    decode = None if encoding in ("", "identity") else _Decoder(encoding)
    raw = 0
    for chunk in answer.iter_raw():
        raw += len(chunk)
        if most_raw is not None and raw > most_raw:
            raise oversized(most_raw)
        if decode is None:
            yield chunk
        else:
            yield from decode(chunk)
        if deadline is not None and deadline.fixed and deadline.seconds_left() <= 0:
            raise httpx.ReadTimeout(deadline.passed)
    if decode is not None and raw:
        decode.end()


def oversized(max_bytes: int) -> BodyTooLarge:
    """The error for an answer of more than `max_bytes` bytes."""
    return BodyTooLarge(f"it has more than {max_bytes:,} bytes")


class _Decoder:
    """gzip or deflate, never more than a piece at once."""

    def __init__(self, encoding: str) -> None:
        if encoding not in ("gzip", "x-gzip", "deflate"):
            # what was lowered is not found by those who mask secrets: only what looks like a name is told
            name = repr(encoding) if _NAME.fullmatch(encoding) else "(hidden)"
            raise httpx.DecodingError(f"it has the encoding {name}, which was not requested")
        self._gzip = encoding != "deflate"
        self._inner = zlib.decompressobj(_GZIP if self._gzip else zlib.MAX_WBITS)
        self._started = False

    def __call__(self, data: bytes) -> Iterator[bytes]:
        full = False
        while data or (full and not self._inner.eof):  # what was taken in may not all have come out
            if self._inner.eof:
                if not self._gzip:
                    raise httpx.DecodingError("there is something behind its end")
                self._inner = zlib.decompressobj(_GZIP)  # gzip may come in several members
            piece = self._decompress(data)
            yield piece
            full = len(piece) == _PIECE
            data = self._inner.unconsumed_tail or self._inner.unused_data

    def _decompress(self, data: bytes) -> bytes:
        started, self._started = self._started, True
        try:
            return self._inner.decompress(data, _PIECE)
        except zlib.error as error:
            if started or self._gzip:
                raise httpx.DecodingError(str(error)) from None
        self._inner = zlib.decompressobj(-zlib.MAX_WBITS)  # deflate without a header, as some servers write it
        try:
            return self._inner.decompress(data, _PIECE)
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from None

    def end(self) -> None:
        """Raise `httpx.DecodingError` where the end of the data is missing."""
        if not self._inner.eof:
            raise httpx.DecodingError("it was cut off")


def _deadline(answer: httpx.Response) -> Deadline | None:
    bound = answer.request.extensions.get("timeout", {}).get("read")
    return bound.deadline if isinstance(bound, Bound) else None
