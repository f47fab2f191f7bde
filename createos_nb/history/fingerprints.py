"""Fingerprints of secrets: equal for equal values, and nothing that leads back to one without the key.

The key lies outside of the history, in a file for its owner alone: who gets hold of the history can't try values.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Any, Final

from createos_nb.client.connect import profiles
from createos_nb.history.errors import HistoryError
from createos_nb.naming import SECRET_MAPS, SECRET_VALUES
from createos_nb.redaction import Secret
from createos_nb.storage import atomic_write, private_folder

_LENGTH: Final = 16
_PREFIX: Final = "fingerprint:"


class Fingerprints:
    """Makes the fingerprints of one history.

    Args:
        key: The key.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of_history(cls, id: str) -> Fingerprints:
        """Return those of a history, whose key is made when it is first asked for.

        Raises:
            HistoryError: The key can't be read or written.
        """
        path = _folder() / f"{id}.key"
        try:
            if not path.exists():
                private_folder(path.parent)
                atomic_write(path, secrets.token_hex(32).encode())
            return cls(bytes.fromhex(path.read_text()))
        except (OSError, ValueError) as error:
            raise HistoryError(f"the key of the history's fingerprints, {path}, can't be read: {error}") from error

    def of(self, value: Any) -> str:
        """Return the fingerprint of a value."""
        text = value.reveal() if isinstance(value, Secret) else value if isinstance(value, str) else json.dumps(value)
        digest = hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return _PREFIX + digest[:_LENGTH]

    def without_secrets(self, row: Any) -> Any:
        """Return decoded JSON with fingerprints in place of what is secret in it."""
        if isinstance(row, Secret):
            return self.of(row)
        if isinstance(row, dict):
            return {name: self._field(name, value) for name, value in row.items()}
        if isinstance(row, list):
            return [self.without_secrets(item) for item in row]
        return row

    def _field(self, name: str, value: Any) -> Any:
        if name in SECRET_MAPS and isinstance(value, dict):
            return {key: None if item is None else self.of(item) for key, item in value.items()}
        if name in SECRET_VALUES | SECRET_MAPS and value not in (None, "", [], {}):
            return self.of(value)
        return self.without_secrets(value)


def _folder() -> Path:
    return profiles.path().parent / "history-keys"
