"""`createos-nb dashboard`: a notebook of panels as a page in the browser, on this machine alone."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import tempfile
from pathlib import Path
from types import FrameType
from typing import Annotated, Final, Literal

from cyclopts import Parameter

from createos_nb import extras
from createos_nb.cli import argument_types
from createos_nb.cli.exit_codes import DONE, INTERRUPTED
from createos_nb.cli.options import Flag

_NOTEBOOK: Final = "60_control_room"
_PORT: Final = 8866


def dashboard(
    notebook: Annotated[str, Parameter(metavar="NOTEBOOK")] = _NOTEBOOK,
    /,
    *,
    parameter: argument_types.Parameters | None = None,
    live: argument_types.Live | None = None,
    scenario: argument_types.Scenario | None = None,
    profile: argument_types.Profile | None = None,
    port: argument_types.Port = _PORT,
    allow_host: argument_types.Hosts | None = None,
    theme: Literal["light", "dark"] = "light",
    no_browser: Flag = False,
) -> int:
    """Serve the control room, or another notebook of panels, as a dashboard on this machine.

    Args:
        notebook: its name or path.
        parameter: a parameter of the notebook; may be given again.
        live: on the platform, by that profile or the default one.
        scenario: on a simulated world: the same as -p world=NAME.
        profile: on the platform, by that profile: the same as --live NAME.
        port: on 127.0.0.1; 0 for a free one.
        allow_host: answer to this name too, such as that of a proxy in front; may be given again (else to 127.0.0.1 and
            localhost alone).
        theme: of the page.
        no_browser: print the address and open nothing.

    Returns:
        The exit code.

    Raises:
        MissingExtra: The extra `dashboard` is not installed.
        InvalidInput: The notebook or a parameter is unknown.
        OSError: The port can't be used.
    """
    extras.require("dashboard", "createos-nb dashboard")
    from createos_nb.notebooks import catalog, parameters, target

    file = catalog.find_notebook(notebook)
    values = parameters.read(file.parameters, parameter or [], file.name)
    on = target.resolve_profile(file, values, argument_types.live_of(live, scenario, profile, values))
    # what a run is held against is for runs: a dashboard is open for hours
    content = target.prepare(file, values, live=on is not None, without=["checks"])
    with tempfile.TemporaryDirectory(prefix="createos-dashboard-") as folder:
        import nbformat

        path = Path(folder, f"{file.name}.ipynb")
        nbformat.write(content, path)  # type: ignore[no-untyped-call]  # has no types
        if _serve(path, _port(port), theme, allow_host or [], open_browser=not no_browser):
            return INTERRUPTED
    return DONE


def _serve(notebook: Path, port: int, theme: str, hosts: list[str], *, open_browser: bool) -> bool:
    """Serve until it is stopped. Return whether that was an interrupt."""
    from createos_nb.cli import voila_app

    # whoever has the address with its token may act with the account's key; other users of the machine have it not
    token = secrets.token_urlsafe(24)
    config = voila_app.settings()
    config.Hosted.update(
        ip="127.0.0.1",
        port=port,
        port_retries=0,
        token=token,
        hosts=hosts,
        open_browser=False,
        log_level="ERROR",
    )
    config.VoilaConfiguration.update(theme=theme, show_tracebacks=True)
    if os.name == "posix":
        config.KernelManager.transport = "ipc"  # nobody else on this machine can listen to the kernel
    address = f"http://127.0.0.1:{port}/?token={token}"
    print(f"dashboard: {address}\nto end it: Ctrl-C", flush=True)
    if open_browser:
        import webbrowser

        webbrowser.open(address)
    received: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        received.append(number)  # Voila ends by it, and does not say so
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, end)
    try:
        voila_app.Hosted.launch_instance(argv=[str(notebook)], config=config)
    finally:
        signal.signal(signal.SIGINT, before)
    return bool(received)


def _port(port: int) -> int:
    """A port that is free. Raises `OSError` where the wanted one is not."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError as error:
            raise OSError(
                error.errno, f"port {port} can't be used ({error.strerror}): {argument_types.OTHER_PORT}"
            ) from None
        return int(sock.getsockname()[1])
