"""The config file: named profiles, each with a key and a base URL; read strictly, written whole or not at all."""

from __future__ import annotations

import json
import os
import re
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
_TOP: Final = ("default_profile", "profiles")
#: What is no secret; whatever else stands in the file may be a key that was put in the wrong place.
_SHOWN: Final = ("base_url", "default_profile")
_HEADER: Final = re.compile(r"\s*\[")


class Config(NamedTuple):
    """The content of the config file: the name of the default profile, and the fields of each profile by its name."""

    default: str | None
    profiles: dict[str, dict[str, str | Secret]]


def path() -> Path:
    """The config file: `CREATEOS_NB_CONFIG`, or `config.toml` in the user's configuration folder."""
    named = os.environ.get("CREATEOS_NB_CONFIG")
    return Path(named).expanduser() if named else platformdirs.user_config_path("createos-nb") / "config.toml"


def read() -> Config:
    """The config file: `default_profile` and `[profiles.NAME]` with api_key or access_token, and base_url.

    Keys print as dots.

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
    desired = Config(config.default or name, {**config.profiles, name: fields})
    edited = _with_profile(text, name, fields, None if config.default else name)
    if _parsed(edited) != desired:  # a file in a form that lines can't be exchanged in
        edited = _written(desired)
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
    if holds_keys and os.name == "posix" and stat.S_IMODE(path().stat().st_mode) & 0o077:
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
    return Config(default, {name: _fields(name, table) for name, table in tables.items()})


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


def _with_profile(text: Secret, name: str, fields: Mapping[str, str | Secret], default: str | None) -> Secret:
    """The file's text with the lines of one profile exchanged or added."""
    lines = text.reveal().splitlines()
    headers = {f"[profiles.{key}]" for key in (name, _quoted(name), f"'{name}'")}
    begin = next((i for i, line in enumerate(lines) if _bare(line) in headers), len(lines))
    end = next((i for i in range(begin + 1, len(lines)) if _HEADER.match(lines[i])), len(lines))
    while end > begin + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1  # what stands right above the next profile belongs to that one
    gap = [""] if begin == len(lines) and lines and lines[-1].strip() else []
    edited = [*lines[:begin], *gap, *_section(name, fields), *lines[end:]]
    if default is not None:
        edited = [f"default_profile = {_quoted(default)}", "", *edited]
    return Secret("\n".join(edited) + "\n")


def _written(config: Config) -> Secret:
    lines = [f"default_profile = {_quoted(config.default or '')}"]
    for name, fields in config.profiles.items():
        lines += ["", *_section(name, fields)]
    return Secret("\n".join(lines) + "\n")


def _section(name: str, fields: Mapping[str, str | Secret]) -> list[str]:
    return [f"[profiles.{_quoted(name)}]", *(f"{field} = {_quoted(value)}" for field, value in fields.items())]


def _bare(line: str) -> str:
    return line.split("#", 1)[0].replace(" ", "").replace("\t", "")


def _quoted(value: str | Secret) -> str:
    """A text as TOML spells it: as JSON does, but for one control character."""
    return json.dumps(Secret(value).reveal(), ensure_ascii=False).replace("\x7f", "\\u007f")


def _replace(target: Path, text: Secret) -> None:
    target = target.resolve()  # a link to the file stays one
    if any("\ud800" <= char <= "\udfff" for char in text.reveal()):
        raise InvalidInput("a profile can't hold half a surrogate pair")
    try:
        private_folder(target.parent)
        atomic_write(target, text.reveal().encode("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"the config file {target} can't be written: {error.strerror or error}") from None
