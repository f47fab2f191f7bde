"""Completion by Tab of names in texts, in IPython and Jupyter: from what the client has read, nothing is asked for it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from createos_nb.client.client import RESOURCES, Client
from createos_nb.client.environments import Environments
from createos_nb.client.name_resolution import LISTED
from createos_nb.client.session import Session
from createos_nb.contract.resource import Resource
from createos_nb.notebooks.open_call import OpenText, open_text, value_of

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult
    from IPython.core.interactiveshell import InteractiveShell

_ID: Final = "createos_nb.names"
#: What a parameter of a name takes, where it is not the kind's own word.
_KINDS: Final[Mapping[str, str]] = {
    **{kind: kind for kind in LISTED},
    **{f"{kind}s": kind for kind in LISTED},
    "owner": "installation",
}
#: Parameters that are environments where a call takes two of them, and a project.
_PAIRS: Final = frozenset({"source", "target", "first", "second"})


def register(shell: InteractiveShell) -> None:
    """Have IPython complete names in calls of this package, and in `client.environments["…"]`.

    Args:
        shell: IPython's shell.
    """
    from IPython.core.completer import context_matcher  # only where IPython runs

    unregister(shell)

    @context_matcher(identifier=_ID)  # type: ignore[untyped-decorator]
    def names(context: CompletionContext) -> SimpleMatcherResult:
        return _matches(context, shell.user_ns)

    shell.Completer.custom_matchers.append(names)


def unregister(shell: InteractiveShell) -> None:
    """Take back what `register` did.

    Args:
        shell: IPython's shell.
    """
    matchers = shell.Completer.custom_matchers
    matchers[:] = [matcher for matcher in matchers if getattr(matcher, "matcher_identifier", "") != _ID]


def complete(source: str, names: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the names that complete the text at the end of unfinished code.

    Args:
        source: The code before the cursor.
        names: The variables that are there.

    Returns:
        The text so far, and the names that begin with it; none where the client has read none, or the text is no name.

    Examples:
        >>> from createos_nb.notebooks.completion import complete
        >>> client = createos_nb.simulate()
        >>> projects = client.projects.list()
        >>> complete('client.environments.logs("sto', {"client": client})
        ('sto', ['storefront'])
    """
    found = open_text(source)
    if found is None:
        return "", []
    target, client = _resolved(found.expression, names)
    known = _keys(target) if found.is_key else _arguments(found, target, client, names)
    return found.typed, [name for name in known if name.startswith(found.typed)]


def _matches(context: CompletionContext, variables: Mapping[str, Any]) -> SimpleMatcherResult:
    from IPython.core.completer import SimpleCompletion

    lines = context.full_text.split("\n")
    source = "\n".join([*lines[: context.cursor_line], lines[context.cursor_line][: context.cursor_position]])
    typed, names = complete(source, variables)
    completions = [SimpleCompletion(text=name, type="name") for name in names]
    # names are all that such a text can be: no file is meant
    return {"completions": completions, "matched_fragment": typed, "suppress": bool(names), "ordered": True}


def _keys(target: Any) -> list[str]:
    return target._ipython_key_completions_() if isinstance(target, Environments) else []


def _arguments(found: OpenText, target: Any, client: Any, variables: Mapping[str, Any]) -> list[str]:
    """Return the names that the argument of a call takes."""
    if not callable(target):
        return []
    parameters = list(inspect.signature(target).parameters)
    if found.position is not None and found.position >= len(parameters):
        return []
    name = found.keyword or parameters[found.position or 0]
    is_pair = name in _PAIRS and "project" in parameters and "environment" not in parameters
    kind = "environment" if is_pair else _KINDS.get(name, "")
    session = _session(client, target, found, parameters, variables)
    if not kind or name not in parameters or session is None:
        return []
    project = _given("project", found, parameters, variables)
    return session.seen.names(kind, project if isinstance(project, str) else None)


def _session(
    client: Any, target: Any, found: OpenText, parameters: list[str], variables: Mapping[str, Any]
) -> Session | None:
    """Return the session of the client that a call is one of, or is given."""
    if parameters[:1] == ["client"]:
        client = _given("client", found, parameters, variables)
    if isinstance(client, Client):
        return client.session
    # a resource in a variable of its own: its calls are bound to the session's `execute`
    execute = getattr(getattr(target, "__self__", target), "_execute", None)
    session = getattr(execute, "__self__", None)
    return session if isinstance(session, Session) else None


def _given(name: str, found: OpenText, parameters: list[str], variables: Mapping[str, Any]) -> Any:
    """Return the value of an argument that stands before the cursor; None where none does."""
    source = found.arguments.get(name)
    if source is None and name in parameters:
        source = found.arguments.get(parameters.index(name))
    return None if source is None else value_of(source, variables)


def _resolved(expression: str, variables: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return what an expression names, and the client on the way to it; nothing is called, and no property that asks.

    Only modules and clients of this package are gone through.
    """
    first, *rest = (part.strip() for part in expression.split("."))
    target, client = variables.get(first), None
    for part in rest:
        if isinstance(target, Client):
            client = target
        if not _may_read(target, part):
            return None, None
        target = getattr(target, part, None)
    return (target, client) if _is_ours(target) else (None, None)


def _may_read(target: Any, name: str) -> bool:
    if not _is_ours(target):
        return False
    if isinstance(target, ModuleType) or (isinstance(target, Client) and name in (*RESOURCES, "fleet")):
        return True
    is_operation = isinstance(target, Resource) and name in type(target).operations()
    return is_operation or callable(inspect.getattr_static(type(target), name, None))


def _is_ours(target: Any) -> bool:
    module = target.__name__ if isinstance(target, ModuleType) else getattr(target, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] == "createos_nb"


