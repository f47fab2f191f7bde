"""Execute the notebooks of the project in place, and keep of their outputs what is the same tomorrow.

`python -m tools.notebooks [NAME …]`, by default all. Each runs on its simulated world in a kernel of its own; one whose
cell fails, or whose last checks are not PASS, is left as it was, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import base64
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
from PIL import Image

from createos_nb.checks import PASS
from createos_nb.notebooks import execution, target
from createos_nb.notebooks.catalog import NotebookFile

FOLDER = Path(__file__).parent.parent / "notebooks"
_CELL_TIMEOUT = 600.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.notebooks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="such as 42_rollback (default: all)")
    parser.add_argument("--check", action="store_true", help="execute, and write nothing")
    options = parser.parse_args(arguments)
    known = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"no notebook {', '.join(unknown)}; there is: {', '.join(known)}")
    failed = 0
    for name in options.names or known:
        began = time.monotonic()
        wrong = refresh(known[name], write=not options.check)
        failed += bool(wrong)
        print(f"{name:<28} {time.monotonic() - began:5.1f} s  {wrong or 'PASS'}", flush=True)
    return 1 if failed else 0


def refresh(path: Path, *, write: bool = True) -> str:
    """Execute a notebook and write it back; return why it was left as it was, "" where it was written."""
    page = NotebookFile(path)
    notebook = target.prepare(page, {}, live=False)
    with tempfile.TemporaryDirectory(prefix="createos-notebooks-") as own:
        failure = execution.execute(
            notebook,
            save=lambda: None,
            emit=lambda _: None,
            environment=execution.kernel_environment(
                CREATEOS_NB_JOURNALS="", IPYTHONDIR=own, CREATEOS_NB_CONFIG=os.path.join(own, "config.toml")
            ),
            folder=FOLDER,
            timeout=_CELL_TIMEOUT,
        )
    if failure is not None:
        return f"{failure.class_names[0]}: {failure.text.splitlines()[0] if failure.text else ''}"
    checks = execution.shown_checks(notebook)
    if checks is None:
        return "it shows no checks"
    if checks.result != PASS:
        return f"{checks.result}: {checks.sentence}"
    if write:
        strip_outputs(notebook)
        shrink_pictures(notebook)
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]  # nbformat annotates a part of itself
    return ""


def strip_outputs(notebook: Any) -> None:
    """Take out what differs from run to run, or belongs to the machine: times of execution, state of widgets."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            # without its kernel a widget is the table that it has shown last, which is kept beside it
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def shrink_pictures(notebook: Any) -> None:
    """Write the PNGs of the outputs with a palette: they look the same, and are a third of the size."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                content = base64.b64decode(output["data"]["image/png"])
                output["data"]["image/png"] = base64.b64encode(with_palette(content)).decode()


def with_palette(content: bytes) -> bytes:
    """Return a PNG in at most 256 colors of its own, where it is opaque and that makes it smaller."""
    with Image.open(BytesIO(content)) as picture:
        if picture.mode == "P" or picture.convert("RGBA").getchannel("A").getextrema() != (255, 255):
            return content
        # plots have few colors and their shades: none is farther than a few steps of 255 from its place in the palette
        few = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    smaller = BytesIO()
    few.save(smaller, format="PNG", optimize=True)
    return min(content, smaller.getvalue(), key=len)


if __name__ == "__main__":
    sys.exit(main())
