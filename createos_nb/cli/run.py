"""`createos-nb run`: run a notebook from top to bottom, on its simulated world or on the platform."""

from __future__ import annotations

import shlex
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from createos_nb import extras
from createos_nb.cli import argument_types
from createos_nb.cli.exit_codes import (
    CHECK_FAILED,
    CONFIRM,
    DONE,
    FAILED,
    INTERRUPTED,
    OF_ERROR,
    OF_RESULT,
    REFUSED,
    UNKNOWN,
    WRONG,
)
from createos_nb.cli.options import Flag
from createos_nb.errors import CreateOSError, InvalidInput
from createos_nb.results import FAIL, NO_DATA

if TYPE_CHECKING:
    from cyclopts.completion import CompletionContext

    from createos_nb.notebooks.catalog import NotebookFile
    from createos_nb.notebooks.execution import Failure
    from createos_nb.redaction import Secret

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


def _complete_notebooks(_: CompletionContext) -> list[str]:
    from createos_nb.data_files import folder

    return sorted(path.stem for path in folder("notebooks").glob("*.ipynb"))


@dataclass(frozen=True)
class _Options:
    notebook: str
    parameter: list[str]
    live: str | None
    scenario: str | None
    profile: str | None


def run(
    notebook: Annotated[str | None, Parameter(completer=_complete_notebooks)] = None,
    /,
    *,
    parameter: argument_types.Parameters | None = None,
    live: argument_types.Live | None = None,
    scenario: argument_types.Scenario | None = None,
    profile: argument_types.Profile | None = None,
    list_: Annotated[Flag, Parameter(name="--list")] = False,
) -> int:
    """Run a notebook on its simulated world or on the platform; without a name, list the notebooks.

    The last checks that the notebook shows decide between the exit codes 0, 5 and 6; one that shows none and comes to
    its end is 0. An interrupted run on the platform resumes when it is run again with the same parameters.

    Args:
        notebook: its name, looked for in ./notebooks and then in the package; or a file's path.
        parameter: a parameter of the notebook; may be given again.
        live: on the platform, by that profile or the default one; cells that need a simulated world are left out.
        scenario: on a simulated world: the same as -p world=NAME.
        profile: on the platform, by that profile: the same as --live NAME.
        list_: list the notebooks, or the parameters of one.

    Returns:
        The exit code.

    Raises:
        MissingExtra: The extra `notebooks` is not installed.
        InvalidInput: The notebook or a parameter is unknown.
        ConfigurationError: `--live` finds no key.
    """
    extras.require("notebooks", "createos-nb run")
    from createos_nb.notebooks import catalog

    options = _Options(notebook or "", parameter or [], live, scenario, profile)
    if notebook is None:
        if options.parameter or (live, scenario, profile) != (None, None, None):
            raise InvalidInput(f"which notebook? Its name comes first: createos-nb run NOTEBOOK{_profile_hint(live)}")
        _list(catalog.list_notebooks())
        return DONE
    file = catalog.find_notebook(notebook)
    if list_:
        _describe(file)
        return DONE
    return _run(file, options)


def _run(file: NotebookFile, options: _Options) -> int:
    from createos_nb.notebooks import execution, parameters, target
    from createos_nb.notebooks.record import Record

    values = parameters.read(file.parameters, options.parameter, file.name)
    live = target.resolve_profile(
        file, values, argument_types.live_of(options.live, options.scenario, options.profile, values)
    )
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
    code = next((OF_ERROR[kind] for kind in failure.class_names if kind in OF_ERROR), FAILED)
    own = changed and "JournalBusy" not in failure.class_names  # what a busy journal says is another run's
    return FAILED if own and code in (REFUSED, WRONG) else code


def _how_to_confirm(file: NotebookFile, options: _Options, failure: Failure, effective: dict[str, Any]) -> None:
    digest = str(failure.plan.get("digest") or "")
    if digest:
        print(f"The plan is shown above. Its digest: {digest}\n\nTo apply it:")
    else:
        print("To apply it, review the plan and replace the dots by the confirmation that it asks for:")
    words = ["createos-nb", "run", options.notebook]
    if options.live is not None:
        words += ["--live", *([options.live] if options.live else [])]
    words += ["--scenario", options.scenario] if options.scenario is not None else []
    words += ["--profile", options.profile] if options.profile is not None else []
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
