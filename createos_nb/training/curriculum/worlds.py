"""The world of a lesson: opened from its scenario, and prepared as the lesson's file says."""

from __future__ import annotations

import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from createos_nb import runbooks
from createos_nb.client.connect.simulate import simulate
from createos_nb.errors import CreateOSError
from createos_nb.simulator.scenario.builder import open_world
from createos_nb.simulator.world.snapshot import dump_state, load_state
from createos_nb.simulator.world.world import World

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.training.curriculum.reader import LessonSource
    from createos_nb.training.curriculum.schema import StepSection

_OPENED: Final[dict[str, bytes]] = {}
_REMEMBERED: Final = 4
"""Worlds that are kept as they were prepared."""


def lesson_world(source: LessonSource) -> World:
    """Open the world of a lesson, as it is when the lesson begins.

    Raises `InvalidInput`, with line and field, where a step can't be done.
    """
    section = source.content.world
    digest = world_digest(source)
    if digest in _OPENED:
        # another world, and no fork, which would have the name of the first one
        again = World(load_state(_OPENED[digest])[0])
        again.initial_state = _OPENED[digest]
        return again
    world = open_world(section.scenario, seed=section.seed)
    client = simulate(world)
    for number, step in enumerate(section.steps):
        try:
            _do(step, world, client)
        except (CreateOSError, TypeError) as error:
            raise source.error(f"world.steps[{number}]", str(error)) from None
    if section.steps:
        # a reset leads back to where the lesson begins
        world.initial_state = dump_state(world)
        # the same lesson is opened again and again by tests and graders: its world is prepared once
        while len(_OPENED) >= _REMEMBERED:
            del _OPENED[next(iter(_OPENED))]
        _OPENED[digest] = world.initial_state
    return world


def world_digest(source: LessonSource) -> str:
    """Return what tells the world of a lesson from that of another version of its file."""
    section = source.content.world
    facts = [section.scenario, section.seed, msgspec.to_builtins(section.steps)]
    return blake2b(msgspec.json.encode(facts, order="sorted"), digest_size=8).hexdigest()


def _do(step: StepSection, world: World, client: Client) -> None:
    if step.do == "advance":
        world.advance(step.time)
    elif step.do == "give_key":
        _give_key(world, client, **step.arguments)
    elif step.do == "runbook":
        make = getattr(runbooks, step.runbook, None) if step.runbook in runbooks.__all__ else None
        if make is None:
            raise CreateOSError(f"there is no runbook {step.runbook!r}")
        plan = make(client, **step.arguments)
        with tempfile.TemporaryDirectory(prefix="createos-lesson-") as folder:
            # a journal of its own: it is no run of the learner
            plan.apply(plan.confirmation, "before the lesson", journal=Path(folder) / "prepared.jsonl")
    else:
        getattr(world, step.do)(**step.arguments)


def _give_key(world: World, client: Client, project: str, environment: str, variable: str, key: str) -> None:
    """Let an app have an API key of the account, as one that uses it has: nobody else can read a key's value."""
    secrets = [one.secret for one in world.state.keys.values() if one.name == key]
    if not secrets:
        raise CreateOSError(f"there is no API key {key!r}")
    revealed = client.environments.reveal_variables(project, environment)
    held = {str(name): str(value) for name, value in revealed.items()}
    client.environments.update_variables(project, environment, run_envs={**held, variable: secrets[0]})
