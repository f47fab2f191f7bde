"""The parameters of a runbook as arguments of a command."""

from __future__ import annotations

import getpass
import inspect
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from cyclopts import Parameter

from createos_nb.cli import names
from createos_nb.errors import InvalidInput
from createos_nb.redaction import Secret
from createos_nb.runbooks.parameters import Kind, RunbookParameter, parameters_of

#: Options that the command has itself, and what a runbook's parameter of that name is called instead.
RENAMED: Final = {"profile": "store-profile"}
_ENVIRONMENTS: Final = frozenset({"environment", "blue", "green", "side"})
_PROJECTS: Final = frozenset({"project", "projects"})
#: Where the value of a secret comes from.
_SOURCES: Final = "NAME alone reads the environment variable, NAME=@FILE a file, NAME=- the standard input"
_VARIABLES: Final = f"variables: NAME=VALUE each, and NAME= deletes it. For secrets {_SOURCES}"
_SECRET: Final = (
    "where the secret is: - to be asked for it or to pipe it in, @FILE, or '$NAME' for an environment variable"
)
_METAVARS: Final = {str: "TEXT", int: "N", float: "N"}
#: What a parameter is here, where the runbook's docstring speaks of what only a program has.
_HELP: Final = {
    "diagnosis": "make a diagnosis beside it, which costs 7 to 26 requests",
    "to": "version of the deployment to roll back to, such as 15, or its id",
}


@dataclass(frozen=True)
class Argument:
    """A parameter of a runbook, as the command line takes it.

    Attributes:
        name: Of the runbook's parameter.
        option: Its option, without the dashes.
        annotation: What cyclopts reads it as.
        default: What it is where it is not given; `inspect.Parameter.empty` where it has to be.
        positional: Whether it may stand without its option.
        read: Makes what the runbook takes of what was given.
        secret: Whether what was given may be a secret, and is never shown again.
    """

    name: str
    option: str
    annotation: Any
    default: Any
    positional: bool
    read: Callable[[Any], Any]
    secret: bool = False

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.default is inspect.Parameter.empty

    def words(self, value: Any) -> list[str]:
        """Return what was given as words of a command line, without secrets.

        Args:
            value: What was given, as cyclopts has read it.

        Returns:
            The words; none for a default.

        Examples:
            >>> from createos_nb.cli.runbook_arguments import arguments_of
            >>> replicas = arguments_of(createos_nb.runbooks.scale)["replicas"]
            >>> replicas.words(2), replicas.words(None)
            (['--replicas', '2'], [])
        """
        if value is None or (not self.required and value == self.default):
            return []
        if isinstance(value, bool):
            return [f"--{self.option}" if value else f"--no-{self.option}"]
        texts = [str(item) for item in (value if isinstance(value, list) else [value])]
        if self.secret:
            texts = [_without_value(text) for text in texts]
        return texts if self.positional else [f"--{self.option}", *texts]


def arguments_of(runbook: Callable[..., Any]) -> dict[str, Argument]:
    """Return the arguments of a runbook's command.

    Args:
        runbook: The function.

    Returns:
        Its arguments by the names of its parameters, in their order; what nobody can type (a gate, a diagnosis) is left
        out.

    Raises:
        InvalidInput: What nobody can type has to be given: the runbook is for programs.

    Examples:
        >>> from createos_nb.cli.runbook_arguments import arguments_of
        >>> list(arguments_of(createos_nb.runbooks.scale))
        ['project', 'environment', 'cpu', 'memory', 'replicas']
    """
    return {name: _argument(parameter) for name, parameter in parameters_of(runbook).items()}


def read_variables(given: Sequence[str]) -> dict[str, Secret | None]:
    """Return variables by name.

    Args:
        given: NAME=VALUE; NAME for the value of the environment variable; NAME=@FILE for what a file holds; NAME=- for
            the standard input; NAME= deletes it.

    Returns:
        The values, masked; None for one that is deleted.

    Raises:
        InvalidInput: A value is missing, or looks like a secret and stands in the command line.

    Examples:
        >>> from createos_nb.cli.runbook_arguments import read_variables
        >>> read_variables(["LOG_LEVEL=debug", "OLD="])["LOG_LEVEL"].reveal()
        'debug'
    """
    values: dict[str, Secret | None] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if equals and not value:
            values[name] = None
        elif not equals:
            values[name] = _from_environment(name)
        else:
            values[name] = _secret(value, name)
    return values


def read_secret(given: str) -> Secret:
    """Return a secret from where it is.

    Args:
        given: - for the standard input, which a terminal is asked for; @FILE for what a file holds; $NAME for an
            environment variable.

    Returns:
        The secret.

    Raises:
        InvalidInput: It stands in the command line itself, or is not there.

    Examples:
        >>> from createos_nb.cli.runbook_arguments import read_secret
        >>> read_secret("abc")
        Traceback (most recent call last):
        createos_nb.errors.InvalidInput: a secret is never taken from the command line, where others see it: give - ...
    """
    if given.startswith("$") and len(given) > 1:
        return _from_environment(given[1:])
    if given == "-" or given.startswith("@"):
        return _secret(given, "the secret")
    raise InvalidInput(
        "a secret is never taken from the command line, where others see it: give - to be asked for it or to pipe it "
        "in, @FILE for a file that holds it, or '$NAME' for an environment variable"
    )


