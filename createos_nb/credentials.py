"""Where a key comes from: argument, environment, profile, keyring, or the official command line's token."""

from __future__ import annotations

import json
import os
import stat
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from createos_nb.client import PLATFORM_URL
from createos_nb.errors import ConfigurationError
from createos_nb.secret import Secret

KEYRING_SERVICE: Final = "createos-nb"
KEY_PREFIX: Final = "skp_"
_FIELDS: Final = frozenset({"api_key", "access_token", "base_url"})


@dataclass(frozen=True)
class Credentials:
    """A key, where it goes, and where it was found. The key prints as dots."""

    base_url: str
    found_in: str
    api_key: Secret | None = None
    access_token: Secret | None = None


def config_path() -> Path:
    """The config file: `CREATEOS_NB_CONFIG`, or `config.toml` in the user's configuration folder."""
    named = os.environ.get("CREATEOS_NB_CONFIG")
    return Path(named) if named else platformdirs.user_config_path("createos-nb") / "config.toml"


def cli_token_path() -> Path:
    """Where the official command line keeps its token."""
    return Path.home() / ".createos" / ".token"


def find(
    profile: str | None = None,
    *,
    api_key: str | None = None,
    access_token: str | None = None,
    base_url: str | None = None,
) -> Credentials:
    """The first key found: argument, `CREATEOS_API_KEY`, profile, keyring, the official command line's token.

    The base URL likewise: argument, `CREATEOS_API_URL`, profile, the platform. Raises `ConfigurationError`, which says
    every way to give a key.
    """
    settings = _profile(profile)
    url = base_url or os.environ.get("CREATEOS_API_URL") or settings.get("base_url") or PLATFORM_URL
    if api_key and access_token:
        raise ConfigurationError("give api_key= or access_token=, not both")
    if api_key:
        return Credentials(url, "argument", api_key=Secret(api_key))
    if access_token:
        return Credentials(url, "argument", access_token=Secret(access_token))
    if key := os.environ.get("CREATEOS_API_KEY", "").strip():
        if profile and settings.get("api_key", key) != key:
            warnings.warn(
                f"CREATEOS_API_KEY is set and is used instead of the key of profile {profile!r}", stacklevel=3
            )
        return Credentials(url, "CREATEOS_API_KEY", api_key=Secret(key))
    if settings.get("api_key"):
        return Credentials(url, settings["found_in"], api_key=Secret(settings["api_key"]))
    if settings.get("access_token"):
        return Credentials(url, settings["found_in"], access_token=Secret(settings["access_token"]))
    if kept := from_keyring(profile):
        return Credentials(url, "keyring", api_key=Secret(kept))
    if profile is None and (token := _cli_token()):
        where = f"the official command line's token ({cli_token_path()})"
        if token.startswith(KEY_PREFIX):
            return Credentials(url, where, api_key=Secret(token))
        return Credentials(url, where, access_token=Secret(token))
    raise ConfigurationError(_no_key(profile))


def profiles() -> dict[str, Any]:
    """The config file: `default_profile` and `[profiles.NAME]` with api_key or access_token, and base_url.

    Raises `ConfigurationError` where it can't be read, or where others can read the keys in it.
    """
    path = config_path()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the config file {path} can't be read: {error}") from None
    try:
        config = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"the config file {path} is no TOML: {error}") from None
    named = config.get("profiles", {})
    if not isinstance(named, Mapping) or not all(isinstance(one, Mapping) for one in named.values()):
        raise ConfigurationError(f"the config file {path} must hold its profiles as [profiles.NAME]")
    for name, one in named.items():
        if unknown := set(one) - _FIELDS:
            known = ", ".join(sorted(_FIELDS))
            raise ConfigurationError(
                f"{path}: profile {name!r} has {', '.join(sorted(unknown))}, but a profile holds only {known}"
            )
    holds_keys = any("api_key" in one or "access_token" in one for one in named.values())
    if holds_keys and os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ConfigurationError(f"others can read the keys in {path}: run `chmod 600 {path}`")
    return config


def save_profile(name: str, *, api_key: str | None, base_url: str | None) -> Path:
    """Write a profile to the config file, readable by its owner only; the file is whole or as it was."""
    config = profiles()
    named = dict(config.get("profiles", {}))
    named[name] = {key: value for key, value in (("api_key", api_key), ("base_url", base_url)) if value is not None}
    default = config.get("default_profile", name)
    lines = [f"default_profile = {json.dumps(default)}", ""]
    for one, fields in named.items():
        lines.append(f"[profiles.{json.dumps(one)}]")
        lines += [f"{key} = {json.dumps(str(value), ensure_ascii=False)}" for key, value in fields.items()]
        lines.append("")
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return path


def from_keyring(profile: str | None) -> str | None:
    """The key in the system's keyring, where the package `keyring` is installed and has a backend."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    try:
        return keyring.get_password(KEYRING_SERVICE, profile or "default")
    except keyring.errors.KeyringError:
        return None


def to_keyring(profile: str | None, api_key: str) -> None:
    """Keep a key in the system's keyring. Raises `ConfigurationError` where there is none."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise ConfigurationError("install it first: pip install 'createos-nb[keyring]'") from None
    try:
        keyring.set_password(KEYRING_SERVICE, profile or "default", api_key)
    except keyring.errors.KeyringError as error:
        raise ConfigurationError(f"the keyring does not take the key: {error}") from None


def _profile(name: str | None) -> dict[str, str]:
    config = profiles()
    wanted = name or os.environ.get("CREATEOS_PROFILE") or config.get("default_profile")
    if wanted is None:
        return {}
    named = config.get("profiles", {})
    if wanted not in named:
        if name is None and not os.environ.get("CREATEOS_PROFILE"):
            return {}
        if from_keyring(wanted):
            return {}
        there = ", ".join(named) or "none"
        raise ConfigurationError(f"there is no profile {wanted!r} in {config_path()}; there is: {there}")
    return {**{k: str(v) for k, v in named[wanted].items()}, "found_in": f"profile {wanted!r}"}


def _cli_token() -> str | None:
    try:
        text = cli_token_path().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    if text.startswith("{"):
        try:
            held = json.loads(text)
        except ValueError:
            return None
        return next((held[n] for n in ("access_token", "accessToken", "token") if isinstance(held.get(n), str)), None)
    return text or None


def _no_key(profile: str | None) -> str:
    command = f"createos-nb login --profile {profile}" if profile else "createos-nb login"
    return f"""no key was found{f" for profile {profile!r}" if profile else ""}. Ways to give one:
  · connect(api_key=...) or connect(access_token=...)
  · the environment variable CREATEOS_API_KEY
  · a profile: `{command}` writes one to {config_path()}
  · the system's keyring: pip install 'createos-nb[keyring]', then `{command} --keyring`
  · the official command line: log in there, and its token ({cli_token_path()}) is used
Without an account: createos_nb.simulate() opens a simulated platform, and needs no key."""
