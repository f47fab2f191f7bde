"""Runtime logs and build logs, searched."""

from __future__ import annotations

from typing import Literal

from createos_nb.agents.answer import Answer
from createos_nb.agents.context import ToolContext
from createos_nb.agents.tool import tool
from createos_nb.errors import InvalidInput
from createos_nb.times import beginning

Level = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
#: Requests that a search of several environments may take.
_BUDGET = 30


@tool()
def logs(
    context: ToolContext,
    project: str | None = None,
    environment: str | None = None,
    start: str = "10min",
    end: str = "now",
    level: Level | None = None,
    search: str | None = None,
    newest: int = 60,
    offset: int = 0,
) -> Answer:
    """Search the runtime log of an environment, of a project, or of the whole account.

    Args:
        context: what tools share.
        project: by name or id; by default all.
        environment: by name or id; by default all of the project.
        start: first moment, such as 10min (ago).
        end: moment after the last.
        level: only this one and what is worse.
        search: a part of the text; behind re:, a regular expression.
        newest: how many of the lines that match to give, the newest.
        offset: rows to leave out.

    Returns:
        lines, oldest first; lines_read and lines_matching say of how many, cut and unread what could not be read.
    """
    if newest < 1:
        raise InvalidInput("logs: newest is how many lines to give, at least 1")
    window = {"start": beginning(start), "end": end, "level": level, "search": search}
    if environment is not None:
        if project is None:
            raise InvalidInput("logs: give the project that the environment is of")
        frame = context.client.environments.logs(project, environment, **window)  # type: ignore[arg-type]
    else:
        frame = context.client.fleet.logs(projects=project, budget=_BUDGET, **window)  # type: ignore[arg-type]
    columns = [name for name in ("project", "environment", "time", "level", "text") if name in frame]
    shown = frame[columns].tail(newest)
    shown.attrs = frame.attrs
    if len(shown) == len(frame):
        return Answer(frame=shown)
    note = f"the newest {newest} of {len(frame)} lines that match: give newest, a level, or a search"
    return Answer(frame=shown, complete=False, notes=(note,))


@tool()
def build_logs(
    context: ToolContext,
    project: str,
    deployment: str | int,
    level: Level | None = None,
    search: str | None = None,
    newest: int = 60,
    offset: int = 0,
) -> Answer:
    """Search the build log of a deployment.

    Args:
        context: what tools share.
        project: by name or id.
        deployment: its version number or id.
        level: only this one and what is worse.
        search: a part of the text; behind re:, a regular expression.
        newest: how many of the lines that match to give, the last.
        offset: rows to leave out.

    Returns:
        lines, oldest first.
    """
    if newest < 1:
        raise InvalidInput("build_logs: newest is how many lines to give, at least 1")
    frame = context.client.deployments.build_logs(project, deployment, level=level, search=search)
    shown = frame[["time", "stage", "level", "text"]].tail(newest)
    shown.attrs = frame.attrs
    if len(shown) == len(frame):
        return Answer(frame=shown)
    return Answer(frame=shown, complete=False, notes=(f"the last {newest} of {len(frame)} lines that match",))
