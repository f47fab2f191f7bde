"""Help pages: plain text in two columns, as wide as the terminal, the same in a pipe."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

from createos_nb.cli.commands import page_width

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions

#: Columns that labels take at most; what stands beside a longer one begins below it.
_LABELS: Final = 26


class HelpFormat:
    """Formats the help of every command; cyclopts calls it.

    Args:
        width: Columns of a page; None for those of the terminal.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["whoami", "--help"])
        Usage: createos-nb whoami [OPTIONS]
        ...
        0
    """

    def __init__(self, width: int | None = None) -> None:
        self._width = width

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print the commands or parameters of a panel."""
        page = self._page()
        entries = [entry for entry in panel.entries if entry.display_labels]
        if not entries:
            return
        _print(console, "", f"{panel.title}:")
        labels = [_label(entry, panel.format) for entry in entries]
        width = min(max(map(len, labels)), _LABELS)
        for label, entry in zip(labels, entries, strict=True):
            _print(console, *_rows(label, _meaning(entry), width, page))

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """Print how the command is called."""
        if usage:
            _print(console, _plain(usage).strip())

    def render_description(self, console: Console, options: ConsoleOptions, description: Any) -> None:
        """Print what the command does."""
        for paragraph in _plain(description).strip().split("\n\n"):
            _print(console, "", *textwrap.wrap(paragraph, self._page(), break_on_hyphens=False))

    def _page(self) -> int:
        return self._width or page_width()


def _rows(label: str, meaning: str, width: int, page: int) -> list[str]:
    indent = " " * (width + 4)
    lines = textwrap.wrap(meaning, max(page, 40), initial_indent=indent, subsequent_indent=indent) or [indent]
    head = f"  {label:<{width}}  "
    if len(label) > width:
        return [f"  {label}", *lines]
    return [(head + lines[0][len(head) :]).rstrip(), *lines[1:]]


def _label(entry: HelpEntry, kind: str) -> str:
    if kind == "command":
        return ", ".join((*entry.positive_names, *entry.positive_shorts))
    names = [*entry.positive_shorts, *entry.positive_names, *entry.negative_names]
    if entry.positional_label:
        return entry.positional_label
    return ", ".join(names) + (f" {entry.metavar}" if entry.metavar else "")


def _meaning(entry: HelpEntry) -> str:
    parts = [_plain(entry.description).strip()]
    if entry.choices and not all(choice in parts[0] for choice in entry.choices):
        parts.append(f"[{', '.join(entry.choices)}]")
    if entry.default is not None and "default" not in parts[0]:
        parts.append(f"(default: {entry.default})")
    if entry.required:
        parts.append("(required)")
    return " ".join(part for part in parts if part)


def _plain(text: Any) -> str:
    if text is None:
        return ""
    if hasattr(text, "plain"):
        return str(text.plain)
    primary = getattr(text, "primary_renderable", None)
    return str(getattr(primary, "plain", primary if primary is not None else text))


def _print(console: Console, *lines: str) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
