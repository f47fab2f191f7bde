"""Execute the notebooks of the project in place, and keep of their outputs what is the same tomorrow.

`python -m tools.notebooks [NAME …]`, by default all. Each runs on its simulated world in a kernel of its own; one whose
cell fails, or whose last checks are not PASS, is left as it was, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from createos_nb.checks import PASS
from createos_nb.running import execution, placing, verdict
from createos_nb.running.library import Page

FOLDER = Path(__file__).parent.parent / "notebooks"
_PATIENCE = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 42_rollback (default: all)")
    parser.add_argument("--check", action="store_true", help="execute, and write nothing")
    given = parser.parse_args(arguments)
    known = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
    unknown = [name for name in given.names if name not in known]
    if unknown:
        parser.error(f"no notebook {', '.join(unknown)}; there is: {', '.join(known)}")
    failed = 0
    for name in given.names or known:
        began = time.monotonic()
        wrong = refreshed(known[name], write=not given.check)
        failed += bool(wrong)
        print(f"{name:<28} {time.monotonic() - began:5.1f} s  {wrong or 'PASS'}", flush=True)
    return 1 if failed else 0


def refreshed(path: Path, *, write: bool = True) -> str:
    """Execute a notebook and write it back; gives why it was left as it was, "" where it was not."""
    page = Page(path)
    notebook = placing.prepared(page, {}, live=False)
    with tempfile.TemporaryDirectory(prefix="createos-notebooks-") as own:
        failure = execution.execute(
            notebook,
            keep=lambda: None,
            tell=lambda _: None,
            environment=execution.kernel_environment(
                CREATEOS_NB_JOURNALS="", IPYTHONDIR=own, CREATEOS_NB_CONFIG=os.path.join(own, "config.toml")
            ),
            folder=FOLDER,
            timeout=_PATIENCE,
        )
    if failure is not None:
        return f"{failure.kinds[0]}: {failure.text.splitlines()[0] if failure.text else ''}"
    found = verdict.of(notebook)
    if found is None:
        return "it shows no checks"
    if found.result != PASS:
        return f"{found.result}: {found.sentence}"
    if write:
        stripped(notebook)
        nbformat.write(notebook, path)
    return ""


def stripped(notebook: Any) -> None:
    """Take out what differs from run to run, or belongs to the machine: times of execution, state of widgets."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            # without its kernel a widget is the table that it has shown last, which is kept beside it
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


if __name__ == "__main__":
    sys.exit(main())