def _argument(parameter: RunbookParameter) -> Argument:
    name = parameter.name
    annotation, read = _TYPES[parameter.kind]
    if parameter.kind == "choice":
        annotation = Literal[parameter.choices]
    secret = parameter.kind in ("secret", "variables")
    several = getattr(annotation, "__origin__", None) is list
    default = parameter.default
    if default is not inspect.Parameter.empty and (several or not isinstance(default, str | int | float)):
        default = None  # UNSET, a tuple: the runbook has its own default
    if default is inspect.Parameter.empty and parameter.optional:
        default = None
    option = RENAMED.get(name, name.replace("_", "-"))
    settings: dict[str, Any] = {"name": f"--{option}", "metavar": _METAVARS.get(annotation)}
    if annotation is bool and default is False:
        settings |= {"negative": "", "show_default": False}
    if name in _HELP:
        settings["help"] = _HELP[name]
    if several:
        settings |= {"consume_multiple": True, "negative": ""}
    if name in _PROJECTS:
        settings["completer"] = names.complete_projects
    elif name in _ENVIRONMENTS:
        settings["completer"] = names.complete_environments
    if secret:
        settings |= {"metavar": "NAME=VALUE", "show_default": False} if several else {"metavar": "-|@FILE|$NAME"}
        settings["help"] = _VARIABLES if several else _SECRET
        settings["allow_leading_hyphen"] = not several
    elif parameter.kind in ("texts by name", "values by name"):
        settings |= {"metavar": "NAME=VALUE"}
    elif parameter.kind == "time":
        settings |= {"metavar": "TIME", "allow_leading_hyphen": True}
    hint = annotation if default is inspect.Parameter.empty else annotation | None
    positional = parameter.positional and not several
    return Argument(name, option, Annotated[hint, Parameter(**settings)], default, positional, read, secret)


def _same(value: Any) -> Any:
    return value


def _number_or_text(text: str) -> str | int:
    return int(text) if text.isascii() and text.isdecimal() else text


def _numbers_or_texts(texts: Sequence[str]) -> list[str | int]:
    return [_number_or_text(text) for text in texts]


def _read_texts(given: Sequence[str]) -> dict[str, str | None]:
    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, equals, _ in pairs if not equals or not name]:
        raise InvalidInput(f"NAME=VALUE is expected, not {wrong[0]!r}; NAME= takes it away")
    return {name: value or None for name, _, value in pairs}


def _read_settings(given: Sequence[str]) -> dict[str, Any]:
    return {name: _literal(value) for name, value in _read_texts(given).items()}


def _literal(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _from_environment(name: str) -> Secret:
    value = os.environ.get(name)
    if not value:
        raise InvalidInput(f"there is no environment variable {name}: set it, or give its value; {_SOURCES}")
    return Secret(value)


def _secret(value: str, name: str) -> Secret:
    from createos_nb.uploads.secret_tokens import form_in

    if value == "-":
        return _asked(name)
    if value.startswith("@"):
        try:
            return Secret(Path(value[1:]).expanduser().read_text(encoding="utf-8").rstrip("\n"))
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise InvalidInput(f"{name}: the file {value[1:]} can't be read: {why}") from None
    if form_in(value.encode()):
        raise InvalidInput(
            f"{name}: its value looks like a secret, and others see what stands in a command line: {_SOURCES}"
        )
    return Secret(value)


def _asked(name: str) -> Secret:
    try:
        text = getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline()
    except UnicodeDecodeError:
        text = ""
    if not text.strip():
        raise InvalidInput(f"{name}: nothing was given: type it, or pipe it in")
    return Secret(text.strip())


#: What each kind of parameter is typed as, and what makes its value of that.
_TYPES: Final[dict[Kind, tuple[Any, Callable[[Any], Any]]]] = {
    "text": (str, _same),
    "time": (str, _same),
    "path": (str, _same),
    "integer": (int, _same),
    "number": (float, _same),
    "switch": (bool, _same),
    "choice": (str, _same),
    "text or integer": (str, _number_or_text),
    "texts": (list[str], _same),
    "texts or integers": (list[str], _numbers_or_texts),
    "texts by name": (list[str], _read_texts),
    "values by name": (list[str], _read_settings),
    "variables": (list[str], read_variables),
    "secret": (str, read_secret),
}


def _without_value(text: str) -> str:
    """A secret's argument as it may be shown: where it comes from, and not what it is."""
    name, equals, value = text.partition("=")
    if not equals or not value or value == "-" or value.startswith("@"):
        return text if equals or text == "-" or text.startswith(("@", "$")) or name.isidentifier() else "…"
    return f"{name}=…"
