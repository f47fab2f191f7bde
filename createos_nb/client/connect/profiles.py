"""The config file: named profiles, each with a key and a base URL; read strictly, written whole or not at all."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import platformdirs

from createos_nb.errors import ConfigurationError, InvalidInput
from createos_nb.redaction import Secret
from createos_nb.storage import atomic_write, private_folder

_FIELDS: Final = ("api_key", "access_token", "base_url")
_TOP: Final = ("default_profile", "profiles", "notify")
#: What is no secret; whatever else stands in the file may be a key that was put in the wrong place.
_SHOWN: Final = ("base_url", "default_profile")


class Config(NamedTuple):
    """The content of the config file.

    Attributes:
        default: the name of the default profile.
        profiles: the fields of each profile by its name.
        notify: addresses of those who are told of alerts.
    """

    default: str | None
    profiles: dict[str, dict[str, str | Secret]]
    notify: tuple[Secret, ...] = ()


def path() -> Path:
    """The config file: `CREATEOS_NB_CONFIG`, or `config.toml` in the user's configuration folder."""
    named = os.environ.get("CREATEOS_NB_CONFIG")
    return Path(named).expanduser() if named else platformdirs.user_config_path("createos-nb") / "config.toml"


def read() -> Config:
    """The config file: `default_profile`, `notify`, and `[profiles.NAME]` with api_key or access_token, and base_url.

    Keys, and the addresses of `notify`, print as dots.

    Raises:
        ConfigurationError: It can't be read, it holds something else, or others can read the keys in it.
    """
    return _safe(_text())


def save(name: str, *, api_key: str | Secret | None, base_url: str | None) -> Path:
    """Write a profile to the config file, readable by its owner only; the file is whole, or as it was.

    What else is in the file stays, comments included. The first profile becomes the default one.

    Returns:
        The file's path.

    Raises:
        ConfigurationError: The file can't be read or written.
        InvalidInput: No file can hold the name or the key.
    """
    if not name or not name.isprintable():
        raise InvalidInput(f"a profile needs a name that can be printed, not {name!r}")
    text = _text()
    config = _safe(text)
    fields: dict[str, str | Secret] = {"api_key": Secret(api_key)} if api_key else {}
    del api_key
    if base_url is not None:
        fields["base_url"] = base_url
    desired = config._replace(default=config.default or name, profiles={**config.profiles, name: fields})
    edited = _with_profile(text, name, fields, None if config.default else name)
    if edited is None or _parsed(edited) != desired:
        raise ConfigurationError(f"profile {name!r} can't be written to {path()} as that is: edit it, or move it away")
    _replace(path(), edited)
    return path()


# --- reading ----------------------------------------------------------------------------------------------------------


def _text() -> Secret:
    """Return the text of the file as a secret: it holds keys, which no error may repeat."""
    try:
        return Secret(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Secret()
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    except OSError as error:
        why = str(error.strerror)
    raise ConfigurationError(f"the config file {path()} can't be read: {why}")


def _safe(text: Secret) -> Config:
    """Return the content of the file.

    Raises:
        ConfigurationError: Others can read the keys in it.
    """
    config = _config(text)
    holds_keys = any("api_key" in fields or "access_token" in fields for fields in config.profiles.values())
    if (holds_keys or config.notify) and os.name == "posix" and stat.S_IMODE(path().stat().st_mode) & 0o077:
        raise ConfigurationError(f"others can read the keys in {path()}: run `chmod 600 {path()}`")
    return config


def _config(text: Secret) -> Config:
    document, reason = _read(text)
    if document is None:
        raise ConfigurationError(f"the config file {path()} is no TOML: {reason}")
    tables, default = document.get("profiles", {}), document.get("default_profile")
    if unknown := set(document) - set(_TOP):
        raise ConfigurationError(f"{path()} has {', '.join(sorted(unknown))}, but it holds only {', '.join(_TOP)}")
    if not isinstance(tables, Mapping) or not all(isinstance(table, Mapping) for table in tables.values()):
        raise ConfigurationError(f"the config file {path()} must hold its profiles as [profiles.NAME]")
    if default is not None and not isinstance(default, str):
        raise ConfigurationError(f"{path()}: default_profile must be the name of a profile")
    addresses = document.get("notify", [])
    if not isinstance(addresses, list) or not all(isinstance(address, Secret) for address in addresses):
        raise ConfigurationError(f'{path()}: notify must be a list of addresses, as in notify = ["slack://…"]')
    return Config(default, {name: _fields(name, table) for name, table in tables.items()}, tuple(addresses))


def _read(text: Secret) -> tuple[dict[str, Any] | None, str]:
    """The tables of the file, keys as secrets; or why it has none."""
    try:
        document = tomllib.loads(text.reveal())
    except tomllib.TOMLDecodeError as error:
        return None, str(error)
    return {name: _as_secrets(value, name) for name, value in document.items()}, ""


def _as_secrets(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _as_secrets(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_secrets(item, name) for item in value]
    return Secret(value) if isinstance(value, str) and name not in _SHOWN else value


def _fields(name: str, fields: Mapping[str, Any]) -> dict[str, str | Secret]:
    if unknown := set(fields) - set(_FIELDS):
        known = ", ".join(_FIELDS)
        raise ConfigurationError(
            f"{path()}: profile {name!r} has {', '.join(sorted(unknown))}, but a profile holds only {known}"
        )
    for field, value in fields.items():
        if not isinstance(value, str | Secret):
            raise ConfigurationError(f"{path()}: {field} of profile {name!r} must be a text in quotes")
    if fields.get("api_key") and fields.get("access_token"):
        raise ConfigurationError(f"{path()}: profile {name!r} has api_key and access_token; one of them must go")
    return dict(fields)


def _parsed(text: Secret) -> Config | None:
    try:
        return _config(text)
    except ConfigurationError:
        return None


# --- writing ----------------------------------------------------------------------------------------------------------


def _with_profile(text: Secret, name: str, fields: Mapping[str, str | Secret], default: str | None) -> Secret | None:
    """The file's text with one profile changed or added, and all else as it is. None where that can't be done."""
    import tomlkit  # slow to import, and most sessions write nothing
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import AbstractTable, InlineTable

    try:
        document = tomlkit.parse(text.reveal())
        if default is not None:
            document["default_profile"] = default
        tables = document.setdefault("profiles", tomlkit.table(is_super_table=True))
        if name not in tables:
            tables[name] = tomlkit.inline_table() if isinstance(tables, InlineTable) else tomlkit.table()
        profile = tables[name]
        if not isinstance(profile, AbstractTable):
            return None
        for field in set(profile) - set(fields):
            del profile[field]
        for field, value in fields.items():
            profile[field] = Secret(value).reveal()
        return Secret(tomlkit.dumps(document))
    except TOMLKitError:
        return None


def _replace(target: Path, text: Secret) -> None:
    target = target.resolve()  # a link to the file stays one
    if any("\ud800" <= char <= "\udfff" for char in text.reveal()):
        raise InvalidInput("a profile can't hold half a surrogate pair")
    try:
        private_folder(target.parent)
        atomic_write(target, text.reveal().encode("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"the config file {target} can't be written: {error.strerror or error}") from None
