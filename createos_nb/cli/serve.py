"""`createos-nb serve`: the simulated platform over HTTP, for other clients, kernels and browsers."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from createos_nb import extras
from createos_nb.cli import argument_types
from createos_nb.cli.exit_codes import DONE, INTERRUPTED
from createos_nb.errors import InvalidInput

if TYPE_CHECKING:
    from createos_nb.simulator.world.world import World

NAME = "serve"
HELP = "Serve a simulated platform on this machine."
_SCENARIO, _SEED, _DIALECT = "storefront", 7, "production"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser.

    Args:
        parser: The parser of the command.

    Examples:
        >>> import argparse
        >>> from createos_nb.cli import serve
        >>> parser = argparse.ArgumentParser()
        >>> serve.arguments(parser)
        >>> parser.parse_args(["--scenario", "bad-release"]).scenario
        'bad-release'
    """
    parser.add_argument(
        "--port", type=argument_types.port, default=8765, help="on 127.0.0.1; 0 for a free one (default: 8765)"
    )
    argument_types.add_hosts(parser)
    parser.add_argument("--scenario", help=f"a scenario, or a file of one (default: {_SCENARIO})")
    parser.add_argument("--seed", type=int, help=f"what ids, traffic and delays depend on (default: {_SEED})")
    parser.add_argument("--speed", type=float, default=60.0, help="of its clock, times real time (default: 60)")
    parser.add_argument("--dialect", choices=("production", "documented"), help=f"of answers (default: {_DIALECT})")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the world in this file, and go on with it")
    parser.add_argument(
        "--control",
        action="store_true",
        help="let it be steered below /_world/, by whoever has the token that is printed once",
    )
    parser.add_argument("--faults", type=Path, metavar="FILE", help="let the faults of this file strike")


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Args:
        options: What `arguments` has parsed.

    Returns:
        The exit code.

    Raises:
        MissingExtra: The extra `server` is not installed.
        InvalidInput: An option is wrong, or does not fit the world that `--state` keeps.
        OSError: The port can't be used.
    """
    extras.require("server", "createos-nb serve")
    stop = threading.Event()
    received: list[int] = []

    def end(number: int, _: object) -> None:
        received.append(number)
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _serve(options, stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return INTERRUPTED if signal.SIGINT in received else DONE


def _serve(options: argparse.Namespace, stop: threading.Event) -> None:
    from createos_nb.simulator.http.server import serve
    from createos_nb.simulator.http.state_file import StateFile
    from createos_nb.simulator.world.faults import read_faults

    if options.state is not None:
        argument_types.writable(options.state, "--state")
    faults = read_faults(options.faults) if options.faults is not None else []
    file = None
    if options.state is None:
        world = _fresh(options)
    else:
        file = StateFile(options.state, lambda: _fresh(options), speed=options.speed)
        world = file.world
    try:
        if file is not None:
            _check(options, world)
        if options.dialect is not None:
            world.dialect = options.dialect
        if faults:
            world.faults(*faults, seed=world.state.seed).start()
        serving = serve(
            world, options.port, options.speed, file=file, hosts=options.allow_host, control=options.control
        )
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


def _fresh(options: argparse.Namespace) -> World:
    from createos_nb.simulator import open_world

    seed = _SEED if options.seed is None else options.seed
    return open_world(options.scenario or _SCENARIO, seed=seed, dialect=options.dialect or _DIALECT)


def _check(options: argparse.Namespace, world: World) -> None:
    """Refuse a scenario or seed that is not the one of the file."""
    state = world.state
    scenario = Path(options.scenario).name.removesuffix(".toml") if options.scenario is not None else state.scenario
    if (scenario, state.seed if options.seed is None else options.seed) != (state.scenario, state.seed):
        raise InvalidInput(
            f"{options.state} holds the scenario {state.scenario} with seed {state.seed}: "
            "leave --scenario and --seed out to go on with it, or name another file"
        )
