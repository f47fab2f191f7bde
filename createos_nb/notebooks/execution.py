"""Run a notebook in a kernel of its own, from top to bottom, kept on the disk after every cell."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from createos_nb.checks import MIME, Check, Checks
from createos_nb.plans.planned import PLAN_TYPE

#: The extension of IPython that masks what the kernel says.
_MASKING: Final = "createos_nb.notebooks.masking"
#: Asked of the kernel about what a cell has raised: the names of its classes, its text, and what it wants to be given.
_RAISED: Final = {
    "class_names": "[one.__name__ for one in type(__import__('sys').last_value).__mro__]",
    "text": "str(__import__('sys').last_value)",
    "intent": "str(getattr(__import__('sys').last_value, 'intent', ''))",
}


@dataclass(frozen=True)
class Failure:
    """Why a run did not come to its end.

    Attributes:
        class_names: The name of what was raised, and of what that is a kind of.
        text: What it says.
        intent: That of the plan which asks to be confirmed; "" where none does.
        plan: What that plan says of itself, where the notebook has rendered it (`Plan._repr_mimebundle_`).
    """

    class_names: list[str]
    text: str
    intent: str = ""
    plan: Mapping[str, Any] = field(default_factory=dict)


def execute(
    notebook: Any,
    *,
    save: Callable[[], None],
    emit: Callable[[str], None],
    environment: Mapping[str, str],
    folder: Path,
    timeout: float | None = None,
) -> Failure | None:
    """Run the cells of a notebook one after another, in a kernel of this Python.

    An interrupt or SIGTERM interrupts the cell at work, a second one ends the kernel.

    Args:
        notebook: The notebook, which gets the outputs.
        save: Called after every cell.
        emit: Called with the text of headings and outputs, as they come.
        environment: All variables of the kernel's process.
        folder: Where the kernel works.
        timeout: How long a cell may take, in seconds; None for as long as it likes.

    Returns:
        What ended the run; None where all cells ran.

    Examples:
        >>> from pathlib import Path
        >>> from nbformat.v4 import new_code_cell, new_notebook
        >>> from createos_nb.notebooks.execution import execute, kernel_environment
        >>> notebook = new_notebook(cells=[new_code_cell("print(6 * 7)")])
        >>> said = []
        >>> execute(notebook, save=lambda: None, emit=said.append, environment=kernel_environment(), folder=Path())
        >>> said
        ['42\\n']
    """
    run = _Run(
        notebook,
        timeout=timeout,
        extra_arguments=["--IPKernelApp.log_level=ERROR", f"--IPKernelApp.extra_extensions={_MASKING}"],
        resources={"metadata": {"path": str(folder)}},
        km=own_kernel(),
    )
    run.owns_km = True
    run.save, run.emit, run.environment = save, emit, dict(environment)
    return asyncio.run(run.all_cells())


class _Run(NotebookClient):
    """nbclient that emits and saves every output at once."""

    save: Callable[[], None]
    emit: Callable[[str], None]
    environment: dict[str, str]
    interrupts = 0
    kc: Any
    km: Any

    async def all_cells(self) -> Failure | None:
        self.reset_execution_trackers()
        async with self.async_setup_kernel(env=self.environment):
            loop = asyncio.get_running_loop()
            self._task = asyncio.current_task()
            for number in (signal.SIGINT, signal.SIGTERM):
                with contextlib.suppress(RuntimeError, NotImplementedError, ValueError):  # no main thread, no signals
                    loop.add_signal_handler(number, self._interrupt)
            try:
                return await self._cells()
            except asyncio.CancelledError:
                return _INTERRUPTED
            finally:
                self.save()

    async def _cells(self) -> Failure | None:
        await self.async_wait_for_reply(self.kc.kernel_info())
        if not await self._masks():
            return Failure(["RuntimeError"], "the kernel masks no secrets: is createos-nb installed for this Python?")
        for index, cell in enumerate(self.nb.cells):
            if self.interrupts:
                return _INTERRUPTED
            if cell.cell_type == "markdown":
                heading = next((line for line in cell.source.splitlines() if line.startswith("#")), "")
                if heading:
                    self.emit(f"\n{heading}\n")
            try:
                await self.async_execute_cell(cell, index, execution_count=self.code_cells_executed + 1)
            except CellExecutionError as error:
                return _INTERRUPTED if self.interrupts else await self._raised(error)
            except CellTimeoutError:
                return Failure(["CellTimeoutError"], f"a cell took longer than {self.timeout:.0f} s and was stopped")
            except DeadKernelError:
                return _INTERRUPTED if self.interrupts else Failure(["DeadKernelError"], "the kernel died")
            finally:
                cell.get("metadata", {}).pop("execution", None)
                if cell.cell_type == "code":
                    self.save()
        return None

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        output = super().output(outs, msg, display_id, cell_index)
        text = _text(output) if output is not None else ""
        if text:
            self.emit(text)
        return output

    async def _masks(self) -> bool:
        """Return whether the kernel masks what it sends."""
        expressions = {"active": f"__import__({_MASKING!r}, fromlist=['ACTIVE']).ACTIVE"}
        reply = await self.async_wait_for_reply(self.kc.execute("", silent=True, user_expressions=expressions))
        active = (reply["content"].get("user_expressions") or {}).get("active", {}) if reply else {}
        return bool(active.get("data", {}).get("text/plain") == "True")

    async def _raised(self, error: Any) -> Failure:
        """Return what the cell has raised, asked of the kernel: what an output shows is for people."""
        reply = await self.async_wait_for_reply(self.kc.execute("", silent=True, user_expressions=dict(_RAISED)))
        answers = reply["content"].get("user_expressions", {}) if reply else {}
        try:
            raised = {name: ast.literal_eval(answers[name]["data"]["text/plain"]) for name in _RAISED}
        except (KeyError, ValueError, SyntaxError):
            return Failure([error.ename], error.evalue)
        failure = Failure(**raised)
        return replace(failure, plan=_plan_of(self.nb, failure.intent)) if failure.intent else failure

    def _interrupt(self) -> None:
        self.interrupts += 1
        if self.interrupts == 1 and self.km is not None:
            self._interruption = asyncio.ensure_future(self.km.interrupt_kernel())
        elif self._task is not None:
            self._task.cancel()


_INTERRUPTED: Final = Failure(["KeyboardInterrupt"], "interrupted")


def shown_checks(notebook: Any) -> Checks | None:
    """Return the last checks that an executed notebook shows.

    Args:
        notebook: The notebook, as nbformat reads it.

    Returns:
        The checks; None where it shows none.

    Examples:
        >>> from createos_nb.notebooks.catalog import find_notebook
        >>> from createos_nb.notebooks.execution import shown_checks
        >>> shown_checks(find_notebook("rollback").content).result
        'PASS'
    """
    for cell in reversed(notebook.cells):
        for output in reversed(cell.get("outputs", [])):
            data = output.get("data", {}).get(MIME)
            if data is not None:
                return Checks(Check(**item) for item in data["checks"])
    return None


def _plan_of(notebook: Any, intent: str) -> Mapping[str, Any]:
    """Return what the newest plan of an intent says of itself, among those that the notebook has shown; {} without one."""
    for cell in reversed(notebook.cells):
        for output in reversed(cell.get("outputs", [])):
            plan = output.get("data", {}).get(PLAN_TYPE)
            if plan and output.get("metadata", {}).get(PLAN_TYPE, {}).get("intent") == intent:
                return dict(plan)
    return {}


def own_kernel() -> Any:
    """Return the manager of a kernel of this Python, whatever kernels of that name are installed for Jupyter.

    Returns:
        The manager, as nbclient takes it; its kernel is not started yet.

    Examples:
        >>> import sys
        >>> from createos_nb.notebooks.execution import own_kernel
        >>> own_kernel().kernel_spec.argv[0] == sys.executable
        True
    """
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class KernelManager(AsyncKernelManager):
        kernel_spec = KernelSpec(**get_kernel_dict())

    return KernelManager(kernel_name="python3")


def _text(output: Any) -> str:
    """Return an output as text for a terminal; "" for what is shown elsewhere."""
    kind = output["output_type"]
    if kind == "stream":
        return str(output["text"])
    if kind not in ("execute_result", "display_data"):
        return ""
    data = output["data"]
    text = str(data.get("text/plain", ""))
    if any(name.startswith("image/") for name in data):
        return f"(a picture, in the notebook: {text.strip('<>')})\n"
    return f"{text}\n" if text else ""


def kernel_environment(**more: str | os.PathLike[str]) -> dict[str, str]:
    """Return the environment of this process with more variables.

    Args:
        more: Texts or paths, by the name of the variable.

    Returns:
        A mapping of its own.

    Examples:
        >>> from pathlib import Path
        >>> from createos_nb.notebooks.execution import kernel_environment
        >>> kernel_environment(CREATEOS_NB_JOURNALS=Path("journals"))["CREATEOS_NB_JOURNALS"]
        'journals'
    """
    return {**os.environ, **{name: os.fspath(value) for name, value in more.items()}}
