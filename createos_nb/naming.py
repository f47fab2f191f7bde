"""Wire names and people's names: the one place that turns one into the other.

The wire writes camelCase and has its own status words; people read snake_case and the documentation's vocabulary.
The wire's word is a fact and is kept; people's word is derived and stands beside it. A word in no list survives as it
came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, Literal, TypeVar, get_args

_BREAK: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[a-z])(?=\dxx)")

#: The statuses that each kind of resource is known to have. One that is not among them survives in rows.
DeploymentStatus = Literal[
    "queue",
    "building",
    "deploying",
    "deployed",
    "build_error",
    "error",
    "crashing",
    "sleeping",
    "cancelled",
    "terminating",
]
ProjectStatus = Literal["active", "suspending", "suspended", "deleting", "deleted"]
EnvironmentStatus = Literal["active", "updating", "promoting", "resizing", "deleting"]
DomainStatus = Literal["pending", "issuing", "updating", "active", "error", "deleting"]
CronjobStatus = Literal["pending", "building", "active", "suspending", "suspended", "deleting", "deleted"]
TemplateStatus = Literal["draft", "underReview", "publishing", "listed", "rejected", "deleted"]

DEPLOYMENT_STATES: Final[Mapping[str, str]] = {
    "queue": "queued",
    "building": "building",
    "deploying": "deploying",
    "deployed": "deployed",
    "build_error": "failed",
    "error": "failed",
    "crashing": "failed",
    "sleeping": "sleeping",
    "cancelled": "cancelled",
    "terminating": "terminating",
}
PROJECT_STATES: Final[Mapping[str, str]] = {word: word for word in get_args(ProjectStatus)}
ENVIRONMENT_STATES: Final[Mapping[str, str]] = {word: word for word in get_args(EnvironmentStatus)}
DOMAIN_STATES: Final[Mapping[str, str]] = {word: word for word in get_args(DomainStatus)}
SCAN_STATES: Final[Mapping[str, str]] = {
    "pending": "pending",
    "in_progress": "in progress",
    "success": "successful",
    "failed": "failed",
}
CRONJOB_STATES: Final[Mapping[str, str]] = {word: word for word in get_args(CronjobStatus)}
TEMPLATE_STATES: Final[Mapping[str, str]] = {
    "draft": "draft",
    "underReview": "under review",
    "publishing": "publishing",
    "listed": "listed",
    "rejected": "rejected",
    "deleted": "deleted",
}

#: Names that the documentation uses for operations that the wire calls otherwise.
OPERATION_ALIASES: Final[Mapping[str, str]] = {
    "GetEnvAnalyticsReqDistribution": "GetProjectEnvironmentAnalyticsRequestDistribution",
}

#: Wire fields whose values are secrets: a map's values, or the value itself.
SECRET_MAPS: Final = frozenset({"runEnvs", "buildVars", "headers"})
SECRET_VALUES: Final = frozenset({"secret", "token", "body", "frontendUri", "downloadUri"})


Word = TypeVar("Word", bound=str)


def text_for(texts: Mapping[Word, str], word: str | None) -> str:
    """Return the text for a word of the wire.

    Args:
        texts: Texts by word.
        word: The word; any may come.

    Returns:
        The text; "" for a word that is in no list.

    Examples:
        >>> from createos_nb.naming import text_for
        >>> text_for({"queue": "queued"}, "queue"), text_for({"queue": "queued"}, "paused")
        ('queued', '')
    """
    return next((text for known, text in texts.items() if known == word), "")


@lru_cache(maxsize=4096)
def snake(wire: str) -> str:
    """Return a name of the wire as one of ours.

    Args:
        wire: A name such as `runEnvs`.

    Returns:
        The name in snake_case.

    Examples:
        >>> from createos_nb.naming import snake
        >>> snake("runEnvs"), snake("status2xx"), snake("per-page"), snake("useBuildAI")
        ('run_envs', 'status_2xx', 'per_page', 'use_build_ai')
    """
    return _BREAK.sub("_", wire).replace("-", "_").lower()


@lru_cache(maxsize=4096)
def camel(name: str) -> str:
    """Return the wire's spelling of a name of ours.

    Args:
        name: A name in snake_case.

    Returns:
        The name in camelCase.

    Examples:
        >>> from createos_nb.naming import camel
        >>> camel("run_envs")
        'runEnvs'
    """
    if name == "use_build_ai":  # the one name that the wire does not spell regularly
        return "useBuildAI"
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def kebab(name: str) -> str:
    """Return the wire's spelling of a query parameter.

    Args:
        name: A name in snake_case.

    Returns:
        The name with hyphens.

    Examples:
        >>> from createos_nb.naming import kebab
        >>> kebab("since_seconds")
        'since-seconds'
    """
    return name.replace("_", "-")


def nearest(name: object, known: Iterable[object]) -> str:
    """Return the end of a sentence that suggests the names that look most like one.

    Args:
        name: What was written.
        known: The names that there are.

    Returns:
        "; did you mean …?", or "" where none looks like it.

    Examples:
        >>> from createos_nb.naming import nearest
        >>> nearest("storefrnt", ["storefront", "orders-api"])
        '; did you mean storefront?'
    """
    from difflib import get_close_matches  # only an error needs it

    text = str(name)
    by_key = {str(name).lower().replace("-", "_"): str(name) for name in known}
    key = text.lower().replace("-", "_")
    close = get_close_matches(key, by_key, n=3, cutoff=0.6)
    parts = [
        candidate
        for candidate in by_key
        if key and (candidate.startswith((key + "_", key + "s")) or candidate.endswith("_" + key))
    ]
    suggestions = list(dict.fromkeys(by_key[match] for match in (*parts, *close)))[:3]
    return f"; did you mean {' or '.join(suggestions)}?" if suggestions and text not in suggestions else ""


def unknown_attribute(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """Return the error for a name that a module does not have; it suggests the nearest one.

    Args:
        module: The module's name.
        name: What was asked for.
        known: The names that the module has.

    Returns:
        The error, to be raised.

    Examples:
        >>> from createos_nb.naming import unknown_attribute
        >>> print(unknown_attribute("createos_nb", "simulat", ["simulate", "connect"]))
        module 'createos_nb' has no attribute 'simulat'; did you mean simulate?
    """
    # what begins with _ is what tools look for: nobody has mistyped it
    suggestion = "" if name.startswith("_") else nearest(name, known)
    return AttributeError(f"module {module!r} has no attribute {name!r}{suggestion}", name=name)
