"""How a noun declares its operations, and how a bound operation is called and explains itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from createos_nb.operation import OPERATIONS, Answer, Effect, Operation, Parameter, Text
from createos_nb.process import OfThisProcess
from createos_nb.words import nearest


class Performer(Protocol):
    """Whoever carries an operation out: the client, with a transport."""

    def perform(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        """Carry it out with arguments named as in the noun's method; names still unresolved."""


F = TypeVar("F", bound=Callable[..., Any])

#: Calls of a noun that are no operation of the platform, and change something by way of one.
_WRITES: set[Callable[..., Any]] = set()


def writes(function: F) -> F:
    """Mark a noun's call that is no operation itself as one that changes something."""
    _WRITES.add(function)
    return function


def operation(
    name: str,
    line: str,
    *,
    answer: Answer | None = None,
    effect: Effect | None = None,
    success: int = 200,
    failures: str = "400 401 403 404 500",
    enveloped: bool = True,
    source: str = "platform",
    upload: bool = False,
) -> Callable[[F], F]:
    """Declare an operation. Without `effect`: GET reads, DELETE destroys, the rest write."""
    method, path = line.split(" ", 1)
    default: Effect = "read" if method == "GET" else "destroy" if method == "DELETE" else "write"

    def declare(function: F) -> F:
        return Declared(  # type: ignore[return-value]  # to checkers the method keeps its own signature
            name=name,
            method=method,
            path=path,
            effect=effect or default,
            answer=answer or Text(),
            success=success,
            failures=tuple(int(code) for code in failures.split()),
            enveloped=enveloped,
            source=source,
            upload=upload,
            function=function,
        )

    return declare


class Declared:
    """An operation as a class attribute; on an instance of the noun it is a `Bound` operation."""

    def __init__(self, **facts: Any) -> None:
        self._facts = facts
        self.operation: Operation

    def __set_name__(self, owner: type[Noun], name: str) -> None:
        function = self._facts["function"]
        summary = inspect.cleandoc(function.__doc__ or "").split("\n", 1)[0]
        self.operation = Operation(noun=owner.noun, call_name=name, summary=summary, **self._facts)
        if OPERATIONS.setdefault(self.operation.name, self.operation) is not self.operation:
            raise TypeError(f"{self.operation.name} is declared twice")

    def __get__(self, instance: Noun | None, owner: type[Noun]) -> Any:
        return self if instance is None else Bound(self.operation, instance)


class Bound(OfThisProcess):
    """A callable operation that explains itself."""

    def __init__(self, operation: Operation, noun: Noun) -> None:
        self.operation = operation
        self._noun = noun
        self.__name__ = operation.call_name
        self.__doc__ = operation.function.__doc__
        self.__signature__ = operation.signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            bound = self.operation.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(_misnamed(self.operation, kwargs, error)) from None
        return self._noun.performer.perform(self.operation, bound.arguments)

    def __repr__(self) -> str:
        return explain(self.operation)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(explain(self.operation))}</pre>"


def explain(operation: Operation) -> str:
    """An operation in plain text: how to call it, what it does, what goes over the wire."""
    lines = [
        f"client.{operation.call}({_arguments(operation.signature)})",
        inspect.cleandoc(operation.function.__doc__ or ""),
        "",
        f"{operation.effect}: {operation.name}, {operation.method} {operation.path}",
    ]
    for p in operation.parameters:
        note = "; ".join(part for part in (p.meaning, _limits(p)) if part)
        if note:
            lines.append(f"  {p.name}: {note}")
    return "\n".join(lines)


def _misnamed(operation: Operation, given: Mapping[str, Any], error: TypeError) -> str:
    """What is wrong with the arguments of a call, and how it is called."""
    names = list(operation.signature.parameters)
    unknown = [name for name in given if name not in names]
    what = f"it takes no {unknown[0]}={nearest(unknown[0], names)}" if unknown else str(error)
    return f"{operation.call}: {what}\n→ client.{operation.call}({_arguments(operation.signature)})"


def _arguments(signature: inspect.Signature) -> str:
    """The names of the arguments; those that may be left out with `=…`."""
    shown: list[str] = []
    for p in signature.parameters.values():
        if p.kind is p.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        shown.append(p.name if p.default is p.empty else f"{p.name}=…")
    return ", ".join(shown)


def _limits(parameter: Parameter) -> str:
    """The bounds of a number, or a closed list, in words; those of texts stand in their meaning."""
    bounds = parameter.bounds()
    if "choices" in bounds:
        return "one of " + ", ".join(map(str, bounds["choices"]))
    if "ge" in bounds and "le" in bounds:
        return f"{bounds['ge']} to {bounds['le']}"
    return f"at least {bounds['ge']}" if "ge" in bounds else ""


class Noun(OfThisProcess):
    """A group of operations bound to whoever performs them. It shows itself as the list of its calls."""

    noun = ""

    def __init__(self, performer: Performer) -> None:
        self.performer = performer

    if not TYPE_CHECKING:  # to checkers a noun has its calls and nothing else

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            calls = [one for one in dir(type(self)) if not one.startswith("_")]
            raise AttributeError(f"client.{self.noun} has no call {name!r}{nearest(name, calls)}")

    @classmethod
    def operations(cls) -> dict[str, Operation]:
        """This noun's operations by the name of their call."""
        found: dict[str, Operation] = {}
        for base in reversed(cls.__mro__):
            found |= {name: one.operation for name, one in vars(base).items() if isinstance(one, Declared)}
        return found

    def __repr__(self) -> str:
        head = f"client.{self.noun}: {inspect.cleandoc(type(self).__doc__ or '')}".split("\n", 1)[0]
        rows = [(one.call_name, one.effect, one.summary) for one in self.operations().values()]
        rows += self._others()
        wide = max(len(row[0]) for row in rows)
        return "\n".join([head, *(f"  {name:<{wide}}  {effect:<7}  {text}" for name, effect, text in rows)])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'><code>{escape(one.call_name)}</code></td><td>{one.effect}</td>"
            f"<td style='text-align:left'>{escape(one.summary)}</td></tr>"
            for one in self.operations().values()
        )
        rows += "".join(
            f"<tr><td style='text-align:left'><code>{escape(name)}</code></td><td>{effect}</td>"
            f"<td style='text-align:left'>{escape(summary)}</td></tr>"
            for name, effect, summary in self._others()
        )
        head = escape(inspect.cleandoc(type(self).__doc__ or "").split("\n", 1)[0])
        return (
            f"<p><code>client.{escape(self.noun)}</code>: {head}</p><table><thead><tr>"
            + "".join(f"<th style='text-align:left'>{name}</th>" for name in ("call", "effect", "what it does"))
            + f"</tr></thead><tbody>{rows}</tbody></table>"
        )

    def _others(self) -> list[tuple[str, Effect, str]]:
        """Public calls that are no operation of the platform: name, effect, first sentence."""
        return [
            (name, "write" if member in _WRITES else "read", inspect.cleandoc(member.__doc__ or "").split("\n", 1)[0])
            for base in type(self).__mro__
            if base is not Noun and base is not object
            for name, member in vars(base).items()
            if inspect.isfunction(member) and not name.startswith("_")
        ]
