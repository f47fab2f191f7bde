"""Which environment of a world calls which: declared, ended, and kept when an environment goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.ids import number_of
from createos_nb.simulator.state import Environment, Project
from createos_nb.simulator.times import SECOND, MomentLike, duration
from createos_nb.simulator.traffic import Call, cycle_of
from createos_nb.simulator.world.events import moment_of
from createos_nb.times import DurationLike


def connect(
    context: WorldContext,
    caller: str,
    callee: str,
    name: str,
    start: MomentLike,
    lasts: DurationLike | None,
    fields: Mapping[str, Any],
) -> str:
    """Let an environment call another one, and return the name of the call; see `World.connect`."""
    begins = -(-moment_of(context, start) // SECOND)
    if begins < context.state.now // SECOND:
        raise InvalidInput("calls start now or later: what has been stays as it was")
    end = None if lasts is None else begins + round(duration(lasts) / SECOND)
    return add(context, caller, callee, name, begins, end, fields).name


def add(
    context: WorldContext, caller: str, callee: str, name: str, start: int, end: int | None, fields: Mapping[str, Any]
) -> Call:
    """Declare a call from `start` to `end` (Unix seconds). Raises `InvalidInput`, `UnknownName`."""
    state = context.state
    name = name or f"call-{len(state.calls) + 1}"
    if any(call.name == name for call in state.calls):
        raise InvalidInput(f"there is a call {name!r} already")
    project, here = context.find_environment(caller)
    other, there = context.find_environment(callee)
    number = number_of(65_536, state.seed, "client", here.id)
    try:
        call = Call(
            name=name,
            caller=here.id,
            callee=there.id,
            start=start,
            end=end,
            host=there.host,
            client=f"10.42.{number >> 8}.{number & 255}",
            agent=f"{project.name}/1.0",
            **fields,
        )
    except (TypeError, ValueError) as error:
        raise InvalidInput(str(error)) from None
    circle = cycle_of([*state.calls, call])
    if circle is not None:
        names = [_name(context, stream) for stream in circle]
        raise InvalidInput(
            f"{caller} can't call {callee}, for calls would go in a circle: {' → '.join(names)}; calls that have "
            "ended count, too"
        )
    state.calls.append(call)
    context.invalidate_traffic(here)
    text = f"{name}: {call.path} calls {other.name}/{there.name} {call.method} {call.endpoint}"
    context.record("calls begin", project, text, environment=here)
    return call


def disconnect(context: WorldContext, name: str) -> None:
    """End a call now. Raises `UnknownName`."""
    state = context.state
    now = state.now // SECOND
    for place, call in enumerate(state.calls):
        if call.name == name:
            if call.end is None or call.end > now:
                state.calls[place] = replace(call, end=max(now, call.start))
                found = _find(context, call.caller)
                context.invalidate_traffic(found[1])
                context.record("calls end", found[0], name, environment=found[1])
            return
    raise UnknownName("call", name, [call.name for call in state.calls])


def _find(context: WorldContext, identity: str) -> tuple[Project | None, Environment]:
    for project in context.state.projects.values():
        if identity in project.environments:
            return project, project.environments[identity]
    return None, context.state.removed[identity]


def _name(context: WorldContext, identity: str) -> str:
    project, environment = _find(context, identity)
    return environment.host if project is None else f"{project.name}/{environment.name}"
