"""One drill that a command takes, from the alert to the score."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from createos_nb import training
from createos_nb.agents.drill_link import KEY, URL
from createos_nb.agents.examination.agent_process import environment_for, take
from createos_nb.agents.examination.desk import Desk
from createos_nb.frames.json_rows import rows_of
from createos_nb.uploads.secret_tokens import mask_tokens

SCHEMA: Final = "createos-nb/drill/1"


@dataclass(frozen=True)
class Terms:
    """The terms of an examination, the same for all of its drills.

    Attributes:
        words: the command that takes the drills.
        salt: what is mixed into each seed.
        timeout: real seconds that a drill may take.
        lasts: how long a drill is, in the world's time.
        seconds_per_call: seconds of the world that each request takes.
        passed: names of environment variables that the command gets.
    """

    words: tuple[str, ...]
    salt: str
    timeout: float
    lasts: str
    seconds_per_call: float
    passed: tuple[str, ...] = ()


def take_one(family: str, seed: int, terms: Terms) -> dict[str, Any]:
    """Let a command take a drill.

    It runs in a new folder, with an environment that holds what it needs and nothing else: neither family nor seed, nor
    what was the matter.

    Args:
        family: of the incident.
        seed: which problem of the family.
        terms: of the examination.

    Returns:
        What JSON holds of it: schema, family, seed, ended, exit_code, seconds (real), world_seconds (of the world,
        until it ended), answers, score (question, passed, value, unit), measures (by name), errors (the end of the
        standard error).
    """
    drill = training.drill(
        family, seed, seconds_per_call=terms.seconds_per_call, lasts=terms.lasts, salt=f"{terms.salt} {family}"
    )
    with (
        tempfile.TemporaryDirectory(prefix="drill-", ignore_cleanup_errors=True) as folder,
        drill.serve() as served,
        Desk(drill, served.key) as desk,
    ):
        given = {
            "CREATEOS_API_URL": served.url,
            "CREATEOS_MCP_URL": f"{served.url}/mcp",
            KEY: served.key,
            URL: desk.url,
            "CREATEOS_NB_JOURNALS": str(Path(folder) / "journals"),
            "CREATEOS_NB_CONFIG": str(Path(folder) / "config.toml"),
            "CREATEOS_NB_PROGRESS": "0",
        }
        environment = environment_for(Path(folder), given, terms.passed)
        taken = take(
            terms.words,
            Path(folder),
            environment,
            alert_text(drill),
            timeout=terms.timeout,
            over=lambda: not drill.left,
            submit=desk.submit,
        )
        desk.close()
    begun = drill.alert.time
    world_seconds = (drill.now - begun).total_seconds()
    measures = drill.measures()
    answers = drill.answers()
    return {
        "schema": SCHEMA,
        "family": family,
        "seed": seed,
        "ended": taken.ended,
        "exit_code": taken.code,
        "seconds": round(taken.seconds, 2),
        "world_seconds": world_seconds,
        "answers": rows_of(answers),
        "score": rows_of(drill.score()),
        "measures": {row["measure"]: row["value"] for row in rows_of(measures[["measure", "value"]])},
        "errors": mask_tokens(taken.errors),
    }


def alert_text(drill: training.Drill) -> str:
    """Return what an agent reads on its standard input.

    Args:
        drill: the drill.

    Returns:
        A line each for time, source, where ("" is the account) and alert.

    Examples:
        >>> from createos_nb.agents.examination.one import alert_text
        >>> [line.partition(":")[0] for line in alert_text(createos_nb.training.drill("capacity", seed=3)).splitlines()]
        ['time', 'source', 'where', 'alert']
    """
    alert = drill.alert
    return f"time: {alert.time.isoformat()}\nsource: {alert.source}\nwhere: {alert.where}\nalert: {alert.text}\n"


def seeds_of(text: str) -> Sequence[int]:
    """Return the seeds that a text names.

    Args:
        text: numbers and ranges, such as "1:50" (both ends), "3", or "1,4,7:9".

    Returns:
        The seeds, each once, in their order.

    Raises:
        InvalidInput: it names none, or something else.

    Examples:
        >>> from createos_nb.agents.examination.one import seeds_of
        >>> seeds_of("1:3,7")
        [1, 2, 3, 7]
    """
    from createos_nb.errors import InvalidInput

    found: list[int] = []
    for part in text.split(","):
        first, colon, last = part.strip().partition(":")
        if not (first.isascii() and first.isdecimal()) or (colon and not (last.isascii() and last.isdecimal())):
            raise InvalidInput(
                f"--seeds: numbers such as 3, or a range with both of its ends such as 1:50, not {text!r}"
            )
        found += range(int(first), int(last if colon else first) + 1)
    if not found:
        raise InvalidInput(f"--seeds: {text!r} names none; the smaller number comes first")
    return list(dict.fromkeys(found))
