"""How an agent in a drill says what it has found: a request to the drill's own address on this machine."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from createos_nb.errors import ConfigurationError, InvalidInput
from createos_nb.redaction import Secret

#: The environment variables that an agent in a drill has.
URL: Final = "CREATEOS_DRILL_URL"
KEY: Final = "CREATEOS_API_KEY"
_PATIENCE: Final = 30.0


class DrillLink:
    """The drill that an agent of this process takes.

    Args:
        url: its address, on this machine.
        key: the key of its account.

    Examples:
        >>> from createos_nb.agents.drill_link import DrillLink
        >>> DrillLink("https://api.example.com", "skp_0123456789abcdef")
        Traceback (most recent call last):
        createos_nb.errors.ConfigurationError: CREATEOS_DRILL_URL: a drill is at http://127.0.0.1:PORT, not at ...
    """

    def __init__(self, url: str, key: str | Secret) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname != "127.0.0.1" or parts.port is None:
            raise ConfigurationError(f"{URL}: a drill is at http://127.0.0.1:PORT, not at {url}")
        self.url, self._port, self._key = url, parts.port, Secret(key)

    @classmethod
    def from_environment(cls) -> DrillLink | None:
        """Return the drill that the environment names.

        Returns:
            The link; None where there is no drill.

        Examples:
            >>> from createos_nb.agents.drill_link import DrillLink
            >>> DrillLink.from_environment() is None
            True
        """
        url = os.environ.get(URL, "").strip()
        return cls(url, os.environ.get(KEY, "").strip()) if url else None

    def alert(self) -> dict[str, Any]:
        """Return the alert, and how much time is left.

        Returns:
            time, source, text, where, now (ISO 8601, UTC), and left_seconds of the world.
        """
        return self._asked("GET", "/", None)

    def submit(self, **answer: Any) -> dict[str, Any]:
        """Answer, as `Drill.submit`.

        Args:
            answer: cause, where, trouble, note.

        Returns:
            The time at which it counts; nothing says whether it is right.

        Raises:
            InvalidInput: there is no answer in it, or time is up.
        """
        return self._asked("POST", "/submit", {name: value for name, value in answer.items() if value is not None})

    def ask_owner(self, place: str, variable: str) -> Secret:
        """Ask the owner of an app for the right value of a variable, as `Drill.ask_owner`.

        Args:
            place: "project/environment".
            variable: its name.

        Returns:
            The value.

        Raises:
            InvalidInput: there is no such place, or time is up.
        """
        return Secret(str(self._asked("POST", "/ask-owner", {"place": place, "variable": variable})["value"]))

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        try:
            headers = {"X-API-Key": self._key.reveal(), "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise InvalidInput(str(answer.get("error", response.status)))
        return answer
