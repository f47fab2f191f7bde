"""`createos-nb run`: run a notebook from top to bottom, on its simulated world or on the platform."""

from __future__ import annotations

import argparse
import shlex
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from createos_nb import extras
from createos_nb.cli.exit_codes import (
    CHECK_FAILED,
    CONFIRM,
    DETAILS,
    DONE,
    FAILED,
    INTERRUPTED,
    OF_RESULT,
    REFUSED,
    UNKNOWN,
    WRONG,
)
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.results import FAIL, NO_DATA

if TYPE_CHECKING:
    from createos_nb.notebooks.catalog import NotebookFile
    from createos_nb.notebooks.execution import Failure
    from createos_nb.redaction import Secret

NAME = "run"
HELP = "Run a notebook on its simulated world or on the platform; without a name, list the notebooks."
_DETAILS = """\
The last checks that the notebook shows decide between 0, 5 and 6; one that shows none and comes to its end is 0.
An interrupted run on the platform resumes when it is run again with the same parameters.

examples:
  createos-nb run 42_rollback
  createos-nb run 42_rollback --live -p project=storefront -p environment=production -p reason='checkout fails'
"""

#: What a cell has raised, and how the run ends then; whatever else is raised is a failure.
_ENDS: Final = {
    "KeyboardInterrupt": INTERRUPTED,
    "ConfirmationNeeded": CONFIRM,
    "ReasonNeeded": WRONG,
    "PreconditionFailed": REFUSED,
    "StalePlanError": REFUSED,
    "AlreadyApplied": REFUSED,
    "JournalBusy": REFUSED,
    "ReadOnlyError": REFUSED,
    "MissingExtra": REFUSED,
    "InvalidInput": WRONG,
    "CheckFailed": CHECK_FAILED,
    "NoData": UNKNOWN,
}
_WORDS: Final = {
    FAILED: "Failed",
    REFUSED: "Refused",
    WRONG: "Wrong parameter",
    CONFIRM: "Confirmation needed",
    CHECK_FAILED: FAIL,
    UNKNOWN: NO_DATA,
    INTERRUPTED: "Interrupted",
}
#: Seconds for a cell on a simulated world, where nothing waits; on the platform a wait has its own end.
_CELL_TIMEOUT: Final = 600.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser.

    Args:
        parser: The parser of the command.

    Examples:
        >>> import argparse
        >>> from createos_nb.cli import run
        >>> parser = argparse.ArgumentParser()
        >>> run.arguments(parser)
        >>> parser.parse_args(["42_rollback", "-p", "to=2"]).parameter
        ['to=2']
    """
    parser.epilog = f"{DETAILS}\n{_DETAILS}"
    parser.add_argument(
        "notebook", nargs="?", help="its name, looked for in ./notebooks and then in the package; or a file's path"
    )
    parser.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the notebook"
    )
    parser.add_argument(
        "--live",
        nargs="?",
        const="",
        metavar="PROFILE",
        help="on the platform, by that profile or the default one; cells that need a simulated world are left out",
    )
    parser.add_argument("--list", action="store_true", help="list the notebooks, or the parameters of one")


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Args:
        options: What `arguments` has parsed.

    Returns:
        The exit code.

    Raises:
        MissingExtra: The extra `notebooks` is not installed.
        InvalidInput: The notebook or a parameter is unknown.
        ConfigurationError: `--live` finds no key.
    """
    extras.require("notebooks", "createos-nb run")
    from createos_nb.notebooks import catalog

    if options.notebook is None:
        if options.parameter or options.live is not None:
            raise InvalidInput(
                f"which notebook? Its name comes first: createos-nb run NOTEBOOK{_profile_hint(options.live)}"
            )
        _list(catalog.list_notebooks())
        return DONE
    file = catalog.find_notebook(options.notebook)
    if options.list:
        _describe(file)
        return DONE
    return _run(file, options)


