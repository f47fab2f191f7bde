"""An agent's process: in a folder and a process group of its own, with a clean environment, ended in time."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Literal

from createos_nb.errors import InvalidInput

#: How an agent's process ended: by itself; by itself with an error; because the world's time was up, or the real time.
Ended = Literal["finished", "failed", "drill over", "timeout"]

#: Agents that are shipped, by the names that stand for their commands.
REFERENCE: Final = ("script", "diagnose", "random")
#: What every process needs to run, and says nothing of the drill.
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT", "COMSPEC", "PATHEXT")
#: Real seconds that a process has to end after it was asked to.
_GRACE: Final = 2.0
_LOOK: Final = 0.05
#: Characters of what it says that are kept.
_TAIL: Final = 4_000
_LONGEST_LINE: Final = 100_000
_ANSWERS: Final = ("cause", "where", "trouble")


@dataclass(frozen=True)
class Taken:
    """What became of an agent's process.

    Attributes:
        ended: how it ended.
        code: its exit code; None where it was killed.
        seconds: real seconds that it took.
        errors: the end of its standard error.
    """

    ended: Ended
    code: int | None
    seconds: float
    errors: str


def words_of(command: str | Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return the words of a command, with the paths of its files as they are from any folder.

    Args:
        command: as it is typed, or its words; no shell reads it. "script", "diagnose" and "random" are the reference
            agents.

    Returns:
        The words; what names a file is its absolute path.

    Raises:
        InvalidInput: there is no such program, or no word.

    Examples:
        >>> from createos_nb.agents.examination.agent_process import words_of
        >>> words_of("diagnose")[1:]
        ['-m', 'createos_nb.agents.reference.diagnose']
        >>> words_of("no-such-program --fast")
        Traceback (most recent call last):
        createos_nb.errors.InvalidInput: --agent: there is no program 'no-such-program'; ...
    """
    try:
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    except ValueError as error:
        raise InvalidInput(f"--agent: {error}: quotes are as in a shell") from None
    if not words:
        raise InvalidInput("--agent: a command, such as 'python my_agent.py'")
    if len(words) == 1 and words[0] in REFERENCE:
        return [sys.executable, "-m", f"createos_nb.agents.reference.{words[0]}"]
    # not resolved: the Python of an environment is a link, and another Python where it leads to
    words = [str(Path(word).absolute()) if Path(word).is_file() else word for word in words]
    if shutil.which(words[0]) is None:
        raise InvalidInput(f"--agent: there is no program {words[0]!r}; name one of the PATH, or a file to execute")
    return words


def environment_for(folder: Path, given: Mapping[str, str], passed: Sequence[str] = ()) -> dict[str, str]:
    """Return the whole environment of an agent's process.

    Args:
        folder: its working folder, which is its home, too.
        given: what the drill gives it.
        passed: names of variables of this process that it gets, too, such as the key of a language model.

    Returns:
        Values by name.

    Raises:
        InvalidInput: a variable that is to be passed is not set, or is one of the drill's.

    Examples:
        >>> from pathlib import Path
        >>> from createos_nb.agents.examination.agent_process import environment_for
        >>> environment_for(Path("work"), {"CREATEOS_API_URL": "http://127.0.0.1:1"})["HOME"]
        'work'
    """
    own = {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1", **given}
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    for name in passed:
        if name in given:
            raise InvalidInput(f"--env {name}: the drill sets it")
        if name not in os.environ:
            raise InvalidInput(f"--env {name}: it is not set here")
        own[name] = os.environ[name]
    return {**kept, **own}


def take(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    alert: str,
    *,
    timeout: float,
    over: Callable[[], bool],
    submit: Callable[[dict[str, Any]], object],
) -> Taken:
    """Start an agent, give it the alert, take what it answers, and end it in time.

    Args:
        words: the command.
        folder: its working folder.
        environment: all of its environment.
        alert: what it reads on its standard input, which ends after that.
        timeout: real seconds after which it is ended.
        over: says whether the drill is over.
        submit: takes each line of its standard output that is an answer: a JSON object with cause, where or trouble.

    Returns:
        How it ended. None of its processes is left, unless one has left the group.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        list(words),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    tail: list[str] = []
    readers = [
        threading.Thread(target=_answers, args=(process.stdout, submit), daemon=True),
        threading.Thread(target=_kept, args=(process.stderr, tail), daemon=True),
    ]
    ended: Ended = "finished"
    try:
        for reader in readers:
            reader.start()
        with suppress(BrokenPipeError):
            process.stdin.write(alert)
            process.stdin.close()
        while process.poll() is None:
            if time.monotonic() - started > timeout:
                ended = "timeout"
                break
            if over():
                ended = "drill over"
                break
            time.sleep(_LOOK)
    finally:
        _end(process)
        for reader, stream in zip(readers, (process.stdout, process.stderr), strict=True):
            if reader.ident is not None:
                reader.join(_GRACE)
            if not reader.is_alive():  # what has left the group may hold the other end
                stream.close()
        with suppress(OSError):
            process.stdin.close()
    code = process.returncode if ended == "finished" else None
    return Taken("failed" if code else ended, code, time.monotonic() - started, "".join(tail)[-_TAIL:])


def _end(process: subprocess.Popen[str]) -> None:
    """End the group of a process: ask, and kill what is left."""
    for number, patience in ((signal.SIGTERM, _GRACE), (_KILL, _GRACE)):
        if process.poll() is not None and number != _KILL:
            continue
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, number)
            else:
                process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)


#: Windows has no such signal.
_KILL: Final[int] = getattr(signal, "SIGKILL", signal.SIGTERM)


def _answers(stream: IO[str], submit: Callable[[dict[str, Any]], object]) -> None:
    while line := stream.readline(_LONGEST_LINE):
        try:
            answer = json.loads(line)
        except ValueError:
            continue
        if isinstance(answer, dict) and any(answer.get(name) is not None for name in _ANSWERS):
            with suppress(InvalidInput):
                submit(answer)


def _kept(stream: IO[str], tail: list[str]) -> None:
    while text := stream.readline(_LONGEST_LINE):
        tail.append(text)
        del tail[:-50]
