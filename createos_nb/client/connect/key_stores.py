"""Places of this machine where an API key is kept: a file, a profile of the config file, the system's keyring."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal, NamedTuple

from createos_nb import extras
from createos_nb.client.client import PLATFORM_URL
from createos_nb.client.connect import credentials, profiles
from createos_nb.errors import ConfigurationError
from createos_nb.redaction import Secret
from createos_nb.storage import atomic_write, private_folder

Kind = Literal["file", "profile", "keyring"]

#: A file that holds more than that is no key.
_MOST_BYTES: Final = 4096


class KeyStore(NamedTuple):
    """A place where one API key is kept.

    `place`: the path of a file, or the name of a profile.
    """

    kind: Kind
    place: str

    def __str__(self) -> str:
        if self.kind == "file":
            return f"file {self.place}"
        if self.kind == "profile":
            return f"profile {self.place} of {profiles.path()}"
        return f"the system's keyring, as {self.place}"

    def check(self) -> None:
        """Check beforehand that a key can be kept there.

        Raises:
            ConfigurationError: It can't be.
        """
        if self.kind == "keyring":
            extras.require("keyring", "the system's keyring")
            _, why = credentials.from_keyring(self.place)
            if why or not _has_backend():
                raise ConfigurationError(f"the keyring can't be used: {why or 'there is none on this machine'}")
            return
        path = profiles.path() if self.kind == "profile" else Path(self.place)
        self.read()
        folder = next((parent for parent in path.parents if parent.exists()), path.parent)
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigurationError(f"{path} can't be written: {folder} takes no file of this user")

    def read(self) -> Secret | None:
        """The key that is kept there; None where there is none.

        Raises:
            ConfigurationError: It can't be read, or something else is kept there.
        """
        if self.kind == "keyring":
            key, why = credentials.from_keyring(self.place)
            if why:
                raise ConfigurationError(f"the keyring can't be read: {why}")
            return key
        if self.kind == "profile":
            held = profiles.read().profiles.get(self.place, {}).get("api_key")
            return Secret(held) if held else None
        return self._read_file()

    def write(self, api_key: Secret, base_url: str) -> None:
        """Keep a key there, in place of what is there; a file is whole, or as it was, and its owner's alone.

        Raises:
            ConfigurationError: It can't be written.
        """
        if self.kind == "keyring":
            credentials.to_keyring(self.place, api_key)
        elif self.kind == "profile":
            held = profiles.read().profiles.get(self.place, {}).get("base_url")
            own = None if base_url == PLATFORM_URL else base_url
            profiles.save(self.place, api_key=api_key, base_url=str(held) if held else own)
        else:
            self._write_file(api_key)

    def _read_file(self) -> Secret | None:
        path = Path(self.place)
        try:
            with path.open("rb") as file:
                content = Secret(file.read(_MOST_BYTES).decode("ascii", "replace").strip())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigurationError(f"{path} can't be read: {error.strerror or error}") from None
        text = content.reveal()
        if text and (not text.startswith(credentials.KEY_PREFIX) or len(text.split()) != 1):
            raise ConfigurationError(f"{path} holds something else than one API key: name another file")
        return content or None

    def _write_file(self, api_key: Secret) -> None:
        path = Path(self.place).resolve()  # a link to the file stays one
        try:
            private_folder(path.parent)
            atomic_write(path, api_key.reveal().encode("ascii") + b"\n")
        except OSError as error:
            raise ConfigurationError(f"{path} can't be written: {error.strerror or error}") from None


def _has_backend() -> bool:
    """Whether there is a keyring that takes keys."""
    import keyring
    import keyring.backends.fail

    return not isinstance(keyring.get_keyring(), keyring.backends.fail.Keyring)
