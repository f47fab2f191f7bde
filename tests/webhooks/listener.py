"""`createos-nb listen` in a process of its own."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

LIMIT = 30
"""Seconds after which whatever is waited for is not coming."""
COMMAND = "import sys; from createos_nb.cli import main; sys.exit(main())"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Listener:
    """The running command; `secret` goes into its environment, or is piped in."""

    def __init__(self, file: Path, secret: str, *arguments: str, port: int = 0, pipe: bool = False) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        if not pipe:
            environment["CREATEOS_WEBHOOK_SECRET"] = secret
        self.command = [sys.executable, "-c", COMMAND, "listen", "--port", str(port), "--file", str(file), *arguments]
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        assert self.process.stdout is not None
        assert self.process.stdin is not None
        if pipe:
            self.process.stdin.write(secret.encode() + b"\n")
        self.process.stdin.close()
        self.process.stdin = None
        self.said = b""
        while self.said.count(b"\n") < 2:
            assert select.select([self.process.stdout], [], [], 2 * LIMIT)[0], "it said nothing"
            more = os.read(self.process.stdout.fileno(), 1_000)
            assert more, self.process.communicate()[1].decode()
            self.said += more
        self.url = self.said.decode().splitlines()[0].removeprefix("url: ")

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal; gives the exit code, and what was said."""
        self.process.send_signal(number)
        said, errors = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, (self.said + said).decode(), errors.decode()

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=LIMIT)
