"""`createos-nb dashboard`: a notebook of panels as a page in the browser, on this machine alone."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import tempfile
from pathlib import Path
from types import FrameType
from typing import Final

from createos_nb import extras
from createos_nb.cli import argument_types
from createos_nb.cli.exit_codes import DONE, INTERRUPTED

NAME = "dashboard"
HELP = "Serve the control room, or another notebook of panels, as a dashboard on this machine."
_NOTEBOOK: Final = "60_control_room"
_PORT: Final = 8866


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command to its parser.

    Args:
        parser: The parser of the command.

    Examples:
        >>> import argparse
        >>> from createos_nb.cli import dashboard
        >>> parser = argparse.ArgumentParser()
        >>> dashboard.arguments(parser)
        >>> parser.parse_args(["61_panels", "--no-browser"]).notebook
        '61_panels'
    """
    parser.add_argument("notebook", nargs="?", default=_NOTEBOOK, help=f"its name or path (default: {_NOTEBOOK})")
    parser.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the notebook"
    )
    parser.add_argument(
        "--live", nargs="?", const="", metavar="PROFILE", help="on the platform, by that profile or the default one"
    )
    parser.add_argument(
        "--port", type=argument_types.port, default=_PORT, help=f"on 127.0.0.1; 0 for a free one (default: {_PORT})"
    )
    argument_types.add_hosts(parser)
    parser.add_argument("--theme", choices=("light", "dark"), default="light")
    parser.add_argument("--no-browser", action="store_true", help="print the address and open nothing")


def run(options: argparse.Namespace) -> int:
    """Run the command.

    Args:
        options: What `arguments` has parsed.

    Returns:
        The exit code.

    Raises:
        MissingExtra: The extra `dashboard` is not installed.
        InvalidInput: The notebook or a parameter is unknown.
        OSError: The port can't be used.
    """
    extras.require("dashboard", "createos-nb dashboard")
    from createos_nb.notebooks import catalog, parameters, target

    file = catalog.find_notebook(options.notebook)
    values = parameters.read(file.parameters, options.parameter, file.name)
    live = target.resolve_profile(file, values, options.live)
    # what a run is held against is for runs: a dashboard is open for hours
    notebook = target.prepare(file, values, live=live is not None, without=["checks"])
    with tempfile.TemporaryDirectory(prefix="createos-dashboard-") as folder:
        import nbformat

        path = Path(folder, f"{file.name}.ipynb")
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]  # has no types
        if _serve(path, _port(options.port), options.theme, options.allow_host, open_browser=not options.no_browser):
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
