"""What a tool answers: facts, and a table that keeps to a size; what is left out is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pandas as pd

from createos_nb.frames.json_rows import plain_value
from createos_nb.uploads.secret_tokens import mask_tokens

#: Characters of JSON that an answer has at most, some 5,000 tokens.
LIMIT: Final = 20_000
#: Characters that a cell of a table has at most.
CELL: Final = 400
#: The same, of a row that would not fit at all.
_CELL_OF_A_LONG_ROW: Final = 40
#: Characters that a text among the facts has at most.
_TEXT: Final = 4_000
#: What is said of a table that was cut takes so much.
_ROOM: Final = 500
#: Parts of a frame's attrs that say what it lacks, or how it was read.
_TOLD: Final = ("failed", "skipped", "unread", "cut", "missing", "window", "lines_read", "lines_matching", "partial")


@dataclass(frozen=True)
class Answer:
    """What a tool answers, before it is cut to size.

    Attributes:
        facts: what stands before the table, by name.
        frame: the table; None where there is none.
        complete: whether it is all that was asked for.
        notes: what is to be known beside it.
        failed: whether the call was refused, or has failed.

    Examples:
        >>> from createos_nb.agents.answer import Answer
        >>> answer = Answer({"status": "healthy"}, pd.DataFrame({"project": ["storefront"], "requests": [1200]}))
        >>> answer.rendered()["rows"]
        [['storefront', 1200]]
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    frame: pd.DataFrame | None = None
    complete: bool = True
    notes: tuple[str, ...] = ()
    failed: bool = False

    def rendered(
        self, limit: int = LIMIT, *, offset: int = 0, redact: Callable[[Any], Any] = lambda value: value
    ) -> dict[str, Any]:
        """Return the answer as JSON has it, cut to a size.

        Args:
            limit: characters of JSON that it has at most.
            offset: rows of the table to leave out at its beginning.
            redact: puts dots in place of secrets.

        Returns:
            `complete`; the facts; of a table `columns`, `rows` (lists, in the order of the columns; times in UTC,
            durations in seconds, null where a value is missing), `rows_shown` and `rows_total`; `notes`. Whatever
            is cut makes `complete` False, and a note says what.

        Examples:
            >>> from createos_nb.agents.answer import Answer
            >>> long = Answer(frame=pd.DataFrame({"line": ["x" * 50] * 100}))
            >>> small = long.rendered(2000)
            >>> small["complete"], small["rows_shown"] < small["rows_total"]
            (False, True)
            >>> small["notes"]
            ['26 of 100 rows are shown, from row 0: ask again with offset=26, or for less']
        """
        cut: list[str] = []
        notes = [_safe(note, redact, cut) for note in self.notes]
        facts = {name: _safe(value, redact, cut) for name, value in self.facts.items()}
        complete = self.complete
        if self.frame is not None:
            complete = complete and bool(self.frame.attrs.get("complete", True))
            facts |= {name: _safe(plain_value(value), redact, cut) for name, value in _told(self.frame)}
        room = (limit - _ROOM) // (1 if self.frame is None else 2)
        shown: dict[str, Any] = {"complete": complete, **_fitting(facts, room, cut)}
        if self.frame is not None:
            shown |= self._table(limit - _ROOM - _size(shown) - _size(notes), offset, redact, cut)
        notes += cut
        if cut:
            shown["complete"] = False
        if notes:
            shown["notes"] = notes
        return shown

    def _table(self, room: int, offset: int, redact: Callable[[Any], Any], cut: list[str]) -> dict[str, Any]:
        assert self.frame is not None
        frame = self.frame
        names = [str(name) for name in frame.columns]
        room -= _size(names)
        rows: list[list[Any]] = []
        cells = 0
        for row in frame.iloc[offset:].itertuples(index=False, name=None):
            safe = [redact(_masked(plain_value(value))) for value in row]
            short = [_short(value, CELL) for value in safe]
            if not rows and _size([value for value, _ in short]) >= room:
                # whoever asks for the rest has to get further
                short = [_short(value, _CELL_OF_A_LONG_ROW) for value in safe]
            values = [value for value, _ in short]
            room -= _size(values) + 1
            if room < 0:
                break
            cells += sum(was_cut for _, was_cut in short)
            rows.append(values)
        if offset or len(rows) < len(frame):
            rest = offset + len(rows) < len(frame)
            again = f"ask again with offset={offset + len(rows)}, or for less" if rows else "ask for fewer columns"
            more = f": {again}" if rest else ""
            cut.append(f"{len(rows)} of {len(frame)} rows are shown, from row {offset}{more}")
        if cells:
            cut.append(f"{cells} cells are cut: … stands where")
        return {"columns": names, "rows": rows, "rows_shown": len(rows), "rows_total": len(frame)}


def text_of(rendered: Mapping[str, Any]) -> str:
    """Return a rendered answer as a text.

    Args:
        rendered: What `Answer.rendered` gave.

    Returns:
        JSON in one line.

    Examples:
        >>> from createos_nb.agents.answer import Answer, text_of
        >>> text_of(Answer({"status": "healthy"}).rendered())
        '{"complete":true,"status":"healthy"}'
    """
    return json.dumps(rendered, ensure_ascii=False, separators=(",", ":"))


def _told(frame: pd.DataFrame) -> list[tuple[str, Any]]:
    return [(name, frame.attrs[name]) for name in _TOLD if frame.attrs.get(name) not in (None, "", [], {}, ())]


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _short(value: Any, most: int) -> tuple[Any, bool]:
    """A cell as it is shown, and whether it was cut."""
    if not isinstance(value, str):
        if isinstance(value, str | int | float | bool) or value is None or _size(value) <= most:
            return value, False
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(value) <= most:
        return value, False
    return f"{value[:most]}… ({len(value) - most} more characters)", True


def _masked(value: Any) -> Any:
    """A value with dots in place of what is a secret by its form."""
    if isinstance(value, str):
        return mask_tokens(value)
    if isinstance(value, Mapping):
        return {name: _masked(item) for name, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list | tuple) else value


def _safe(value: Any, redact: Callable[[Any], Any], cut: list[str]) -> Any:
    """A fact without secrets, whose texts have a length."""
    value = redact(_masked(plain_value(value)))
    if isinstance(value, str) and len(value) > _TEXT:
        cut.append(f"a text of {len(value)} characters is cut at {_TEXT}")
        return f"{value[:_TEXT]}…"
    return value


def _fitting(facts: dict[str, Any], room: int, cut: list[str]) -> dict[str, Any]:
    """Facts of which those are cut that do not fit: of a list its end is left out, and of what is no list all."""
    shown: dict[str, Any] = {}
    for name, value in facts.items():
        size = len(name) + 4 + _size(value)
        if size <= room:
            shown[name] = value
        elif isinstance(value, Sequence) and not isinstance(value, str):
            kept: list[Any] = []
            left = room - len(name) - 4
            for item in value:
                left -= _size(item) + 1
                if left < 0:
                    break
                kept.append(item)
            shown[name] = kept
            size = len(name) + 4 + _size(kept)
            cut.append(f"{name}: {len(kept)} of {len(value)} are shown")
        else:
            size = 0
            cut.append(f"{name} is left out: it has {_size(value)} characters")
        room -= size
    return shown
