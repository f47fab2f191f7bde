"""`createos-nb dashboard`: the fleet and its panels as a page in the browser, on this machine alone."""

from __future__ import annotations

import secrets
import signal
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter

from createos_nb import extras
from createos_nb.cli import argument_types
from createos_nb.cli.exit_codes import DONE, INTERRUPTED
from createos_nb.cli.options import Flag
from createos_nb.errors import InvalidInput
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.dashboard.board import Board

_WORLD: Final = "storefront"
_PORT: Final = 8866
_BUDGET: Final = 300


def dashboard(
    *,
    live: argument_types.Live | None = None,
    scenario: argument_types.Scenario | None = None,
    profile: argument_types.Profile | None = None,
    port: argument_types.Port = _PORT,
    allow_host: argument_types.Hosts | None = None,
    theme: Literal["auto", "light", "dark"] = "auto",
    budget: Annotated[int, Parameter(metavar="REQUESTS")] = _BUDGET,
    no_browser: Flag = False,
) -> int:
    """Serve the fleet and its panels as a dashboard on this machine.

    One process and one account for all its pages. A page reads only until somebody allows changes in it. Its address
    says what is shown (?project=…&environment=…&view=logs); ?wall=1 is for a screen on a wall.

    Args:
        live: on the platform, by that profile or the default one.
        scenario: on a simulated world (default: storefront).
        profile: on the platform, by that profile: the same as --live NAME.
        port: on 127.0.0.1; 0 for a free one.
        allow_host: answer to this name too, such as that of a proxy in front; may be given again (else to 127.0.0.1 and
            localhost alone).
        theme: of the page; auto is that of the system.
        budget: requests an hour that the wall screens take together, while somebody looks.
        no_browser: print the address and open nothing.

    Returns:
        The exit code.

    Raises:
        MissingExtra: The extra `dashboard` is not installed.
        InvalidInput: An option is wrong, or there is no such world.
        CreateOSError: The account can't be read.
        OSError: The port can't be used.
    """
    extras.require("dashboard", "createos-nb dashboard")
    if budget < 60:
        raise InvalidInput("--budget is at least 60 requests an hour: one a minute")
    from createos_nb.client.connect.live import LIVE
    from createos_nb.client.connect.open_account import open_account
    from createos_nb.dashboard.board import Board

    named = argument_types.live_of(live, scenario, profile, {})
    target = scenario or _WORLD if named is None else f"{LIVE}:{named}" if named else LIVE
    with open_account(target, read_only=True) as client:
        name = target if named is None else ""
        return _serve(Board(client, name, budget=budget), port, theme, allow_host or [], open_browser=not no_browser)


def _serve(board: Board, port: int, theme: Any, hosts: list[str], *, open_browser: bool) -> int:
    from createos_nb.dashboard.serving import serve

    # whoever has the address with its token may act with the account's key; other users of the machine have it not
    token = Secret(secrets.token_urlsafe(24))
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def started(url: str, uvicorn: Any) -> None:
        def end(number: int, _: object) -> None:
            received.append(number)
            uvicorn.should_exit = True

        for number in before:
            signal.signal(number, end)
        address = f"{url}?token={token.reveal()}"
        print(f"dashboard: {address}\nto end it: Ctrl-C", flush=True)
        if open_browser:
            import webbrowser

            webbrowser.open(address)

    try:
        serve(board, port, token, hosts=hosts, theme=theme, started=started)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return INTERRUPTED if signal.SIGINT in received else DONE
