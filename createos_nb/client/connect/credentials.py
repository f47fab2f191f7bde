"""Sources of a key: argument, environment, profile, keyring, or the official command line's token."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from createos_nb.client.client import PLATFORM_URL
from createos_nb.client.connect import profiles
from createos_nb.errors import ConfigurationError, warn
from createos_nb.redaction import Secret

KEYRING_SERVICE: Final = "createos-nb"
KEY_PREFIX: Final = "skp_"


@dataclass(frozen=True)
class Credentials:
    """A key, where it goes, and where it was found. The key prints as dots."""

    base_url: str
    found_in: str
    api_key: Secret | None = None
    access_token: Secret | None = None


class _Key(NamedTuple):
    """A key and where it was found; `is_token` for an access token."""

    value: Secret
    found_in: str
    is_token: bool = False


def cli_token_path() -> Path:
    """Return the path of the official command line's token."""
    return Path.home() / ".createos" / ".token"


def find(
    profile: str | None = None,
    *,
    api_key: str | Secret | None = None,
    access_token: str | Secret | None = None,
    base_url: str | None = None,
) -> Credentials:
    """The first key found: argument, `CREATEOS_API_KEY`, profile, keyring, the official command line's token.

    The base URL likewise: argument, `CREATEOS_API_URL`, profile, the platform. The profile: argument,
    `CREATEOS_PROFILE`, the config file's `default_profile`; the official command line's token serves only where no
    profile was named.

    Raises:
        ConfigurationError: No key is found; the message says every way to give one.
    """
    key: _Key | None = None
    if api_key and access_token:
        raise ConfigurationError("give api_key= or access_token=, not both")
    if api_key or access_token:
        key = _Key(Secret(api_key or access_token or ""), "argument", bool(access_token))
        api_key = access_token = None  # so that no traceback that shows variables shows it
    url = base_url or _environment("CREATEOS_API_URL")
    named = profile or _environment("CREATEOS_PROFILE")
    if key and url and not named:  # nothing more is needed, however the config file may look
        return _credentials(url, key)
    selected = _select_profile(named)
    url = url or str(selected.settings.get("base_url") or PLATFORM_URL)
    return _credentials(url, key or _from_environment(selected, named) or _stored_key(selected, named))


class _SelectedProfile(NamedTuple):
    """The profile that serves: its name (None where there is none), and what the config file holds for it."""

    name: str | None
    settings: dict[str, str | Secret]


def _select_profile(profile: str | None) -> _SelectedProfile:
    """The named profile, or the default one.

    Raises:
        ConfigurationError: There is no such profile.
    """
    config = profiles.read()
    name = profile or config.default
    if name is None or name in config.profiles:
        return _SelectedProfile(name, config.profiles.get(name or "", {}))
    if from_keyring(name)[0]:
        return _SelectedProfile(name, {})
    known = ", ".join(config.profiles) or "none"
    raise ConfigurationError(f"there is no profile {name!r} in {profiles.path()}; there is: {known}")


def _from_environment(selected: _SelectedProfile, profile: str | None) -> _Key | None:
    key = Secret(_environment("CREATEOS_API_KEY") or "")
    if not key:
        return None
    profile_key = _profile_key(selected) if profile else None
    if profile_key is not None and profile_key.value != key:
        warn(f"CREATEOS_API_KEY is set, and is used instead of the key of profile {selected.name!r}", UserWarning)
    return _Key(key, "CREATEOS_API_KEY")


def _profile_key(selected: _SelectedProfile) -> _Key | None:
    for field in ("api_key", "access_token"):
        if value := selected.settings.get(field):
            return _Key(Secret(value), f"profile {selected.name!r}", field == "access_token")
    return None


def _stored_key(selected: _SelectedProfile, profile: str | None) -> _Key:
    """Return the key that is stored on this machine.

    Raises:
        ConfigurationError: There is none.
    """
    if key := _profile_key(selected):
        return key
    text, error = from_keyring(selected.name)
    if text:
        return _Key(text, "keyring")
    if profile is None and (token := _cli_token()):
        where = f"the official command line's token ({cli_token_path()})"
        return _Key(token, where, not token.reveal().startswith(KEY_PREFIX))
    raise ConfigurationError(_no_key_message(selected.name if profile or selected.settings else None, error))


def _credentials(url: str, key: _Key) -> Credentials:
    if key.is_token:
        return Credentials(url, key.found_in, access_token=key.value)
    return Credentials(url, key.found_in, api_key=key.value)


def _environment(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


# --- the system's keyring ---------------------------------------------------------------------------------------------


def from_keyring(profile: str | None) -> tuple[Secret | None, str]:
    """The key in the system's keyring, and why it could not be read, where it could not.

    None without a reason where the package `keyring` is not installed, or has no backend.
    """
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None, ""
    try:
        password = keyring.get_password(KEYRING_SERVICE, profile or "default")
    except keyring.errors.NoKeyringError:
        return None, ""
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        return None, str(error) or type(error).__name__
    return (Secret(password) if password else None), ""


def to_keyring(profile: str | None, api_key: str | Secret) -> None:
    """Keep a key in the system's keyring.

    Raises:
        ConfigurationError: There is no keyring.
    """
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise ConfigurationError("install it first: pip install 'createos-nb[keyring]'") from None
    api_key, why = Secret(api_key), ""  # so that no traceback that shows variables shows it
    try:
        keyring.set_password(KEYRING_SERVICE, profile or "default", api_key.reveal())
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        why = str(error) or type(error).__name__  # no more of it: the backend's frames hold the key
    if why:
        raise ConfigurationError(f"the keyring does not take the key: {why}")


# --- the official command line ----------------------------------------------------------------------------------------


def _cli_token() -> Secret | None:
    try:
        text = cli_token_path().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    if text.startswith("{"):
        try:
            document = json.loads(text)
        except ValueError:
            return None
        tokens = (document.get(name) for name in ("access_token", "accessToken", "token"))
        text = next((token for token in tokens if isinstance(token, str)), "").strip()
    return Secret(text) if text else None


def _no_key_message(profile: str | None, error: str) -> str:
    command = f"createos-nb login --profile {profile}" if profile else "createos-nb login"
    locked = f"\n    (the keyring can't be read: {error})" if error else ""
    return f"""no key was found{f" for profile {profile!r}" if profile else ""}. Ways to give one:
  · connect(api_key=...) or connect(access_token=...)
  · the environment variable CREATEOS_API_KEY
  · a profile: `{command}` writes one to {profiles.path()}
  · the system's keyring: pip install 'createos-nb[keyring]', then `{command} --keyring`{locked}
  · the official command line: log in there, and its token ({cli_token_path()}) is used
Without an account: createos_nb.simulate() opens a simulated platform, and needs no key."""
