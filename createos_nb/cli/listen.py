"""`createos-nb listen`: receive webhooks, verify them, and append them to a file."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from createos_nb import extras
from createos_nb.cli import argument_types
from createos_nb.cli.exit_codes import DONE, INTERRUPTED
from createos_nb.cli.options import Flag
from createos_nb.display import strip_control_chars
from createos_nb.errors import InvalidInput
from createos_nb.redaction import Secret
from createos_nb.webhooks.signature import Scheme

if TYPE_CHECKING:
    from createos_nb.webhooks.event_file import Event, EventFile
    from createos_nb.webhooks.receiver import Outcome, Receiver

_VARIABLE: Final = "CREATEOS_WEBHOOK_SECRET"
_IN_KEYRING: Final = "webhook secret"
_PORT: Final = 8790
_LONGEST_LINE: Final = 500


def listen(
    *,
    port: argument_types.Port = _PORT,
    file: Annotated[Path, Parameter(metavar="FILE")] = Path("events.jsonl"),
    secret_variable: Annotated[str, Parameter(metavar="NAME")] = _VARIABLE,
    keyring: Flag = False,
    scheme: Scheme = "hex",
) -> int:
    """Receive webhooks on this machine, verify them, and append them to a file.

    Args:
        port: on 127.0.0.1; 0 for a free one.
        file: append events to it.
        secret_variable: environment variable that holds the endpoint's secret; else it is read from the keyring, or
            asked for.
        keyring: keep the secret that is asked for in the keyring.
        scheme: how the signature is written.

    Returns:
        The exit code: 0 where it was ended by SIGTERM, 130 where it was interrupted.

    Raises:
        MissingExtra: The extra `server` is not installed.
        InvalidInput: The file can't be written or another process holds it, or there is no secret.
    """
    extras.require("server", "createos-nb listen")
    from createos_nb.webhooks.event_file import EventFile
    from createos_nb.webhooks.receiver import Receiver

    events = EventFile(argument_types.writable(file, "--file"))
    try:
        secret = _secret(secret_variable, keep=keyring)
        if events.damaged:
            print(f"{events.path}: {events.damaged} damaged lines are passed over", file=sys.stderr)
        receiver = Receiver(events, secret, scheme, _print)
        return _listen(receiver, events, port)
    finally:
        events.close()


def _listen(receiver: Receiver, file: EventFile, port: int) -> int:
    from createos_nb.connections import UvicornServer, listening

    listener = listening(port)
    listener.listen()  # from here on who connects waits: the address that is printed answers
    server = UvicornServer(receiver)
    received: list[int] = []

    def end(number: int, _: object) -> None:
        received.append(number)
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        print(f"url: {address}\nfile: {file.path} ({file.events} events)", flush=True)
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(receiver.outcomes.items()))
        print(f"listened: {counts or 'nothing came'}; {file.path} holds {file.events} events", flush=True)
    return INTERRUPTED if signal.SIGINT in received else DONE


def _print(outcome: Outcome, event: Event | None) -> None:
    """Print what became of a request, in one line, whatever the body holds."""
    fields = event.fields() if event is not None else {}
    about = [str(fields[name]) for name in ("eventAction", "projectName", "environmentName") if fields.get(name)]
    version = fields.get("versionNumber")
    about += [f"v{version}"] if version is not None else []
    identity = [event.id or "without an id"] if event is not None else []
    print(strip_control_chars(" ".join([f"{outcome}:", *about, *identity]))[:_LONGEST_LINE], flush=True)


def _secret(variable: str, *, keep: bool) -> Secret:
    """Return the endpoint's secret: from the environment, from the keyring, or as it is typed or piped in."""
    secret = Secret(os.environ.get(variable, "").strip())
    if secret:
        return secret
    from createos_nb.client.connect import credentials

    kept, why = credentials.from_keyring(_IN_KEYRING)
    if kept is not None:
        return kept
    if why:
        print(f"the keyring can't be read: {why}", file=sys.stderr)
    try:
        text = getpass.getpass("secret of the endpoint: ") if sys.stdin.isatty() else sys.stdin.readline()
    except UnicodeDecodeError:
        text = ""
    secret = Secret(text.strip())
    if not secret:
        raise InvalidInput(
            f"no secret was given: set {variable}, type it, or pipe it in; it is never taken from the command line"
        )
    if keep:
        credentials.to_keyring(_IN_KEYRING, secret)
    return secret
