"""`createos-nb drill`: incidents to rehearse, taken by a program that is examined."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from createos_nb import extras
from createos_nb.cli import argument_types, tables
from createos_nb.cli.commands import COMMANDS, NAME, epilogue
from createos_nb.cli.exit_codes import DONE, FAILED
from createos_nb.cli.options import FOR_PEOPLE, Flag, Form, Time

FAMILIES: Final = "drill-families/1"
RUN: Final = "createos-nb/drill-run/1"

_COMMAND: Final = next(one for one in COMMANDS if one.name == "drill")
drill: Final = App(
    name="drill",
    help=_COMMAND.help,
    usage=f"Usage: {NAME} drill COMMAND",
    help_epilogue=epilogue(_COMMAND),
    help_flags=["--help", "-h"],
)


@drill.command
def families(*, form: Form = FOR_PEOPLE) -> int:
    """List the families of incidents.

    Args:
        form: in which form.

    Returns:
        The exit code.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["drill", "families", "--csv"])
        family,shows,templates,false_alarm
        ...
        0
    """
    from createos_nb import training

    tables.show(training.families(), FAMILIES, form)
    return DONE


@drill.command
def run(
    family: str,
    /,
    *more: str,
    agent: Annotated[str, Parameter(metavar="COMMAND", allow_leading_hyphen=True)],
    seeds: Annotated[str, Parameter(metavar="A:B")] = "1:3",
    jobs: Annotated[int, Parameter(alias="-j", metavar="N")] = 1,
    timeout: Time = "10min",
    lasts: Time = "60min",
    seconds_per_call: Annotated[float, Parameter(metavar="N")] = 10.0,
    env: Annotated[list[str] | None, Parameter(negative="", metavar="NAME")] = None,
    salt: Annotated[str | None, Parameter(metavar="TEXT")] = None,
    json: Flag = False,
    report: Annotated[Path | None, Parameter(metavar="FILE")] = None,
) -> int:
    """Let a program take drills, and grade it.

    Each drill is a simulated world of its own, served with REST and /mcp; the program gets the addresses and a key in
    its environment, and the alert on its standard input. It answers by a line of JSON on its standard output, such as
    {"cause": "bad_release", "where": "shop/production"}; docs/agents.md has the rest.

    Args:
        family: as createos-nb drill families lists it, or all.
        more: further families.
        agent: the command of the program, which no shell reads; script, diagnose and random are the agents that are
            shipped.
        seeds: which problems of each family: a number, or a range with both of its ends.
        jobs: drills at a time.
        timeout: real time that each may take.
        lasts: how long a drill is, in the world's time.
        seconds_per_call: seconds of the world that each request takes.
        env: a variable of this environment that the program gets too, such as the key of a language model; may be given
            again.
        salt: of an earlier run, to make its problems again (default: drawn, so that no program can know them).
        json: one JSON object a line, one for each drill, and a last one with the salt.
        report: write the report, as Markdown, into this file.

    Returns:
        The exit code: 1 where the program could not be started, or failed, in every drill; else 0: how it did is for
        whoever reads the score.

    Raises:
        MissingExtra: The extra `server` is not installed.
        InvalidInput: An option is wrong, or there is no such program.
        UnknownName: There is no such family.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["drill", "run", "capacity", "--agent", "no-such-program"])
        2
    """
    extras.require("server", "createos-nb drill run")
    from createos_nb.agents.examination.one import seeds_of
    from createos_nb.agents.examination.run import examine_command

    if report is not None:
        argument_types.writable(report, "--report")
    numbers = seeds_of(seeds)

    def told(result: dict[str, Any]) -> None:
        if json:
            _line(result)
        else:
            passed = [one["question"] for one in result["score"] if one["passed"]]
            tables.notice(f"{result['family']} {result['seed']}: {result['ended']}; {', '.join(passed) or 'nothing'}")

    done = examine_command(
        agent,
        [family, *more],
        numbers,
        jobs=jobs,
        timeout=timeout,
        lasts=lasts,
        seconds_per_call=seconds_per_call,
        pass_env=env or (),
        salt=salt,
        on_result=told,
    )
    if report is not None:
        report.write_text(done.report(), encoding="utf-8")
    if json:
        _line({"schema": RUN, "agent": done.command, "drills": len(done.results), "salt": done.salt})
    else:
        tables.show(done.summary(), "drill-summary/1", FOR_PEOPLE)
        print(f"salt: {done.salt}")
    failed = [one for one in done.results if one["ended"] == "failed"]
    for one in failed[:1]:
        tables.warn("drill run", f"{one['family']} {one['seed']} ended with {one['exit_code']}: {one['errors'][-500:]}")
    return FAILED if len(failed) == len(done.results) else DONE


def _line(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()
