"""`createos-nb run`: a notebook from top to bottom, on its simulated world or on the platform."""

from __future__ import annotations

import argparse
import shlex
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from createos_nb.cli.codes import (
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
    from createos_nb.running.execution import Failure
    from createos_nb.running.library import Page
    from createos_nb.secret import Secret

NAME = "run"
HELP = "Run a notebook, on its simulated world or on the platform; without a name, list what there is."
_DETAILS = """\
The last checks that the notebook shows decide between 0, 5 and 6; one that shows none and comes to its end is 0.
A run on the platform that was cut off goes on where it was when it is run again with the same parameters.

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
    "WorldMoved": REFUSED,
    "AlreadyApplied": REFUSED,
    "JournalBusy": REFUSED,
    "ReadOnlyError": REFUSED,
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
_PATIENCE: Final = 600.0


def arguments(parser: argparse.ArgumentParser) -> None:
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


def run(given: argparse.Namespace) -> int:
    from createos_nb.running import library

    if given.notebook is None:
        if given.parameter or given.live is not None:
            raise InvalidInput(f"which notebook? Its name comes first: createos-nb run NOTEBOOK{_took(given.live)}")
        _list(library.pages())
        return DONE
    page = library.page(given.notebook)
    if given.list:
        _describe(page)
        return DONE
    return _run(page, given)


def _run(page: Page, given: argparse.Namespace) -> int:
    from createos_nb.running import execution, parameters, placing, verdict
    from createos_nb.running.record import Record

    values = parameters.read(page.parameters, given.parameter, page.name)
    live = placing.profile_of(page, values, given.live)
    shown = {name: values.get(name, one.default) for name, one in page.parameters.items()}
    record = Record(
        page.name,
        [str(shown[name]) for name in ("project", "environment") if name in shown],
        live=live is not None,
        secrets=[*_secrets(live), *parameters.secrets_of(values)],
    )
    notebook = placing.prepared(page, values, live=live is not None)
    began = time.monotonic()
    failure = execution.execute(
        notebook,
        keep=lambda: record.keep(notebook),
        tell=lambda text: _tell(record.veil.over(text)),
        environment=execution.kernel_environment(CREATEOS_NB_JOURNALS=record.folder),
        folder=Path.cwd(),
        timeout=_PATIENCE if live is None else None,
    )
    found = verdict.of(notebook) if failure is None else None
    if failure is not None:
        code = _code(failure, changed=record.changed())
    else:
        code = DONE if found is None else OF_RESULT[found.result]
    print("", flush=True)
    if failure is None:
        said = "ended; it checks nothing" if found is None else f"{found.result}: {found.sentence}"
        print(f"{page.name}, in {time.monotonic() - began:.0f} s: {said}.")
    else:
        print(record.veil.over(f"{_WORDS[code]}: {failure.text}"), file=sys.stderr)
        if code == CONFIRM:
            _how_to_confirm(page, given, failure, shown)
        if code == INTERRUPTED:
            print("Run it again, with the same parameters, to go on." if live is not None else "", file=sys.stderr)
    print(f"Kept in {record.folder}:")
    for path in (record.notebook, *record.journals()):
        print(f"  {path.name}")
    return code


def _secrets(live: str | None) -> list[Secret]:
    """The key that the run will use. Raises `ConfigurationError` without one, before a kernel is started."""
    if live is None:
        return []
    from createos_nb import credentials

    found = credentials.find(live or None)
    return [key for key in (found.api_key, found.access_token) if key is not None]


def _code(failure: Failure, *, changed: bool = False) -> int:
    """`changed`: the run has written something before it stopped, so it is neither refused nor mere usage."""
    code = next((_ENDS[kind] for kind in failure.kinds if kind in _ENDS), FAILED)
    own = changed and "JournalBusy" not in failure.kinds  # what a busy journal says is another run's
    return FAILED if own and code in (REFUSED, WRONG) else code


def _how_to_confirm(page: Page, given: argparse.Namespace, failure: Failure, shown: dict[str, Any]) -> None:
    token = str(failure.shown.get("token") or "")
    if token:
        print(f"The plan stands above. Its token: {token}\n\nTo carry it out:")
    else:
        print("To carry it out, look at the plan and give what it asks for in place of the dots:")
    words = ["createos-nb", "run", given.notebook]
    if given.live is not None:
        words += ["--live", *([given.live] if given.live else [])]
    for text in given.parameter:
        if text.partition("=")[0].strip() != "confirm":
            words += ["-p", text]
    words += ["-p", f"confirm={token or '…'}"]
    line = " ".join(map(shlex.quote, words))
    if "reason" in shown and not str(shown["reason"]).strip():
        line += " -p reason='why'"
    print(f"  {line}\n")


def _tell(text: str) -> None:
    """What a notebook says, without control sequences."""
    from createos_nb.frames.logs import clean

    lines = text.split("\n")
    sys.stdout.write("\n".join(clean(line) for line in lines))
    sys.stdout.flush()


def _list(found: list[Page]) -> None:
    wide = max((len(page.name) for page in found), default=0)
    for page in found:
        title, said = "", ""
        try:
            title = page.title
            said = ", ".join(map(str, page.parameters.values()))
        except CreateOSError as error:
            said = f"can't be run: {error}"
        print(f"{page.name:<{wide}}  {title}".rstrip())
        if said:
            indent = " " * (wide + 4)
            print(textwrap.fill(said, 118, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False))
    print("\ncreateos-nb run NOTEBOOK --list says what its parameters are for; --live runs it on the platform.")


def _describe(page: Page) -> None:
    print(f"{page.name}: {page.title}\n{page.path}")
    for one in page.parameters.values():
        print(f"  {one!s:<36} {one.comment}".rstrip())
    if not page.parameters:
        print("  no parameters")


def _took(live: str | None) -> str:
    return f" (--live took {live!r} for a profile)" if live else ""
