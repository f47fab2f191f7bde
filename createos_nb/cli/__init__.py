"""The command line: `createos-nb COMMAND`; one module a command."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from createos_nb import __version__
from createos_nb.cli.commands import COMMANDS, NAME, overview
from createos_nb.cli.exit_codes import DONE, FAILED, INTERRUPTED, OF_ERROR, WRONG
from createos_nb.cli.output import guarded, unchecked
from createos_nb.naming import nearest

if TYPE_CHECKING:
    from cyclopts import CycloptsError

#: Options that may stand without a value, which then is "".
_MAY_BE_BARE = ("--live",)
#: What a shell's script calls at a Tab.
_COMPLETE = "__complete"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, or print the help.

    Args:
        arguments: What follows `createos-nb`; by default what this process was started with.

    Returns:
        The exit code: `createos_nb.cli.exit_codes`.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["run", "42_rollback", "--list"])
        42_rollback: ...
          project='storefront' ...
        0
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == [_COMPLETE]:
        return _main(words)  # a shell reads it, and cyclopts takes away what would steer one
    with guarded():
        return _main(words)


def _main(words: list[str]) -> int:
    if words[:1] in (["plan"], ["apply"]) and len(words) > 1 and not words[1].startswith("-"):
        words = [words[0], words[1].replace("_", "-"), *words[2:]]  # as Python writes a runbook's name
    command = words[0] if words and not words[0].startswith("-") else ""
    name = f"{NAME} {command}".strip()
    known = [one.name for one in COMMANDS]
    if not words or words[0] in ("--help", "-h"):  # before anything is loaded
        print(overview(), end="")
        return DONE
    if words == ["--version"]:
        print(f"{NAME} {__version__}")
        return DONE
    if command and command not in (*known, _COMPLETE):
        print(
            f"{NAME}: there is no command {command!r}{nearest(command, known) or '.'} See {NAME} --help",
            file=sys.stderr,
        )
        return WRONG
    from cyclopts import CycloptsError

    from createos_nb.cli.app import make_app
    from createos_nb.cli.argument_types import words as words_of
    from createos_nb.errors import CreateOSError

    app = make_app(_console(words), whole={command})
    try:
        with _told_warnings(name):
            code = app(_with_values(words), exit_on_error=False, print_error=False, result_action="return_value")
        return code if isinstance(code, int) else DONE
    except CycloptsError as error:
        print(f"{name}: {_usage(error)}", file=sys.stderr)
        return WRONG
    except CreateOSError as error:
        print(f"createos-nb: {_spoken(str(error))}", file=sys.stderr)
        if "Nothing more was changed" in str(error):  # some of it was
            return FAILED
        return next((OF_ERROR[one.__name__] for one in type(error).__mro__ if one.__name__ in OF_ERROR), FAILED)
    except OSError as error:
        print(f"createos-nb: {words_of(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        go_on = ": the same command, given again, goes on with what was begun" if command in ("apply", "undo") else ""
        print(f"createos-nb: interrupted{go_on}", file=sys.stderr)
        return INTERRUPTED


def _console(words: Sequence[str]) -> Any:
    """The console that help is printed on; None where none is asked for: rich takes long to load."""
    if words and not {"--help", "-h"} & set(words):
        return None
    from rich.console import Console

    return Console(file=unchecked(), highlight=False, markup=False, emoji=False, soft_wrap=True)  # type: ignore[arg-type]  # it has all that rich asks of a file


def _with_values(words: Sequence[str]) -> list[str]:
    """The words, where an option that may stand alone has "" for its value."""
    result = []
    for number, word in enumerate(words):
        following = words[number + 1] if number + 1 < len(words) else "-"
        result.append(f"{word}=" if word in _MAY_BE_BARE and following.startswith("-") else word)
    return result


def _spoken(text: str) -> str:
    """An error in the words of a command line: the library's speak of arguments of a call."""
    for call, option in (
        ("(confirm=…)", "(--confirm DIGEST)"),
        ("confirm= is", "--confirm is"),
        ("reason='…'", "--reason '…'"),
        ("override_freeze=…", "--override-freeze '…'"),
        ("override_freeze=", "--override-freeze "),
        ("  · connect(api_key=...) or connect(access_token=...)\n", ""),
        (
            "createos_nb.simulate() opens a simulated platform, and needs no key.",
            "--scenario storefront works on a simulated platform, and needs no key.",
        ),
        ("history.sql: ", "sql: "),
        ("give duration=, as in '24h'", "give --duration, such as 24h"),
    ):
        text = text.replace(call, option)
    return text


def _usage(error: CycloptsError) -> str:
    """What is wrong with the words that were given, in one line, and what to do."""
    from createos_nb.redaction import MASK
    from createos_nb.uploads.secret_tokens import form_in

    chain = list(error.command_chain or ())
    text = re.sub(r" Available commands: .*", "", " ".join(str(error).split()))
    argument = error.argument
    if argument is not None and argument.index is not None:  # it stands without its option
        text = text.replace(f" {argument.name} ", f" {argument.name.lstrip('-').upper()} ")
    for given, better in (
        (f'Command "{" ".join(chain)}" parameter ', ""),
        ("Unused Tokens: ", "this is too much: "),
        ("Invalid value for ", ""),
        (" requires an argument.", " is missing"),
        ("unknown command", "unknown runbook" if chain[:1] in (["plan"], ["apply"]) else "unknown command"),
        ("Unknown command", "unknown runbook"),
    ):
        text = text.replace(given, better)
    text = re.sub(r"(?<=too much: )\[(.*)\]$", lambda match: match[1].replace("'", ""), text.rstrip("."))
    text = text[:1].lower() + text[1:] if not text[:2].isupper() else text
    if form_in(text.encode()):
        text = f"an argument is wrong ({MASK}: it looks like a secret, and is not repeated)"
    return f"{text if text.endswith('?') else text.rstrip('.') + '.'} See createos-nb {' '.join([*chain, '--help'])}"


@contextmanager
def _told_warnings(name: str) -> Iterator[None]:
    """Let warnings be lines on the standard error, as all that is said there, each once."""
    said = set()

    def tell(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        text = str(message)
        if issubclass(category, UserWarning) and text not in said:
            said.add(text)
            print(f"{name}: {text}", file=sys.stderr, flush=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = tell
        yield
