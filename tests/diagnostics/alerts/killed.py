"""Watches that are killed, one after the other, at every place where one writes or sends: run by `test_state.py`.

`python -m tests.diagnostics.alerts.killed FOLDER`: each child counts what it does, and kills itself at the next number;
the last one is left alone. Each message that was taken is a line of FOLDER/taken.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import createos_nb
from createos_nb.diagnostics import Watcher
from createos_nb.diagnostics.alerts import state
from createos_nb.notify import Message

MOST = 60


def main(folder: Path) -> int:
    write = state.atomic_write
    for number in range(1, MOST):
        child = os.fork()
        if child == 0:
            done = 0

            def step(number: int = number) -> None:
                nonlocal done
                done += 1
                if done == number:
                    os.kill(os.getpid(), signal.SIGKILL)

            def killed_write(path: Path, content: bytes) -> None:
                step()
                write(path, content)
                step()

            def take(message: Message) -> None:
                step()
                with (folder / "taken").open("a") as file:
                    file.write(repr((message.title, "may have come before" in message.body)) + "\n")
                step()

            state.atomic_write = killed_write
            client = createos_nb.simulate("dns-pending")
            client.clock.sleep(600.0 * number)
            with Watcher(client, state=folder / "state.json", notify=take) as watcher:
                watcher.round()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return number
        if os.WTERMSIG(status) != signal.SIGKILL:
            return -1
    return 0


if __name__ == "__main__":
    sys.stdout.write(str(main(Path(sys.argv[1]))))
