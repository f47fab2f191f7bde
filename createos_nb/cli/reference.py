"""The help of all commands as one page of Markdown."""

from __future__ import annotations

import io
from typing import Final

from cyclopts import App

from createos_nb.cli.app import make_app
from createos_nb.cli.commands import COMMANDS, NAME
from createos_nb.cli.exit_codes import DETAILS

_WIDTH: Final = 100
#: What every runbook takes, and what stands with `plan` itself.
_SHARED: Final = ("Account:", "Output:", "Applying:")
_HEAD: Final = f"""\
# Commands

What `createos-nb COMMAND --help` says, made from signatures and docstrings by `python -m tools.cli_reference`.
`docs/command-line.md` says how they go together: JSON, completion, pipes, simulated worlds.

```text
{DETAILS.strip()}
```
"""


def markdown() -> str:
    """Return the reference of the command line.

    Returns:
        Markdown: a heading for each group and command, with its help below it.

    Examples:
        >>> from createos_nb.cli.reference import markdown
        >>> markdown().splitlines()[0]
        '# Commands'
    """
    app = make_app(whole={command.name for command in COMMANDS}, width=_WIDTH)
    lines = [_HEAD]
    group = ""
    for command in COMMANDS:
        if command.group != group:
            group = command.group
            lines.append(f"## {group}\n")
        lines.append(f"### {NAME} {command.name}\n")
        if command.name == "apply":
            text = _help(app, "apply", "scale")
            lines.append(_fenced("\n\n".join(_blocks(text, (*_SHARED,), only=True))))
            lines.append("Runbooks, and what they take, are those of `createos-nb plan`; each takes this besides.\n")
            continue
        lines.append(_fenced(_help(app, command.name)))
        if command.name == "plan":
            shared = _blocks(_help(app, "plan", "scale"), _SHARED, only=True)
            lines.append("Each runbook takes this besides:\n")
            lines.append(_fenced("\n\n".join(shared)))
            for runbook in sorted(app["plan"]):
                if not runbook.startswith("-"):
                    lines.append(f"#### {NAME} plan {runbook}\n")
                    lines.append(_fenced("\n\n".join(_blocks(_help(app, "plan", runbook), _SHARED))))
    return "\n".join(lines)


def _help(app: App, *words: str) -> str:
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=_WIDTH, force_terminal=False, color_system=None, soft_wrap=True)
    app.help_print(list(words), console=console)
    return text.getvalue().strip()


def _blocks(text: str, headings: tuple[str, ...], *, only: bool = False) -> list[str]:
    """The blocks of a help page without those of some headings, or only those."""
    blocks = [block for block in text.split("\n\n") if block.strip()]
    return [block for block in blocks if block.lstrip("\n").startswith(headings) == only]


def _fenced(text: str) -> str:
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return "\n".join(["```text", *lines, "```", ""])
