"""Tables and cards as escaped HTML: how everything that describes itself to a notebook does so.

No markup of a text that came from elsewhere survives; `display.py` says how a value becomes text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from html import escape
from typing import TYPE_CHECKING, Any, Final

from createos_nb.display import Fields, format_cells, format_value, strip_control_chars, titles

if TYPE_CHECKING:
    import pandas as pd

#: Rows of a table that is only a picture: more are not read.
MOST_ROWS: Final = 200


class Html(str):
    """Markup that is ready: the one kind of value that is not escaped."""

    __slots__ = ()


def escaped(value: Any) -> str:
    """Return a value as HTML; no markup and no control sequence of it survives, and lines of text stay lines.

    Args:
        value: Any value; `Html` stays as it is.

    Returns:
        The markup.

    Examples:
        >>> from createos_nb.html import escaped
        >>> str(escaped("<b>bold</b>"))
        '&lt;b&gt;bold&lt;/b&gt;'
    """
    if isinstance(value, Html):
        return value
    if isinstance(value, str):
        return "\n".join(escape(strip_control_chars(line)) for line in value.split("\n"))
    return escape(format_value(value))


def code(text: str) -> Html:
    """Return text in the type of code.

    Args:
        text: Any text, which is escaped.

    Returns:
        The markup.

    Examples:
        >>> from createos_nb.html import code
        >>> str(code("storefront"))
        '<code>storefront</code>'
    """
    return Html(f"<code>{escaped(text)}</code>")


def html_table(
    rows: Iterable[Iterable[Any]],
    columns: Collection[str] = (),
    *,
    caption: str = "",
    numeric: Collection[str] = (),
    row_headers: bool = False,
) -> str:
    """Return rows of values as an HTML table.

    Args:
        rows: The values; all but `Html` are escaped.
        columns: The heads of the columns; without them the table has no head.
        caption: What stands above it.
        numeric: Which columns stand to the right.
        row_headers: Whether the first cell of a row is its head.

    Returns:
        The markup.

    Examples:
        >>> from createos_nb.html import html_table
        >>> html_table([["<v3>", 7]])
        '<table><tbody><tr><td...>&lt;v3&gt;</td><td...>7</td></tr></tbody></table>'
    """
    aligned = [_aligned(name in numeric) for name in columns]
    heads = "".join(
        f'<th scope="col"{style}>{escaped(name)}</th>' for name, style in zip(columns, aligned, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(_cell(value, index, aligned, row_headers) for index, value in enumerate(row))}</tr>"
        for row in rows
    )
    caption_html = f"<caption>{escaped(caption)}</caption>" if caption else ""
    head = f"<thead><tr>{heads}</tr></thead>" if heads else ""
    return f"<table>{caption_html}{head}<tbody>{body}</tbody></table>"


def frame_table(frame: pd.DataFrame, *, caption: str = "", max_rows: int = MOST_ROWS) -> str:
    """Return the columns of a frame as an HTML table.

    Args:
        frame: The frame; its index is not shown.
        caption: What stands above it.
        max_rows: How many rows are shown at most; the table says how many it leaves out.

    Returns:
        The markup.

    Examples:
        >>> from createos_nb.html import frame_table
        >>> frame_table(pd.DataFrame({"version": [3, 4]}), max_rows=1)
        '<table>...<p>and 1 rows more</p>'
    """
    head = frame.head(max_rows)
    left_out = len(frame) - len(head)
    more = f"<p>and {left_out:,} rows more</p>" if left_out else ""
    return html_table(format_cells(head), titles(frame), caption=caption, numeric=_numeric(frame)) + more


def html_card(
    title: str, sentence: str, fields: Fields = (), *, frames: Iterable[tuple[str, pd.DataFrame]] = ()
) -> str:
    """Return a heading, a sentence and labelled values as HTML.

    Args:
        title: The heading.
        sentence: What stands below it; "" for nothing.
        fields: Labels and their values.
        frames: Frames that follow, each with a heading.

    Returns:
        The markup.

    Examples:
        >>> from createos_nb.html import html_card
        >>> html_card("Rollback", "Version 3 is live.")
        '<div><strong>Rollback</strong><p>Version 3 is live.</p></div>'
    """
    parts = [f"<div><strong>{escaped(title)}</strong>"]
    if sentence:
        parts.append(f"<p>{escaped(sentence)}</p>")
    if fields := list(fields):
        parts.append(html_table(((label, value) for label, value in fields), row_headers=True))
    parts += [f"<p>{escaped(heading)}</p>{_safely(_indexed_table, frame)}" for heading, frame in frames]
    return "".join([*parts, "</div>"])


def _indexed_table(frame: pd.DataFrame) -> str:
    import pandas as pd

    return frame_table(frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index())


def _safely(render: Callable[[pd.DataFrame], str], frame: pd.DataFrame) -> str:
    try:
        return render(frame)
    except Exception as error:  # noqa: BLE001  # showing a result never fails
        return escape(f"<frame that cannot be shown: {type(error).__name__}>")


def _cell(value: Any, index: int, aligned: list[str], row_headers: bool) -> str:
    style = aligned[index] if index < len(aligned) else _aligned(False)
    if row_headers and not index:
        return f'<th scope="row"{style}>{escaped(value)}</th>'
    return f"<td{style}>{escaped(value)}</td>"


def _aligned(to_the_right: bool) -> str:
    # inline: a notebook has a style of its own for tables, which sets all cells to the right
    return ' class="number" style="text-align:right"' if to_the_right else ' style="text-align:left"'


def _numeric(frame: pd.DataFrame) -> set[str]:
    import pandas as pd

    kinds = zip(titles(frame), frame.dtypes, strict=True)
    return {
        title
        for title, dtype in kinds
        if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    }
