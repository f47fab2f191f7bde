"""`createos-nb serve`: the simulated platform over HTTP, for other clients, kernels and browsers."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from createos_nb import extras
from createos_nb.cli import argument_types, names
from createos_nb.cli.exit_codes import DONE, INTERRUPTED
from createos_nb.cli.options import Flag
from createos_nb.errors import InvalidInput

if TYPE_CHECKING:
    from createos_nb.simulator.world.world import World

_SCENARIO, _SEED, _DIALECT, _SPEED = "storefront", 7, "production", 60.0


@dataclass(frozen=True)
class _Options:
    port: int
    allow_host: list[str]
    scenario: str | None
    seed: int | None
    speed: float | None
    dialect: Literal["production", "documented"] | None
    state: Path | None
    control: bool
    faults: Path | None
    learners: int | None
    lesson: str | None


def serve(
    *,
    port: argument_types.Port = 8765,
    allow_host: argument_types.Hosts | None = None,
    scenario: Annotated[str | None, Parameter(metavar="NAME", completer=names.complete_scenarios)] = None,
    seed: Annotated[int | None, Parameter(metavar="N")] = None,
    speed: float | None = None,
    dialect: Literal["production", "documented"] | None = None,
    state: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    control: Flag = False,
    faults: Annotated[Path | None, Parameter(metavar="FILE")] = None,
    learners: Annotated[int | None, Parameter(name="--class", metavar="N")] = None,
    lesson: Annotated[str | None, Parameter(metavar="NAME")] = None,
) -> int:
    """Serve a simulated platform on this machine.

    Args:
        port: on 127.0.0.1; 0 for a free one.
        allow_host: answer to this name too, such as that of a proxy in front; may be given again (else to 127.0.0.1 and
            localhost alone).
        scenario: a scenario, or a file of one (default: storefront).
        seed: what ids, traffic and delays depend on (default: 7).
        speed: of its clock, times real time (default: 60; of a class 0, so that time passes for whoever waits).
        dialect: of answers (default: production).
        state: keep the world in this file, and go on with it.
        control: let it be steered below /_world/, by whoever has the token that is printed once.
        faults: let the faults of this file strike.
        learners: a world for each of so many learners, each with an address, a key and a control token of its own,
            which are printed as CSV.
        lesson: with --class: the world of this lesson.

    Returns:
        The exit code.

    Raises:
        MissingExtra: The extra `server` is not installed.
        InvalidInput: An option is wrong, or does not fit the world that `--state` keeps.
        OSError: The port can't be used.
    """
    extras.require("server", "createos-nb serve")
    options = _Options(port, allow_host or [], scenario, seed, speed, dialect, state, control, faults, learners, lesson)
    stop = threading.Event()
    received: list[int] = []

    def end(number: int, _: object) -> None:
        received.append(number)
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if options.learners is None:
            _serve(options, stop)
        else:
            _serve_class(options, options.learners, stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return INTERRUPTED if signal.SIGINT in received else DONE


def _serve(options: _Options, stop: threading.Event) -> None:
    from createos_nb.simulator.http.server import serve as serve_world
    from createos_nb.simulator.http.state_file import StateFile
    from createos_nb.simulator.world.faults import read_faults

    if options.lesson is not None:
        raise InvalidInput("--lesson goes with --class N: one world of a lesson is createos_nb.training.lesson()")
    speed = _SPEED if options.speed is None else options.speed
    if options.state is not None:
        argument_types.writable(options.state, "--state")
    faults = read_faults(options.faults) if options.faults is not None else []
    file = None
    if options.state is None:
        world = _fresh(options)
    else:
        file = StateFile(options.state, lambda: _fresh(options), speed=speed)
        world = file.world
    try:
        if file is not None:
            _check(options, world)
        if options.dialect is not None:
            world.dialect = options.dialect
        if faults:
            world.faults(*faults, seed=world.state.seed).start()
        serving = serve_world(world, options.port, speed, file=file, hosts=options.allow_host, control=options.control)
        with serving as served:
            token = f"\ncontrol token: {served.token.reveal()}" if served.token is not None else ""
            print(f"url: {served.url}\nkey: {served.key}{token}", flush=True)
            # Now and then by itself: on some systems a signal does not end a wait.
            while not stop.wait(1.0):
                if not served.running:
                    raise OSError("the server has stopped by itself")
    finally:
        if file is not None:
            file.close()


def _serve_class(options: _Options, learners: int, stop: threading.Event) -> None:
    from createos_nb.simulator.http.class_server import ClassServer
    from createos_nb.training.curriculum.reader import read_lesson
    from createos_nb.training.curriculum.worlds import lesson_world

    for name, given in (("--state", options.state), ("--faults", options.faults), ("--control", options.control)):
        if given:
            raise InvalidInput(f"{name} is for one world, and not for --class")
    if options.lesson is not None and (options.scenario, options.seed, options.dialect) != (None, None, None):
        raise InvalidInput("a lesson says its world by itself: leave --scenario, --seed and --dialect out")
    source = None if options.lesson is None else read_lesson(options.lesson)

    def open_world() -> World:
        return _fresh(options) if source is None else lesson_world(source)

    serving = ClassServer(open_world, learners, port=options.port, speed=options.speed or 0.0, hosts=options.allow_host)
    with serving as served:
        print("learner,url,key,token")
        for seat in served.seats():
            print(f"{seat.name},{seat.url},{seat.key.reveal()},{seat.token.reveal()}", flush=True)
        while not stop.wait(1.0):
            if not served.running:
                raise OSError("the server has stopped by itself")


def _fresh(options: _Options) -> World:
    from createos_nb.simulator import open_world

    seed = _SEED if options.seed is None else options.seed
    return open_world(options.scenario or _SCENARIO, seed=seed, dialect=options.dialect or _DIALECT)


def _check(options: _Options, world: World) -> None:
    """Refuse a scenario or seed that is not the one of the file."""
    state = world.state
    scenario = Path(options.scenario).name.removesuffix(".toml") if options.scenario is not None else state.scenario
    if (scenario, state.seed if options.seed is None else options.seed) != (state.scenario, state.seed):
        raise InvalidInput(
            f"{options.state} holds the scenario {state.scenario} with seed {state.seed}: "
            "leave --scenario and --seed out to go on with it, or name another file"
        )
