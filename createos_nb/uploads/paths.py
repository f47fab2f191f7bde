"""Paths inside an upload or an archive: always with slashes, always below the top, whatever system they come from."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Characters of a path; the platform documents no figure, file systems of its kind stop near here.
MOST_PATH: Final = 1024

#: Bytes of one name: what file systems take.
MOST_PART: Final = 255
#: Marks and overrides of direction, and what has no width; but for the joiners, which scripts and emoji need.
_HIDDEN: Final = re.compile(r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")

_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.I)


def fault(path: str) -> str:
    """Why a path can't name a file of an upload; an empty text where it can."""
    if not path:
        return "the path is empty"
    if any("\ud800" <= char <= "\udfff" for char in path):
        return "the name is not valid UTF-8"
    if any(unicodedata.category(char) == "Cc" for char in path):
        return "the name holds a control character"
    if hidden := _HIDDEN.search(path):
        return f"the name holds {ascii(hidden[0])[1:-1]}, which turns letters around or can't be seen"
    if "\\" in path:
        return "the name holds a backslash, which the platform would take for a folder"
    if path.startswith("/") or ":" in path.split("/", 1)[0]:
        return "the path is absolute, or begins like a drive"
    parts = path.split("/")
    if ".." in parts:
        return "the path leaves the folder"
    if "." in parts or "" in parts:
        return "the path has an empty part"
    if any(len(part.encode()) > MOST_PART for part in parts):
        return f"a name in the path is longer than {MOST_PART} bytes"
    if len(path) > MOST_PATH:
        return f"the path is longer than {MOST_PATH} characters"
    return ""


def fault_unpacked(path: str) -> str:
    """Why a path is not written to the disk, though it is one; an empty text where it is."""
    if path.startswith("~"):
        return "the name begins with ~, which shells take for a home"
    if any(len(part.encode()) > MOST_PART for part in path.split("/")):
        return f"a name in it is longer than {MOST_PART} bytes"
    return ""


def fault_on_windows(path: str) -> str:
    """Why Windows would write another file than the one that is named; an empty text where it would not."""
    for part in path.split("/"):
        if _DEVICES.fullmatch(part) or part[-1:] in (" ", ".") or any(char in '<>:"|?*' for char in part):
            return f"Windows takes the name {part!r} for something else"
    return ""


def folded(path: str) -> str:
    """Return the path as a file system sees it that ignores case and the spelling of accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def printable(path: str) -> str:
    """A path in one line for people: what can't be printed is escaped."""
    text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in path)
    return text if len(text) <= 120 else text[:119] + "…"
