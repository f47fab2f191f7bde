"""Upload methods: files as text or base64 in JSON, or as one zip."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from createos_nb.errors import InvalidInput
from createos_nb.uploads.paths import printable
from createos_nb.uploads.selection import Selection
from createos_nb.uploads.zips import zipped

UploadMethod: TypeAlias = Literal["text", "base64", "zip"]

#: Files of one call that takes them as JSON.
MOST_IN_JSON: Final = 100
#: Beyond so many bytes of files, one zip is the better parcel than JSON, by itself.
_LONG: Final = 10_000_000


@dataclass(frozen=True)
class Packed:
    """The argument of an upload call: `files` for text and base64, the bytes of an archive for a zip."""

    method: UploadMethod
    content: Any


def choose_method(selection: Selection, method: str = "auto") -> UploadMethod:
    """Return the method, for "auto" the one that fits.

    Raises:
        InvalidInput: The files can't be sent so.
    """
    rows = selection.included
    if method == "auto":
        if selection.is_zip or len(rows) > MOST_IN_JSON or sum(row.size or 0 for row in rows) > _LONG:
            return "zip"
        return "base64" if any(row.content == "binary" for row in rows) else "text"
    if method not in ("text", "base64", "zip"):
        raise InvalidInput(f"way= is one of auto, text, base64, zip, not {method!r}")
    if method != "zip" and len(rows) > MOST_IN_JSON:
        raise InvalidInput(f"way={method!r} takes at most {MOST_IN_JSON} files, not {len(rows)}: a zip takes more")
    binary = [printable(row.path) for row in rows if row.content == "binary"]
    if method == "text" and binary:
        more = f" and {len(binary) - 3} more" if len(binary) > 3 else ""
        raise InvalidInput(f"way='text' takes no binary files: {', '.join(binary[:3])}{more}")
    return method  # type: ignore[return-value]  # one of its three words, as was just checked


def pack(selection: Selection, method: UploadMethod) -> Packed:
    """Return the files of a selection without problems, ready for a call.

    Args:
        selection: What `select` gave.
        method: "text", "base64" or "zip".

    Returns:
        The argument of the upload call.

    Examples:
        >>> from createos_nb.uploads import pack, select
        >>> selection = select({"index.html": "<h1>Hi</h1>"})
        >>> pack(selection, "text").content
        [{'path': 'index.html', 'content': '<h1>Hi</h1>'}]
    """
    rows = selection.included
    if method == "text":
        return Packed(method, [{"path": row.path, "content": row.data.decode("utf-8")} for row in rows])
    if method == "base64":
        return Packed(method, [{"path": row.path, "content": b64encode(row.data).decode("ascii")} for row in rows])
    if selection.original is not None:
        return Packed(method, selection.original)
    return Packed(method, zipped((row.path, row.data, row.executable) for row in rows))
