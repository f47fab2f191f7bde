"""`createos-nb serve`: the simulated platform over HTTP, for other clients, kernels and browsers."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from createos_nb.cli import options
from createos_nb.cli.codes import DONE, INTERRUPTED
from createos_nb.errors import InvalidInput

if TYPE_CHECKING:
    from createos_nb.simulator.world import World

NAME = "serve"
HELP = "Serve a simulated platform on this machine."
_SCENARIO, _SEED, _DIALECT = "storefront", 7, "production"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=options.port, default=8765, help="on 127.0.0.1; 0 for a free one (default: 8765)"
    )
    options.add_hosts(parser)
    parser.add_argument("--scenario", help=f"a scenario, or a file of one (default: {_SCENARIO})")
    parser.add_argument("--seed", type=int, help=f"what ids, traffic and delays depend on (default: {_SEED})")
    parser.add_argument("--speed", type=float, default=60.0, help="of its clock, times real time (default: 60)")
    parser.add_argument("--dialect", choices=("production", "documented"), help=f"of answers (default: {_DIALECT})")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the world in this file, and go on with it")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="let the faults of this file strike")


def run(given: argparse.Namespace) -> int:
    stop = threading.Event()
    came: list[int] = []

    def end(number: int, _: object) -> None:
        came.append(number)
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _serve(given, stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return INTERRUPTED if signal.SIGINT in came else DONE


def _serve(given: argparse.Namespace, stop: threading.Event) -> None:
    from createos_nb.simulator.faults import read_faults
    from createos_nb.simulator.served import serve
    from createos_nb.simulator.state_file import StateFile

    if given.state is not None:
        options.writable(given.state, "--state")
    faults = read_faults(given.faults) if given.faults is not None else []
    file = None
    if given.state is None:
        world = _fresh(given)
    else:
        file = StateFile(given.state, lambda: _fresh(given), speed=given.speed)
        world = file.world
    try:
        if file is not None:
            _check(given, world)
        if given.dialect is not None:
            world.dialect = given.dialect
        if faults:
            world.faults(*faults, seed=world.state.seed).start()
        with serve(world, given.port, given.speed, file=file, hosts=given.allow_host) as served:
            print(f"url: {served.url}\nkey: {served.key}", flush=True)
            # Now and then by itself: on some systems a signal does not end a wait.
            while not stop.wait(1.0):
                if not served.running:
                    raise OSError("the server has stopped by itself")
    finally:
        if file is not None:
            file.close()


def _fresh(given: argparse.Namespace) -> World:
    from createos_nb.simulator import open_world

    seed = _SEED if given.seed is None else given.seed
    return open_world(given.scenario or _SCENARIO, seed=seed, dialect=given.dialect or _DIALECT)


def _check(given: argparse.Namespace, world: World) -> None:
    """Refuse a scenario or seed that is not the one of the file."""
    state = world.state
    scenario = Path(given.scenario).name.removesuffix(".toml") if given.scenario is not None else state.scenario
    if (scenario, state.seed if given.seed is None else given.seed) != (state.scenario, state.seed):
        raise InvalidInput(
            f"{given.state} holds the scenario {state.scenario} with seed {state.seed}: "
            "leave --scenario and --seed out to go on with it, or name another file"
        )
