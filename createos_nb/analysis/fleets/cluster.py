"""Parts judged by the workers of a Dask cluster.

Its scheduler decides where, and tries again what the end of a worker broke.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from createos_nb import extras
from createos_nb.analysis.fleets.dask_frames import DaskPart
from createos_nb.analysis.fleets.frames import FramePart
from createos_nb.analysis.fleets.judge import Job, Outcome, failure, judge
from createos_nb.analysis.fleets.parts import Part, Place
from createos_nb.errors import InvalidInput

if TYPE_CHECKING:
    from distributed import Client, Future

#: Seconds after which a cluster without a worker is given up.
PATIENCE = 60.0
#: Seconds between two looks whether there is still a cluster.
_LOOK = 1.0
#: Parts that are with the cluster for each of its threads: what is there must fit into the memory of the scheduler.
_AHEAD = 4


def check_client(scheduler: Any) -> None:
    """Refuse what is no running `distributed.Client`.

    Raises:
        MissingExtra: Dask's scheduler is not installed.
        InvalidInput: It is no client, an asynchronous one, or one of a cluster that is gone.
    """
    extras.require("dask", "analysis.fleet(scheduler=…)", instead="leave scheduler= out: processes of this machine")
    from distributed import Client

    if not isinstance(scheduler, Client):
        raise InvalidInput(
            f"analysis.fleet: scheduler= is a distributed.Client, not {type(scheduler).__name__}: "
            "distributed.Client('tcp://scheduler:8786'), or distributed.Client() for a cluster of this machine"
        )
    if scheduler.asynchronous:
        raise InvalidInput("analysis.fleet: scheduler= is asynchronous: give a distributed.Client without that")
    if not _is_there(scheduler):
        raise InvalidInput(f"analysis.fleet: scheduler= is a client whose cluster is gone ({scheduler.status})")


def judge_on_cluster(job: Job, parts: Sequence[Part], client: Client) -> Generator[list[Outcome]]:
    """Yield what comes of each part, as it comes.

    Args:
        job: What is asked.
        parts: Of the fleet.
        client: Of the cluster.

    Yields:
        The outcomes of a part; one for each of its environments in the end.
    """
    run = _Run(job, client, list(parts))
    try:
        yield from run.outcomes()
    finally:
        run.cancel()


class _Run:
    """The parts that are with a cluster, and those that are still to be sent."""

    def __init__(self, job: Job, client: Client, parts: list[Part]) -> None:
        self._job, self._client = job, client
        self._rest = parts[::-1]
        # a worker that dies takes with it what others of its tasks are at: what fails once is tried again, one by one
        self._lone, self._again = list[Part](), set[Place]()
        self._pending: dict[Future, Part] = {}
        self._seen, self._threads = time.monotonic(), 0

    def outcomes(self) -> Generator[list[Outcome]]:
        gone = ""
        while (self._rest or self._pending or self._lone) and not (gone := self._gone()):
            yield from self._send()
            for future in self._done():
                found = self._taken(future)
                future.release()
                if found:
                    yield found
        for part in [*self._pending.values(), *self._rest, *self._lone]:
            yield [Outcome(place, why=gone) for place in part.places]
        if gone:
            self._pending.clear()

    def cancel(self) -> None:
        """Take back what is still with the cluster."""
        if self._pending and _is_there(self._client):
            self._client.cancel(list(self._pending))
        self._pending.clear()

    def _send(self) -> Generator[list[Outcome]]:
        """Send as many as are looked after at a time; yields what can't be sent."""
        ahead = _AHEAD * self._threads
        while self._threads and (self._rest or self._lone) and len(self._pending) < ahead:
            if not self._rest and self._pending:
                return  # what failed once is tried alone
            part = self._rest[-1] if self._rest else self._lone[0]
            try:
                future = self._sent(part)
            except OSError:  # of the connection: the next look says whether it is gone
                return
            except Exception as error:  # noqa: BLE001  # it can't be pickled
                yield [Outcome(place, why=failure(error)) for place in part.places]
            else:
                self._pending[future] = part
            if self._rest:
                self._rest.pop()
            else:
                self._lone.pop(0)

    def _done(self) -> list[Future]:
        """Wait a moment until one is done, whatever came of it."""
        from distributed import wait

        began = time.monotonic()
        try:
            with self._client.as_current():  # `wait` asks the current client, whosever the futures are
                wait(list(self._pending), timeout=_LOOK, return_when="FIRST_COMPLETED")
        except Exception:  # noqa: BLE001  # nothing is done, or some were cancelled: their status says so
            pass
        done = [future for future in self._pending if future.status != "pending"]
        if not done and (left := began + _LOOK - time.monotonic()) > 0:
            time.sleep(left)
        return done

    def _sent(self, part: Part) -> Future:
        if isinstance(part, DaskPart):
            return self._client.compute(part.delayed(self._job))
        if isinstance(part, FramePart):  # its rows go to a worker, and not through the scheduler
            [rows] = self._client.scatter([part], hash=False)
            return self._client.submit(judge, self._job, rows, pure=False)
        return self._client.submit(judge, self._job, part, pure=False)

    def _taken(self, future: Future) -> list[Outcome]:
        part = self._pending.pop(future)
        if future.status == "finished":
            try:
                found: list[Outcome] = future.result()
                return found
            except Exception as error:  # noqa: BLE001  # it was lost on the way
                why = failure(error)
        elif future.status == "error":
            why = _words(future.exception())
        else:
            why = f"the cluster has let go of it ({future.status})"
        if any(place not in self._again for place in part.places):
            self._again.update(part.places)
            self._lone += part.alone()
            return []
        return [Outcome(place, why=why) for place in part.places]

    def _gone(self) -> str:
        """Why nothing more is to be expected of the cluster; "" while something is."""
        if not _is_there(self._client):
            return "the cluster went away before it was judged"
        now = time.monotonic()
        try:
            self._threads = sum(self._client.nthreads().values())
        except Exception:  # noqa: BLE001  # the scheduler does not answer
            self._threads = 0
        if self._threads:
            self._seen = now
        elif now - self._seen > PATIENCE:
            return f"the cluster has had no worker for {PATIENCE:.0f} s"
        return ""


def _is_there(client: Client) -> bool:
    return client.status in ("running", "connecting")


def _words(error: BaseException | None) -> str:
    """An error of the cluster in words."""
    if type(error).__name__ == "KilledWorker":
        return "each worker that tried it died, as where memory runs out: give them more memory, or fewer threads"
    return failure(error) if error is not None else "the cluster does not say why"
