"""The catalog of the runbooks: the built-in ones, and those that packages add."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from createos_nb import extensions
from createos_nb.dtypes import TEXT
from createos_nb.errors import ConfigurationError, UnknownName

if TYPE_CHECKING:
    from createos_nb.plans.plan import Plan

#: A function of the client, and of names, that returns a plan.
Runbook: TypeAlias = "Callable[..., Plan]"


def catalog() -> pd.DataFrame:
    """Return the runbooks: the built-in ones, then those that packages add under `createos_nb.runbooks`.

    Returns:
        One row each, all columns str: name (for `find`), summary (what it does; NA where it does not say), parameters
        (as they are given after the client), source ("createos_nb", or name and version of the package).
        `attrs["missing"]` says which runbooks of packages can't be used, and why; `attrs["complete"]` that there are
        none such.

    Examples:
        >>> found = createos_nb.runbooks.catalog().set_index("name")
        >>> found.loc["assign", ["summary", "parameters", "source"]].tolist()
        ['Assign a deployed version to an environment: ...', 'project, deployment, environment', 'createos_nb']
    """
    own = built_in(__package__)
    found = extensions.installed("runbooks", own, _problem)
    rows = [(name, function, "createos_nb") for name, function in own.items()]
    rows += [(one.name, one.value, one.package) for one in found if not one.problem]
    frame = pd.DataFrame(
        [(name, _summary(function), _parameters(function), source) for name, function, source in rows],
        columns=["name", "summary", "parameters", "source"],
    ).astype(TEXT)
    missing = extensions.problems(found)
    frame.attrs = {"complete": not missing, "missing": missing}
    return frame


def find(name: str) -> Runbook:
    """Return a runbook by its name.

    Args:
        name: its name, as `catalog` lists it; "set-variables" is "set_variables".

    Returns:
        The function: call it with the client and what `catalog` names as its parameters.

    Raises:
        UnknownName: there is no such runbook.
        ConfigurationError: a package adds it, and it can't be used; the message says why.

    Examples:
        >>> client = createos_nb.simulate()
        >>> rollback = createos_nb.runbooks.find("rollback")
        >>> rollback(client, "storefront", "production").runbook
        'rollback'
    """
    own = built_in(__package__)
    function: Runbook | None = own.get(extensions.key_of(name))
    if function is not None:
        return function
    added: Runbook = find_added("runbooks", "runbook", name, own, _problem).value
    return added


def built_in(package: str) -> Mapping[str, Runbook]:
    """Return the functions of a package that return a plan, by name, sorted.

    Args:
        package: its name, such as that of this one.
    """
    module = import_module(package)
    functions = {name: getattr(module, name) for name in sorted(module.__all__)}
    return {
        name: one
        for name, one in functions.items()
        if inspect.isfunction(one) and one.__annotations__.get("return") == "Plan"
    }


def find_added(
    kind: str, what: str, name: str, taken: Mapping[str, Runbook], check: Callable[[Any], str]
) -> extensions.Extension:
    """Return what a package adds under a name.

    Args:
        kind: a kind of extensions.
        what: what errors call it.
        name: its name.
        taken: the names that are built in.
        check: says what is wrong with an object.

    Raises:
        UnknownName: there is none.
        ConfigurationError: it can't be used.
    """
    found = extensions.find(kind, name, taken, check)
    if found is None:
        raise UnknownName(what, name, [*taken, *extensions.names(kind, taken)])
    if found.problem:
        raise ConfigurationError(f"the {what} {found.name!r} of {found.package} can't be used: {found.problem}")
    return found


def _problem(value: object) -> str:
    if not callable(value):
        return f"it has to name a function, not {type(value).__name__}"
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except ValueError:
        return "its parameters can't be read"
    takes_client = parameters and parameters[0].kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    return "" if takes_client else "it has to take the client as its first argument"


def _summary(function: Runbook) -> str | None:
    text = inspect.getdoc(function) or ""
    return " ".join(text.split("\n\n", 1)[0].split()) or None


def _parameters(function: Runbook) -> str:
    """Return the parameters after the client as Python writes them, without their types."""
    signature = inspect.signature(function)
    _, *others = [one.replace(annotation=inspect.Parameter.empty) for one in signature.parameters.values()]
    shown = signature.replace(parameters=others, return_annotation=inspect.Signature.empty)
    return str(shown)[1:-1]
