"""An examination: the same command in many drills, several at a time."""

from __future__ import annotations

import math
import multiprocessing
import os
import secrets
import shlex
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

from createos_nb import extras
from createos_nb.agents.examination.agent_process import environment_for, words_of
from createos_nb.agents.examination.one import Terms, take_one
from createos_nb.agents.examination.result import Examination
from createos_nb.errors import InvalidInput
from createos_nb.times import DurationLike, parse_duration
from createos_nb.training.drills.family import all_families, family_named
from createos_nb.uploads.secret_tokens import mask_tokens

#: In place of a family: each of them.
ALL: Final = "all"
_MOST_JOBS: Final = 64


def examine_command(
    command: str | Sequence[str | os.PathLike[str]],
    families: str | Sequence[str] = ALL,
    seeds: int | Sequence[int] = (1, 2, 3),
    *,
    jobs: int = 1,
    timeout: DurationLike = "10min",
    lasts: str = "60min",
    seconds_per_call: float = 10.0,
    pass_env: Sequence[str] = (),
    salt: str | None = None,
    on_result: Callable[[dict[str, Any]], object] | None = None,
) -> Examination:
    """Let a command take many drills, each in a process of its own, and grade it.

    The command gets the addresses of a simulated platform (REST and /mcp) and a key in its environment, and the alert
    on its standard input. It answers by a line of JSON on its standard output, or at the drill's address; see
    docs/agents.md.

    Args:
        command: a command as it is typed, or its words; "script", "diagnose" and "random" are the reference agents.
        families: names of `createos_nb.training.families`, or "all".
        seeds: which problems of each family.
        jobs: drills at a time.
        timeout: real time that a drill may take, such as "10min".
        lasts: how long a drill is, in the world's time.
        seconds_per_call: seconds of the world that each request takes: the same acts have the same score on any
            machine.
        pass_env: names of environment variables that the command gets, too, such as the key of a language model.
        salt: what is mixed into each seed; by default drawn for this run, so that who knows family and seed can't make
            up the same problem. Give that of an earlier run for the same problems.
        on_result: called with each drill's result, as `Examination.results` has them, in their order.

    Returns:
        The results.

    Raises:
        InvalidInput: there is no such program, no seed, or a value is out of range.
        UnknownName: there is no such family.
        MissingExtra: the extra `server` is not installed.

    Examples:
        >>> from createos_nb.agents.examination.run import examine_command
        >>> import sys
        >>> done = examine_command([sys.executable, "-c", "print('no answer')"], "false_alarm", [3])
        >>> done.frame().loc[0, ["question", "ended"]].tolist(), int(done.summary()["detected"].sum())
        (['detected', 'finished'], 0)
    """
    extras.require("server", "examine_command")
    words = words_of(command)
    given = [families] if isinstance(families, str) else list(families)
    names = list(all_families()) if given == [ALL] else [family_named(name).name for name in given]
    numbers = [seeds] if isinstance(seeds, int) else list(seeds)
    if not numbers or not names:
        raise InvalidInput("examine_command: give at least one family and one seed")
    if not 1 <= jobs <= _MOST_JOBS:
        raise InvalidInput(f"jobs: 1 to {_MOST_JOBS}, not {jobs}")
    seconds = parse_duration(timeout, "timeout")
    if not 0 < seconds < math.inf:
        raise InvalidInput("timeout: a real time, such as 10min")
    drawn = secrets.token_hex(16) if salt is None else salt
    terms = Terms(tuple(words), drawn, seconds, lasts, seconds_per_call, tuple(pass_env))
    _check(terms)
    results = []
    with _taking(jobs) as start:
        begun = [start(name, seed, terms) for name in names for seed in numbers]
        for one in begun:
            result = one()
            results.append(result)
            if on_result is not None:
                on_result(result)
    shown = mask_tokens(command if isinstance(command, str) else shlex.join(map(str, command)))
    return Examination(shown, drawn, terms.timeout, lasts, seconds_per_call, results)


def _check(terms: Terms) -> None:
    """Refuse what every drill would refuse, before the first one."""
    from pathlib import Path

    from createos_nb.training.drills.pace import Pace

    environment_for(Path(), {}, terms.passed)
    Pace(terms.seconds_per_call, None)
    if parse_duration(terms.lasts, "lasts") < 900:
        raise InvalidInput(f"lasts: at least 15 minutes, not {terms.lasts!r}")


Start = Callable[[str, int, Terms], Callable[[], dict[str, Any]]]


@contextmanager
def _taking(jobs: int) -> Iterator[Start]:
    """What begins a drill, and gives what waits for its result."""
    if jobs == 1:

        def at_once(family: str, seed: int, terms: Terms) -> Callable[[], dict[str, Any]]:
            return lambda: take_one(family, seed, terms)

        yield at_once
        return
    # processes that are started anew: a fork of one with threads may hang
    pool = ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))
    begun: list[Future[dict[str, Any]]] = []

    def beside(family: str, seed: int, terms: Terms) -> Callable[[], dict[str, Any]]:
        one = pool.submit(take_one, family, seed, terms)
        begun.append(one)
        return one.result

    try:
        yield beside
    finally:
        for one in begun:
            one.cancel()
        pool.shutdown(wait=True, cancel_futures=True)
