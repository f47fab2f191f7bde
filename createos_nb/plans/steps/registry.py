"""The kinds of steps that a journal can hold: every file of this folder is found, none is listed."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Union

import msgspec

from createos_nb import extensions
from createos_nb.errors import ConfigurationError
from createos_nb.plans.steps.base import Step
from createos_nb.process import ForkLock

_FIRST_USE: Final = ForkLock()


def step_types() -> list[type[Step]]:
    """The concrete kinds of steps, sorted by their tags. A class without a tag that others build upon is no kind."""
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        import_module(f"{package}.{module.name}")
    kinds: list[type[Step]] = list(_concrete_below(Step))
    return sorted((kind for kind in kinds if not _is_taken(kind, kinds)), key=tag_of)


def tag_of(kind: type[Step]) -> str:
    """The tag of a kind of step: its `kind` in a journal."""
    return str(kind.__struct_config__.tag)


def steps_from(rows: Any) -> list[Step]:
    """Steps from the JSON of a journal. Raises `msgspec.ValidationError`."""
    with _FIRST_USE.held:  # classes that two threads use for the first time at once end the process
        known = step_types()
        tags = {tag_of(kind) for kind in known}
        if any(isinstance(row, dict) and row.get("kind") not in tags for row in rows):
            extensions.installed("runbooks")  # a kind of step that a package adds is there once it is imported
            known = step_types()
        kinds: Any = Union[tuple(known)]  # noqa: UP007  # of a list that is known at run time only
        steps: list[Step] = msgspec.convert(rows, list[kinds])
        return steps


def rows_of(steps: list[Step]) -> list[dict[str, Any]]:
    """Steps as JSON for a journal.

    Raises:
        ConfigurationError: A package's kind of step has the tag of another one: a journal could not tell them apart.
    """
    for kind in {type(step) for step in steps}:
        if not _is_own(kind) and _is_taken(kind, list(_concrete_below(Step))):
            raise ConfigurationError(
                f"the step {kind.__module__}.{kind.__name__} has the tag {tag_of(kind)!r}, which another kind of step "
                "has, too: a tag of its own is needed"
            )
    rows: list[dict[str, Any]] = msgspec.to_builtins(steps)
    return rows


def _is_taken(kind: type[Step], kinds: list[type[Step]]) -> bool:
    """Return whether the tag of a package's kind of step is that of another one."""
    return not _is_own(kind) and any(tag_of(one) == tag_of(kind) and one is not kind for one in kinds)


def _is_own(kind: type[Step]) -> bool:
    return kind.__module__.startswith("createos_nb.")


def _concrete_below(kind: Any) -> Iterator[type[Step]]:  # Any: an abstract class is no `type[Step]` to a type checker
    for child in kind.__subclasses__():
        is_base = bool(child.__subclasses__()) and tag_of(child) == child.__name__
        if not inspect.isabstract(child) and not is_base:
            yield child
        yield from _concrete_below(child)