def _run(file: NotebookFile, options: argparse.Namespace) -> int:
    from createos_nb.notebooks import execution, parameters, target
    from createos_nb.notebooks.record import Record

    values = parameters.read(file.parameters, options.parameter, file.name)
    live = target.resolve_profile(file, values, options.live)
    effective = {name: values.get(name, parameter.default) for name, parameter in file.parameters.items()}
    record = Record(
        file.name,
        [str(effective[name]) for name in ("project", "environment") if name in effective],
        live=live is not None,
        secrets=[*_secrets(live), *parameters.secrets_of(values)],
    )
    notebook = target.prepare(file, values, live=live is not None)
    started = time.monotonic()
    failure = execution.execute(
        notebook,
        save=lambda: record.save(notebook),
        emit=lambda text: _print_output(record.redactor.redact(text)),
        environment=execution.kernel_environment(CREATEOS_NB_JOURNALS=record.folder),
        folder=Path.cwd(),
        timeout=_CELL_TIMEOUT if live is None else None,
    )
    checks = execution.shown_checks(notebook) if failure is None else None
    if failure is not None:
        code = _code(failure, changed=record.changed())
    else:
        code = DONE if checks is None else OF_RESULT[checks.result]
    print("", flush=True)
    if failure is None:
        outcome = "finished without checks" if checks is None else f"{checks.result}: {checks.sentence}"
        print(f"{file.name}, in {time.monotonic() - started:.0f} s: {outcome}.")
    else:
        print(record.redactor.redact(f"{_WORDS[code]}: {failure.text}"), file=sys.stderr)
        if code == CONFIRM:
            _how_to_confirm(file, options, failure, effective)
        if code == INTERRUPTED:
            print("Run it again with the same parameters to resume." if live is not None else "", file=sys.stderr)
    print(f"Kept in {record.folder}:")
    for path in (record.notebook, *record.journals()):
        print(f"  {path.name}")
    return code


def _secrets(live: str | None) -> list[Secret]:
    """Return the key that the run will use. Raises `ConfigurationError` without one, before a kernel is started."""
    if live is None:
        return []
    from createos_nb.client.connect import credentials

    resolved = credentials.find(live or None)
    return [key for key in (resolved.api_key, resolved.access_token) if key is not None]


def _code(failure: Failure, *, changed: bool = False) -> int:
    """`changed`: the run has written something before it stopped, so it is neither refused nor mere usage."""
    code = next((_ENDS[kind] for kind in failure.class_names if kind in _ENDS), FAILED)
    own = changed and "JournalBusy" not in failure.class_names  # what a busy journal says is another run's
    return FAILED if own and code in (REFUSED, WRONG) else code


def _how_to_confirm(
    file: NotebookFile, options: argparse.Namespace, failure: Failure, effective: dict[str, Any]
) -> None:
    digest = str(failure.plan.get("digest") or "")
    if digest:
        print(f"The plan is shown above. Its digest: {digest}\n\nTo apply it:")
    else:
        print("To apply it, review the plan and replace the dots by the confirmation that it asks for:")
    words = ["createos-nb", "run", options.notebook]
    if options.live is not None:
        words += ["--live", *([options.live] if options.live else [])]
    for text in options.parameter:
        if text.partition("=")[0].strip() != "confirm":
            words += ["-p", text]
    words += ["-p", f"confirm={digest or '…'}"]
    line = " ".join(map(shlex.quote, words))
    if "reason" in effective and not str(effective["reason"]).strip():
        line += " -p reason='why'"
    print(f"  {line}\n")


def _print_output(text: str) -> None:
    """Print what a notebook says, without control sequences."""
    from createos_nb.display import strip_control_chars

    lines = text.split("\n")
    sys.stdout.write("\n".join(strip_control_chars(line) for line in lines))
    sys.stdout.flush()


def _list(files: list[NotebookFile]) -> None:
    wide = max((len(file.name) for file in files), default=0)
    for file in files:
        title, details = "", ""
        try:
            title = file.title
            details = ", ".join(map(str, file.parameters.values()))
        except CreateOSError as error:
            details = f"can't be run: {error}"
        print(f"{file.name:<{wide}}  {title}".rstrip())
        if details:
            indent = " " * (wide + 4)
            print(textwrap.fill(details, 118, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False))
    print("\ncreateos-nb run NOTEBOOK --list says what its parameters are for; --live runs it on the platform.")


def _describe(file: NotebookFile) -> None:
    print(f"{file.name}: {file.title}\n{file.path}")
    for parameter in file.parameters.values():
        print(f"  {parameter!s:<36} {parameter.comment}".rstrip())
    if not file.parameters:
        print("  no parameters")


def _profile_hint(live: str | None) -> str:
    return f" (--live took {live!r} for a profile)" if live else ""
