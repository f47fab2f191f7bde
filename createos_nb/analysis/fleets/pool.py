"""Parts judged in processes of this machine, by the pool of the standard library.

The processes are started anew ("spawn"), so that no thread or lock of this one is in them, and they import this package
and nothing of the caller's: a notebook, or a script without `if __name__ == "__main__":`, is not run again in them.
They end with this process, whatever ends it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

from createos_nb.analysis.fleets.judge import Job, Outcome, failure, judge
from createos_nb.analysis.fleets.parts import Part

#: So many times in a row a process may die before one part is done: then all would.
_DEATHS = 4
_MAIN = threading.Lock()


def judge_in_processes(job: Job, parts: Sequence[Part], workers: int) -> Generator[list[Outcome]]:
    """Yield what comes of each part, as it comes; parts whose process dies are tried once more, each alone.

    Args:
        job: What is asked.
        parts: Of the fleet.
        workers: How many processes.

    Yields:
        The outcomes of a part; one for each of its environments in the end.
    """
    rest, again, why = list(parts)[::-1], list[Part](), ""
    deaths = 0
    while rest and deaths < _DEATHS:
        with _pool(workers, ahead=1) as pool:
            for part, outcomes in pool.judged(job, rest, again):
                deaths = 0
                if any(outcome.out_of_memory for outcome in outcomes):
                    again.append(part)
                else:
                    yield outcomes
        deaths, why = deaths + pool.died, pool.why or why
    alone = [one for part in again for one in part.alone()]
    while alone and deaths < 2 * _DEATHS:
        died: list[Part] = []
        with _pool(1, ahead=0) as pool:
            for _, outcomes in pool.judged(job, alone, died):
                deaths = 0
                yield outcomes
        deaths, why = deaths + pool.died, pool.why or why
        for part in died:
            yield [Outcome(place, why=why) for place in part.places]
    for part in [*alone, *rest]:
        yield [Outcome(place, why=f"not tried: {why}") for place in part.places]


class _Pool:
    """A pool of processes, and those that it has started."""

    def __init__(self, workers: int, ahead: int) -> None:
        self._context = _Context()
        self._executor = ProcessPoolExecutor(workers, mp_context=self._context, initializer=_begin)
        self._most = workers + ahead
        self.died = False
        self.why = ""

    def judged(self, job: Job, parts: list[Part], lost: list[Part]) -> Iterator[tuple[Part, list[Outcome]]]:
        """Yield parts with what came of them.

        Args:
            job: What is asked.
            parts: Are taken from the end of this list.
            lost: Gets those that the death of a process interrupts.
        """
        pending: dict[Future[list[Outcome]], Part] = {}
        try:
            while parts or pending:
                # hardly more than are being judged: what waits is in memory
                while parts and len(pending) < self._most:
                    future = self._executor.submit(judge, job, parts[-1])
                    pending[future] = parts.pop()
                done, _ = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    outcomes = _outcomes(future, pending[future])
                    yield pending.pop(future), outcomes
        except BrokenProcessPool:
            self.died = True
            lost.extend(pending.values())

    def close(self, *, kill: bool) -> None:
        """End the processes, and wait for them."""
        if kill:
            for process in self._context.started:
                with contextlib.suppress(ValueError):  # closed already
                    process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)
        if self.died:
            codes = [code for process in self._context.started if (code := _exit_code(process))]
            # the others of a broken pool are terminated
            own = [code for code in codes if code != -signal.SIGTERM] or codes
            self.why = f"a worker process died ({_ended(own[0])})" if own else "a worker process died"


def _outcomes(future: Future[list[Outcome]], part: Part) -> list[Outcome]:
    try:
        return future.result()
    except BrokenProcessPool:
        raise
    except Exception as error:  # noqa: BLE001  # it can't be sent there, or its answer back
        return [Outcome(place, why=failure(error)) for place in part.places]


@contextlib.contextmanager
def _pool(workers: int, ahead: int) -> Iterator[_Pool]:
    pool = _Pool(workers, ahead)
    whole = False
    try:
        yield pool
        whole = True
    finally:
        pool.close(kill=not whole)


class _Process(SpawnProcess):
    """A process that knows nothing of the caller's script."""

    def start(self) -> None:
        with _MAIN, _without_main():
            super().start()


class _Context(SpawnContext):
    """Starts processes, and remembers them."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[SpawnProcess] = []

    def Process(self, *arguments: Any, **options: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        """Return a process, as the pool asks for it."""
        process = _Process(*arguments, **options)
        self.started.append(process)
        return process


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Hide the caller's script: `multiprocessing` would have each process run it first, to find functions in it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _begin() -> None:
    """Begin a worker: an interrupt is the caller's, who ends the workers; and none outlives the caller."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _exit_code(process: SpawnProcess) -> int | None:
    try:
        return process.exitcode
    except ValueError:
        return None


def _ended(code: int) -> str:
    if code == -signal.SIGKILL:
        return "it was killed, as where the memory of the machine runs out: give fewer workers="
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
