"""Lines of a log: which of them are shown, and how. Pure: frames go in, frames and HTML come out."""

from __future__ import annotations

from typing import Final

import pandas as pd

from createos_nb.panels import markup

#: From quiet to loud.
LEVELS: Final = ("trace", "debug", "info", "warn", "error", "fatal")
#: Lines that are kept while a log is followed; older ones go.
KEPT: Final = 5000
_GAP: Final = "lines may be missing here"
_SIGNS: Final = {"warn": "▲", "error": "✕", "fatal": "✕"}


def joined(kept: pd.DataFrame, new: pd.DataFrame, *, first: bool = False, missed: bool = False) -> pd.DataFrame:
    """What is kept, and the new lines behind it, the last `KEPT`.

    `first`: the new lines are those of a reading that begins anew and may hold what is kept already; `missed`: between
    the two nothing was read. Lines without a time can't be told apart: what is kept then gives way.
    """
    new = _with_gap(new)
    if first and len(new):
        begin = new["time"].min()
        kept = kept.iloc[:0] if pd.isna(begin) else kept[~(kept["time"] >= begin)]
    if missed and len(kept) and len(new):
        kept = _with_gap(kept)
        gap = kept.iloc[:0].reindex([0]).assign(text=_GAP, gap=True).astype(kept.dtypes.to_dict())
        kept = pd.concat([kept, gap], ignore_index=True)
    if not len(kept):
        return new.tail(KEPT).reset_index(drop=True)
    return pd.concat([_with_gap(kept), new], ignore_index=True).tail(KEPT).reset_index(drop=True)


def chosen(frame: pd.DataFrame, *, search: str = "", level: str = "", most: int = 200) -> tuple[pd.DataFrame, int]:
    """The last `most` lines that hold `search` (in any case) and are at least of a level; and how many there are.

    A line without a level belongs to the one before it. Gaps stay in sight.
    """
    frame = _with_gap(frame)
    wanted = pd.Series(True, index=frame.index)
    if search:
        wanted &= frame["text"].str.contains(search, case=False, regex=False, na=False)
    if level:
        loud = [one for one in LEVELS if LEVELS.index(one) >= LEVELS.index(level)]
        wanted &= frame["level"].ffill().isin(loud)
    count = int(wanted.sum() - (wanted & frame["gap"]).sum())
    return frame[wanted | frame["gap"]].tail(most), count


def html(frame: pd.DataFrame, label: str) -> str:
    """Lines as a region that stands at its end, every text as text."""
    rows = [
        _line(time, level, text, gap)
        for time, level, text, gap in zip(
            frame["time"].dt.strftime("%H:%M:%S"), frame["level"], frame["text"], frame["gap"], strict=True
        )
    ]
    return (
        f'<div class="createos-lines" role="log" aria-live="off" tabindex="0" aria-label="{markup.text(label)}">'
        f"<div>{''.join(rows)}</div></div>"
    )


def _line(time: object, level: object, text: object, gap: bool) -> str:
    if gap:
        return f'<div class="createos-gap">— {markup.text(text)} —</div>'
    word = str(level).upper() if isinstance(level, str) else ""
    said = "" if not isinstance(text, str) else text
    loud = f" createos-{markup.text(level)}" if level in _SIGNS else ""
    sign = _SIGNS.get(str(level), "")
    # a line mostly says its level itself: what it doesn't say stands before it
    named = "" if not word or word in said[:40].upper() else f"{word} "
    at = f'<time class="createos-quiet">{time}</time> ' if isinstance(time, str) else ""
    return f'<div class="createos-line{loud}">{at}{sign + " " if sign else ""}{named}{markup.text(said)}</div>'


def _with_gap(frame: pd.DataFrame) -> pd.DataFrame:
    if "gap" in frame.columns:
        return frame.assign(gap=frame["gap"].fillna(False).astype(bool))
    return frame.assign(gap=False)
