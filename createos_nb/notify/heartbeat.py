"""A heartbeat: tells whoever wants to know that a process lives, by a file that it renews or an address that it asks.

What watches the file's age, or misses the requests (a dead man's switch), says when the process has died: it can't.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from createos_nb.errors import InvalidInput
from createos_nb.http.redacted_logging import never_log
from createos_nb.notify.notifier import secrets_of
from createos_nb.process import ProcessBound
from createos_nb.redaction import Secret, without_frames
from createos_nb.redactor import redact
from createos_nb.storage import atomic_write

if TYPE_CHECKING:
    from createos_nb.http.transport import Transport

_TIMEOUT: Final = 10.0
_ADDRESS: Final = ("http://", "https://")


class Heartbeat(ProcessBound):
    """Files that are renewed and addresses that are asked at each beat.

    An address is a secret: it stands in no error, log record or result.

    Args:
        places: Paths of files, and addresses of HTTP.

    Raises:
        InvalidInput: The folder of a file is missing, or an address can't be read.

    Examples:
        >>> import pathlib
        >>> from createos_nb.notify.heartbeat import Heartbeat
        >>> Heartbeat(["heartbeat.json"]).beat({"failures": 0})
        {}
        >>> pathlib.Path("heartbeat.json").read_text()
        '{"failures": 0}'
    """

    def __init__(self, places: Sequence[str | Path | Secret]) -> None:
        self._files: list[Path] = []
        self._addresses: list[tuple[Secret, Transport]] = []
        for place in places:
            text = Secret(str(place) if isinstance(place, Path) else place)
            if text.reveal().startswith(_ADDRESS):
                self._addresses.append((text, without_frames(_transport, text)))
            else:
                self._files.append(_file(Path(text.reveal())))

    def beat(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """Renew the files, and ask the addresses once.

        Args:
            facts: What is known, as values of JSON: the files hold it.

        Returns:
            The reason of each place that failed: by its path, or as "address 1".
        """
        failed: dict[str, str] = {}
        for path in self._files:
            try:
                atomic_write(path, json.dumps(dict(facts), ensure_ascii=False).encode())
            except OSError as error:
                failed[str(path)] = error.strerror or type(error).__name__
        for number, (address, transport) in enumerate(self._addresses, start=1):
            if reason := without_frames(_ask, transport, address):
                failed[f"address {number}"] = redact(reason, secrets_of(address))
        return failed

    def close(self) -> None:
        """Close the connections."""
        for _, transport in self._addresses:
            transport.close()


def _file(path: Path) -> Path:
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise InvalidInput(f"heartbeat: {path}: name a file in a folder that exists, or an address of HTTP")
    return path


def _transport(address: Secret) -> Transport:
    from createos_nb.http.transport import Transport
    from createos_nb.http.urls import read_address

    never_log(secrets_of(address))
    try:
        url = read_address(address.reveal())
    except InvalidInput:
        raise InvalidInput("heartbeat: an address can't be read: give it as https://host/path") from None
    return Transport(f"{url.scheme}://{url.netloc.decode()}")


def _ask(transport: Transport, address: Secret) -> str:
    """Why an address was not reached; "" where it was."""
    from createos_nb.http.failures import NoReply
    from createos_nb.http.urls import read_address

    reply = transport.ask(read_address(address.reveal()), _TIMEOUT)
    if isinstance(reply, NoReply):
        return reply.reason
    return "" if reply.status_code < 400 else f"it answered {reply.status_code}"
