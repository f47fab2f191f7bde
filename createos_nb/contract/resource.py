"""Resources declare operations; bound operations can be called and describe themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

from createos_nb.contract.documentation import documentation, limits, prose_and_sections
from createos_nb.contract.fields import extra_hint
from createos_nb.contract.operation import OPERATIONS, Answer, Effect, Operation, Text
from createos_nb.errors import UnknownField
from createos_nb.html import code, escaped, html_table
from createos_nb.naming import camel, nearest
from createos_nb.process import ProcessBound

#: Executes an operation with arguments named as in the resource's method, names still unresolved.
Execute: TypeAlias = Callable[[Operation, Mapping[str, Any]], Any]

F = TypeVar("F", bound=Callable[..., Any])

#: Calls of a resource that are no operation of the platform, and change something by way of one.
_WRITES: set[Callable[..., Any]] = set()


def writes(function: F) -> F:
    """Mark a resource's call that is no operation itself as one that changes something."""
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
    """An operation as a class attribute; on an instance of the resource it is a `BoundOperation`."""

    def __init__(self, **facts: Any) -> None:
        self._facts = facts
        self.operation: Operation

    def __set_name__(self, owner: type[Resource], name: str) -> None:
        function = self._facts["function"]
        summary = inspect.cleandoc(function.__doc__ or "").split("\n", 1)[0]
        self.operation = Operation(resource=owner.name, call_name=name, summary=summary, **self._facts)
        if OPERATIONS.setdefault(self.operation.name, self.operation) is not self.operation:
            raise TypeError(f"{self.operation.name} is declared twice")

    def __get__(self, instance: Resource | None, owner: type[Resource]) -> Any:
        return self if instance is None else BoundOperation(self.operation, instance._execute)


class BoundOperation(ProcessBound):
    """A callable operation that explains itself."""

    def __init__(self, operation: Operation, execute: Execute) -> None:
        self.operation = operation
        self._execute = execute
        self.__name__ = operation.call_name
        self.__doc__ = documentation(operation)
        self.__signature__ = operation.signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Execute the operation."""
        try:
            bound = self.operation.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise _wrong_arguments(self.operation, kwargs, error) from None
        return self._execute(self.operation, bound.arguments)

    def __repr__(self) -> str:
        return explain(self.operation)

    def _repr_html_(self) -> str:
        return f"<pre>{escaped(explain(self.operation))}</pre>"


def explain(operation: Operation) -> str:
    """An operation in plain text: how to call it, what it does, what goes over the wire, and an example."""
    prose, sections = prose_and_sections(operation)
    lines = [
        f"client.{operation.call}({_arguments(operation.signature)})",
        prose,
        "",
        f"{operation.effect}: {operation.name}, {operation.method} {operation.path}",
    ]
    for p in operation.parameters:
        note = "; ".join(part for part in (p.meaning, limits(p)) if part)
        if note:
            lines.append(f"  {p.name}: {note}")
    return "\n".join([*lines, "", sections] if sections else lines)


def _wrong_arguments(operation: Operation, arguments: Mapping[str, Any], error: TypeError) -> TypeError:
    """Return the error that says what is wrong with the arguments of a call, with its signature."""
    names = list(operation.signature.parameters)
    signature = f"client.{operation.call}({_arguments(operation.signature)})"
    unknown = next((name for name in arguments if name not in names), None)
    if unknown is None:
        return TypeError(f"{operation.call}: {error}\n→ {signature}")
    hint = extra_hint(camel(unknown)) if operation.effect != "read" else ""
    reason = f"it takes no {unknown}={nearest(unknown, names)}\n→ {signature}"
    return UnknownField(unknown, names, f"{operation.call}: {reason}{hint}")


def _arguments(signature: inspect.Signature) -> str:
    """The names of the arguments; those that may be left out with `=…`."""
    names: list[str] = []
    for p in signature.parameters.values():
        if p.kind is p.KEYWORD_ONLY and "*" not in names:
            names.append("*")
        names.append(p.name if p.default is p.empty else f"{p.name}=…")
    return ", ".join(names)


class Resource(ProcessBound):
    """A group of operations, bound to what executes them. It shows itself as the list of its calls.

    Each subclass in this package declares the operations of one resource. The client refines some of them in a subclass
    of its own, which adds calls that take more than one operation.
    """

    #: Where it is on a client, such as "deployments".
    name: ClassVar[str] = ""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute

    if not TYPE_CHECKING:  # to checkers a resource has its calls and nothing else

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            calls = [call for call, _, _ in self._calls()]
            raise AttributeError(f"client.{self.name} has no call {name!r}{nearest(name, calls)}")

    @classmethod
    def operations(cls) -> dict[str, Operation]:
        """Return the operations of this resource by the name of their call.

        Returns:
            The declarations: HTTP line, parameters, effect, answer.

        Examples:
            >>> createos_nb.contract.Domains.operations()["refresh"].effect
            'write'
        """
        operations: dict[str, Operation] = {}
        for base in reversed(cls.__mro__):
            operations |= {
                name: member.operation for name, member in vars(base).items() if isinstance(member, Declared)
            }
        return operations

    def __repr__(self) -> str:
        head = f"client.{self.name}: {inspect.cleandoc(type(self).__doc__ or '')}".split("\n", 1)[0]
        rows = self._calls()
        width = max(len(name) for name, _, _ in rows)
        return "\n".join([head, *(f"  {name:<{width}}  {effect:<7}  {summary}" for name, effect, summary in rows)])

    def _repr_html_(self) -> str:
        head = inspect.cleandoc(type(self).__doc__ or "").split("\n", 1)[0]
        rows = ((code(name), effect, summary) for name, effect, summary in self._calls())
        table = html_table(rows, ("call", "effect", "what it does"))
        return f"<p>{code(f'client.{self.name}')}: {escaped(head)}</p>{table}"

    def _calls(self) -> list[tuple[str, Effect, str]]:
        """All public calls, the operations first: name, effect, first sentence."""
        operations = self.operations()
        calls: list[tuple[str, Effect, str]] = [
            (name, operation.effect, operation.summary) for name, operation in operations.items()
        ]
        for base in type(self).__mro__:
            if base is Resource or base is object:
                continue
            for name, member in vars(base).items():
                if inspect.isfunction(member) and not name.startswith("_") and name not in operations:
                    summary = inspect.cleandoc(member.__doc__ or "").split("\n", 1)[0]
                    calls.append((name, "write" if member in _WRITES else "read", summary))
        return calls
