"""`createos-nb demo`: the tour, executed on a simulated platform, as tables here and as one HTML page."""

from __future__ import annotations

import numbers
import re
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from createos_nb import extras
from createos_nb.cli import argument_types
from createos_nb.cli.output import unchecked
from createos_nb.data_files import folder
from createos_nb.display import visible
from createos_nb.errors import CreateOSError

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table

PAGE = "createos-tour.html"

_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; font-src data:; '
    "style-src 'unsafe-inline'\">"
)


def demo(*, output: Annotated[str, Parameter(metavar="FILE")] = PAGE) -> int:
    """Run the tour on a simulated platform and write createos-tour.html here.

    It is a notebook of the scenario storefront: createos-nb run runs the others, on the world or account you choose.

    Args:
        output: the page to write.

    Returns:
        The exit code.

    Raises:
        MissingExtra: The extra `notebooks` is not installed.
        InvalidInput: The page can't be written there.
        CreateOSError: The tour stopped.
    """
    extras.require("notebooks", "createos-nb demo")
    target = argument_types.writable(Path(output), "--output")
    print("Running the tour on a simulated platform: a notebook, some tables and one page; about 20 s.", flush=True)
    from rich.console import Console
    from rich.text import Text

    started = time.monotonic()
    console = Console(file=unchecked(), width=None if sys.stdout.isatty() else 118, highlight=False)  # type: ignore[arg-type]  # it has all that rich asks of a file
    notebook = executed("00_tour.ipynb", console)
    _tables(console)
    target.write_text(page(notebook, "A tour of a CreateOS account"), encoding="utf-8")
    console.print(f"\n[bold]{target}[/bold] is the whole tour as one page ({time.monotonic() - started:.0f} s in all).")
    console.print("What to type next:")
    lab = "make lab" if Path("Makefile").exists() else f"jupyter lab {folder('notebooks')}"
    if find_spec("jupyterlab") is None:
        lab = f"{extras.install_command('lab')} && {lab}"
    for command, what in (
        (lab, "open the notebooks; the first cell of each says which account it speaks to"),
        ("createos-nb login", "keep the key of your own account, for createos_nb.connect()"),
        ("createos-nb --help", "all commands"),
    ):
        console.print(Text(f"  {command:<20}  {what}"))
    return 0


def executed(name: str, console: Console) -> Any:
    """Run a notebook of the project from top to bottom in a kernel of this Python, with a bar of its cells.

    Args:
        name: Its file's name.
        console: Where its progress is shown.

    Returns:
        The notebook with its outputs, as nbformat has it.

    Raises:
        CreateOSError: A cell or the kernel fails.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    notebook = nbformat.read(folder("notebooks") / name, as_version=4)  # type: ignore[no-untyped-call]  # has no types
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    if not console.is_terminal:
        console.print(f"executing {name}: {cells} cells")
    from createos_nb.notebooks.execution import own_kernel

    done = 0

    def advance(**_: Any) -> None:
        nonlocal done
        done += 1
        bar.advance(task)
        if not console.is_terminal:
            print(f"  cell {done} of {cells}", flush=True)

    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True)
    with bar:
        task = bar.add_task(f"executing {name}", total=cells)
        client = NotebookClient(
            notebook,
            timeout=300,
            km=own_kernel(),
            resources={"metadata": {"path": str(Path.cwd())}},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            on_cell_executed=advance,
        )
        client.owns_km = True
        try:
            client.execute()
        except CellExecutionError as error:
            raise CreateOSError(f"{name} stopped in cell {done}: {error.ename}: {error.evalue}") from None
        except (CellTimeoutError, DeadKernelError) as error:
            why = "the kernel died" if isinstance(error, DeadKernelError) else "a cell took too long"
            raise CreateOSError(
                f"{name} stopped after cell {done}: {why}; is enough memory free? Run it again"
            ) from None
    return notebook


def page(notebook: Any, title: str) -> str:
    """Return a notebook as one HTML page that loads nothing from anywhere else.

    Args:
        notebook: The notebook, as nbformat reads it.
        title: The page's title.

    Returns:
        The page.

    Examples:
        >>> from nbformat.v4 import new_markdown_cell, new_notebook
        >>> from createos_nb.cli.demo import page
        >>> text = page(new_notebook(cells=[new_markdown_cell("# A tour")]), "A tour of an account")
        >>> "<title>A tour of an account</title>" in text, "<script" in text
        (True, False)
    """
    from nbconvert.exporters import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]  # has no types
        template_name="lab", exclude_input_prompt=True, exclude_output_prompt=True, embed_images=True
    )
    body, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    # The template's scripts load mathematics, diagrams and widgets from other servers; a page of tables and pictures
    # needs none of them. The policy makes a browser refuse whatever might be left.
    body = re.sub(r"<script\b.*?</script\s*>", "", body, flags=re.DOTALL | re.IGNORECASE)
    return str(body.replace("<head>", f"<head>{_POLICY}", 1))


def _tables(console: Console) -> None:
    import createos_nb

    with createos_nb.simulate("storefront") as client:
        console.print(f"[bold]{client.where}[/bold], {client.world.now:%Y-%m-%d %H:%M} UTC\n")
        fleet = client.fleet.overview(start="-24h")
        live = fleet[["project", "environment", "state", "version", "live_state", "replicas"]]
        console.print(table("The fleet", live))
        traffic = fleet[["project", "environment", "requests", "rpm", "success_percentage", "status_5xx"]]
        console.print(table("Requests of the last 24 hours", traffic.sort_values("requests", ascending=False)))
        console.print(table("What changed in the last 48 hours", client.fleet.changes(start="-48h")))


def table(title: str, frame: pd.DataFrame) -> Table:
    """Return a frame as a table for a terminal: numbers to the right, thousands apart; text is never read as markup.

    Args:
        title: What stands above it.
        frame: The frame; its index is not shown.

    Returns:
        The table, as rich prints it.

    Examples:
        >>> from createos_nb.cli.demo import table
        >>> table("The fleet", pd.DataFrame({"project": ["storefront"], "requests": [1200]})).row_count
        1
    """
    import pandas as pd
    from rich.table import Table
    from rich.text import Text

    from createos_nb.analysis.rounding import rounded

    result = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for name in frame.columns:
        number = pd.api.types.is_numeric_dtype(frame[name])
        result.add_column(str(name).replace("_", " "), justify="right" if number else "left", overflow="fold")
    for row in rounded(frame, rest=False).itertuples(index=False):
        result.add_row(*(Text(_cell_text(value)) for value in row))
    return result


def _cell_text(value: Any) -> str:
    import pandas as pd

    if pd.isna(value):
        return "–"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, numbers.Real) else visible(str(value))
