"""Prompts: how to look into an environment, and how to act with each runbook."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Final, NamedTuple

from createos_nb.agents import runbook_calls
from createos_nb.errors import InvalidInput
from createos_nb.naming import nearest

INVESTIGATE: Final = "investigate"
_ACT: Final = """\
Use the runbook {name}: {summary}

1. Call plan with runbook {name!r} and these parameters: {parameters}
   Ask for what is missing; list_runbooks with this name says what each parameter is.
2. Read the plan: its steps, whom it reaches, its warnings, and the preconditions that do not hold. Show it to the
   person who asked, and wait for their yes.
3. Call apply with the digest of that plan and a reason. Where it is refused because something has changed, read the
   new plan and ask again.
4. Say what the receipt says: whether its checks hold, and how it is undone."""
_LOOK: Final = """\
Find out what is wrong with {where}.

1. Call overview: it says what is in trouble, and what was changed last.
2. Call diagnose for it, and read what speaks for and against each cause. Look at requests, error_paths and logs where
   it leaves a doubt; an answer with "complete": false lacks something, and its notes say what.
3. Say the cause, since when, what speaks for it, and how sure you are. Say it where you don't know.
4. Where a runbook mends it, call plan with it and show the plan. Change nothing before a person has said yes."""


class Prompt(NamedTuple):
    """A prompt.

    Attributes:
        name: its name.
        title: what it is for.
        arguments: what it takes: name, meaning, and whether it has to be given.
    """

    name: str
    title: str
    arguments: tuple[tuple[str, str, bool], ...]


def prompts() -> dict[str, Prompt]:
    """Return the prompts by name: one to look with, then one for each runbook.

    Returns:
        The prompts.

    Examples:
        >>> from createos_nb.agents.prompts import prompts
        >>> [name for name, _, required in prompts()["rollback"].arguments if required]
        ['project', 'environment']
    """
    places = (("project", "by name or id", False), ("environment", "by name or id", False))
    found = {INVESTIGATE: Prompt(INVESTIGATE, "Find out what is wrong, and why.", places)}
    for name, runbook in runbook_calls.runbooks().items():
        schema = runbook_calls.schema_of(runbook)
        arguments = tuple(
            (key, str(kind.get("description", "")), key in schema["required"])
            for key, kind in schema["properties"].items()
        )
        found[name] = Prompt(name, _summary(name), arguments)
    return found


def text_of(name: str, arguments: Mapping[str, str]) -> str:
    """Return the text of a prompt.

    Args:
        name: its name.
        arguments: what was given, by name.

    Returns:
        The text.

    Raises:
        InvalidInput: there is no such prompt, or it takes no such argument.

    Examples:
        >>> from createos_nb.agents.prompts import text_of
        >>> text_of("investigate", {"project": "storefront"}).splitlines()[0]
        'Find out what is wrong with storefront.'
    """
    found = prompts()
    if name not in found:
        raise InvalidInput(f"there is no prompt {name!r}{nearest(name, found)}")
    names = [key for key, _, _ in found[name].arguments]
    for key in arguments:
        if key not in names:
            raise InvalidInput(f"{name} takes no argument {key!r}{nearest(key, names)}")
    if name == INVESTIGATE:
        where = "/".join(arguments[key] for key in names if arguments.get(key)) or "the account"
        return _LOOK.format(where=where)
    parameters = json.dumps(dict(arguments), ensure_ascii=False)
    return _ACT.format(name=name, summary=_summary(name), parameters=parameters)


def _summary(name: str) -> str:
    return " ".join((inspect.getdoc(runbook_calls.find(name)) or name).split("\n\n", 1)[0].split())
