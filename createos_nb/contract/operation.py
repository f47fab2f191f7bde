"""Operations: HTTP line, parameters, effect and answer, declared once.

A resource's class declares each operation as a method without a body:

    class Environments(Resource):
        @operation("UpdateProjectEnvironmentResources", "PUT /v1/projects/{project_id}/environments/…/resources")
        def update_resources(self, project: ProjectRef, environment: EnvironmentRef, *, cpu: Cpu, ...) -> str: ...

The decorator's text is the HTTP line, the signature is the schema, the docstring is the documentation. Everything that
needs to know about operations (client, simulator, panels, reference, tests) reads the `Operation` made from it.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec

from createos_nb.naming import camel, kebab, snake

Effect = Literal["read", "write", "destroy"]

#: Default of a parameter that is not sent unless given. `None` is something else: it sends null.
UNSET: Any = msgspec.UNSET


class Ref(msgspec.Struct, frozen=True):
    """The parameter refers to a resource: its id, or its own name where `resource` has one."""

    resource: str


class InQuery(msgspec.Struct, frozen=True):
    """The parameter travels in the query, although the request may have a body.

    `or_body`: the wire takes it in a JSON body too, where one official client sends it.
    """

    or_body: bool = False


class Omittable(msgspec.Struct, frozen=True):
    """The wire takes the request without this parameter too, and then does what should be asked for by name."""


class Moment(msgspec.Struct, frozen=True):
    """The parameter is a time: aware Timestamp, datetime, ISO text, "-24h", "now" or Unix seconds.

    Attributes:
        unit: what is sent: Unix seconds ("s") or RFC 3339 ("iso").
        sent: what it means on the wire, in words.
    """

    unit: Literal["s", "iso"]
    sent: str


class Fields(msgspec.Struct, frozen=True):
    """The parameter is an object with declared fields, given as a mapping; `run_envs` and `runEnvs` both serve.

    Where it is one of several kinds, `types` says at which `type` of the same request it is which.
    """

    of: tuple[type[msgspec.Struct], ...]
    many: bool = False
    types: tuple[str, ...] = ()

    def kinds(self, type: object = None) -> tuple[type[msgspec.Struct], ...]:
        """Return the kind that the object is at this `type`; all kinds where the type does not say."""
        chosen = tuple(kind for kind, word in zip(self.of, self.types, strict=False) if word == type)
        return chosen or tuple(dict.fromkeys(self.of))


# --- what an answer is ------------------------------------------------------------------------------------------------


class Record(msgspec.Struct, frozen=True):
    """One resource: a Series. `inside` names the field that holds it, where one does."""

    of: type[msgspec.Struct]
    inside: str | None = None


class Rows(msgspec.Struct, frozen=True):
    """A plain array of resources: a DataFrame. `inside` names the field that holds the array, where one does.

    `bare`: each resource is a mere text, which becomes the field of that name.
    """

    of: type[msgspec.Struct]
    inside: str | None = None
    bare: str | None = None


class Page(msgspec.Struct, frozen=True):
    """One page of resources with `pagination`: a DataFrame of all pages. `most` is the largest page."""

    of: type[msgspec.Struct]
    rows: str = "data"
    most: int = 20


class NumberedPage(msgspec.Struct, frozen=True):
    """One page of an array that pages with `page`/`per-page` and names no total."""

    of: type[msgspec.Struct]
    most: int = 100


class Text(msgspec.Struct, frozen=True):
    """The platform's sentence: a `str`."""


class TextOrId(msgspec.Struct, frozen=True):
    """An id, or the platform's sentence where there was nothing to do: a Series with `id` and `message`."""


class LogText(msgspec.Struct, frozen=True):
    """Log lines as one text: a DataFrame of lines."""


Answer = Record | Rows | Page | NumberedPage | Text | TextOrId | LogText


@dataclass(frozen=True)
class Parameter:
    """One parameter of an operation. `name` is the method's, `wire` the wire's, `key` the wire's in snake_case."""

    name: str
    wire: str
    location: Literal["path", "query", "body", "file", "extra"]
    annotation: Any
    required: bool
    ref: Ref | None = None
    moment: Moment | None = None
    fields: Fields | None = None
    meta: msgspec.Meta | None = None
    many: bool = False
    in_body: bool = False

    @cached_property
    def key(self) -> str:
        """Its wire name in snake_case."""
        return snake(self.wire)

    @property
    def nullable(self) -> bool:
        """Whether it takes None, which sends null."""
        return type(None) in get_args(_inner(self.annotation))

    @property
    def meaning(self) -> str:
        """Its declared meaning; empty without one."""
        return (self.meta.description or "") if self.meta else ""

    @property
    def wire_meaning(self) -> str:
        """What it means on the wire, which takes ids where a method takes names too; an object's fields say it."""
        if self.fields is not None:
            return ""
        if self.moment is not None:
            return self.moment.sent
        if self.ref is not None:
            return f"{'ids' if self.many else 'id'} of the {self.ref.resource.replace('_', ' ')}{'s' * self.many}"
        return self.meaning

    def bounds(self) -> dict[str, Any]:
        """Return the declared limits of its values.

        Returns:
            ge, le, min_length, max_length and pattern, those that are declared, and `choices` of a closed list.

        Examples:
            >>> cpu = createos_nb.contract.find("UpdateProjectEnvironmentResources").by_key["cpu"]
            >>> cpu.bounds()
            {'ge': 200, 'le': 500}
        """
        bounds: dict[str, Any] = {}
        for meta in _metas(self.annotation):
            for name in ("ge", "le", "min_length", "max_length", "pattern"):
                if (value := getattr(meta, name)) is not None:
                    bounds.setdefault(name, value)
        if choices := choices_of(self.annotation):
            bounds["choices"] = choices
        return bounds


_EXTRA_MEANING: Final = msgspec.Meta(description="fields that this version does not know, sent as they are")
#: Of every operation that changes something, beside its declared parameters.
EXTRA: Final = Parameter(
    name="extra",
    wire="extra",
    location="extra",
    annotation=Annotated[Mapping[str, Any] | None, _EXTRA_MEANING],
    required=False,
    meta=_EXTRA_MEANING,
)


@dataclass(frozen=True)
class Operation:
    """One operation of the platform: the one statement of it that everything else reads."""

    name: str
    resource: str
    call_name: str
    method: str
    path: str
    effect: Effect
    answer: Answer
    summary: str
    function: Callable[..., Any] = field(repr=False, compare=False)
    enveloped: bool = True
    success: int = 200
    failures: tuple[int, ...] = (400, 401, 403, 404, 500)
    source: str = "platform"
    upload: bool = False

    @property
    def call(self) -> str:
        """Return its name on the client, such as `environments.update_resources`."""
        return f"{self.resource}.{self.call_name}"

    @property
    def has_quota(self) -> bool:
        """A 429 without `Retry-After` means here that a quota is used up."""
        return 429 in self.failures

    @cached_property
    def signature(self) -> inspect.Signature:
        """The method's signature, without `self`; what changes something takes `extra` as well."""
        signature = inspect.signature(self.function)
        parameters = list(signature.parameters.values())[1:]
        if self.effect != "read":
            parameters.append(
                inspect.Parameter(
                    EXTRA.name, inspect.Parameter.KEYWORD_ONLY, default=UNSET, annotation=EXTRA.annotation
                )
            )
        return signature.replace(parameters=parameters)

    @cached_property
    def arguments(self) -> tuple[Parameter, ...]:
        """The method's parameters, in its order."""
        space = vars(sys.modules[self.function.__module__])
        return tuple(
            EXTRA
            if p.name == EXTRA.name
            else self._parameter(p, _evaluated(p.annotation, space), p.default is inspect.Parameter.empty)
            for p in self.signature.parameters.values()
        )

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """All parameters of the wire, those that only the wire level offers (`limit`, `offset`) last."""
        return (*(p for p in self.arguments if p.name != "limit" and p is not EXTRA), *self._paging())

    @cached_property
    def by_key(self) -> Mapping[str, Parameter]:
        """Parameters by their wire name in snake_case."""
        return {p.key: p for p in self.parameters}

    def at(self, location: str) -> tuple[Parameter, ...]:
        """Return the parameters that travel in one place.

        Args:
            location: "path", "query", "body" or "file".

        Returns:
            The parameters, in the method's order.

        Examples:
            >>> operation = createos_nb.contract.find("ListDeployments")
            >>> [parameter.wire for parameter in operation.at("query")]
            ['limit', 'offset']
        """
        return tuple(p for p in self.parameters if p.location == location)

    def _paging(self) -> tuple[Parameter, ...]:
        if isinstance(self.answer, Page):
            max_size = self.answer.most
            return (
                Parameter("limit", "limit", "query", Annotated[int, msgspec.Meta(ge=1, le=max_size)], required=False),
                Parameter("offset", "offset", "query", Annotated[int, msgspec.Meta(ge=0)], required=False),
            )
        if isinstance(self.answer, NumberedPage):
            max_size = self.answer.most
            return (
                Parameter("page", "page", "query", Annotated[int, msgspec.Meta(ge=1)], required=False),
                Parameter(
                    "per_page", "per-page", "query", Annotated[int, msgspec.Meta(ge=1, le=max_size)], required=False
                ),
            )
        return ()

    def _parameter(self, p: inspect.Parameter, annotation: Any, required: bool) -> Parameter:
        marks = _marks(annotation)
        ref = next((m for m in marks if isinstance(m, Ref)), None)
        many = get_origin(_inner(annotation)) not in (None, Union, types.UnionType, Literal) and ref is not None
        if "{" + p.name + "}" in self.path or "{" + p.name + "_id}" in self.path:
            wire = p.name if "{" + p.name + "}" in self.path else f"{p.name}_id"
            location: Literal["path", "query", "body", "file"] = "path"
        elif self.upload:
            wire, location = p.name, "file"
        elif self.method == "GET" or any(isinstance(m, InQuery) for m in marks):
            wire, location = kebab(p.name), "query"
        else:
            location = "body"
            singular = p.name.removesuffix("s") if many else p.name
            wire = camel(singular) + ("Ids" if many else "Id") if ref else camel(p.name)
        return Parameter(
            name=p.name,
            wire=wire,
            location=location,
            annotation=annotation,
            required=required and not any(isinstance(m, Omittable) for m in marks),
            ref=ref,
            moment=next((m for m in marks if isinstance(m, Moment)), None),
            fields=next((m for m in marks if isinstance(m, Fields)), None),
            meta=next((m for m in marks if isinstance(m, msgspec.Meta) and m.description), None),
            many=many,
            in_body=any(isinstance(m, InQuery) and m.or_body for m in marks),
        )


#: All declared operations by the platform's name; filled as the modules of this package are imported.
OPERATIONS: dict[str, Operation] = {}


# --- reading annotations ----------------------------------------------------------------------------------------------


def _evaluated(annotation: Any, space: Mapping[str, Any]) -> Any:
    return eval(annotation, dict(space)) if isinstance(annotation, str) else annotation


def _inner(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _marks(annotation: Any) -> list[Any]:
    """All marks of an annotation, those inside a union or a list included."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return metadata + _marks(inner)
    marks: list[Any] = []
    for part in get_args(annotation):
        if part is not type(None) and get_origin(annotation) is not Literal:
            marks += _marks(part)
    return marks


def _metas(annotation: Any) -> list[msgspec.Meta]:
    """The limits of a value itself, from the outside in; not those of what a list or a map holds."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return [*(m for m in metadata if isinstance(m, msgspec.Meta)), *_metas(inner)]
    if get_origin(annotation) in (Union, types.UnionType):
        return [m for part in get_args(annotation) for m in _metas(part)]
    return []


def choices_of(annotation: Any) -> tuple[Any, ...]:
    """Return the values of a closed list.

    Args:
        annotation: The type of a parameter or of a field.

    Returns:
        Its values; none where every value of its type is taken.

    Examples:
        >>> from typing import Literal
        >>> from createos_nb.contract.operation import choices_of
        >>> choices_of(Literal["vcs", "image"] | None), choices_of(str)
        (('vcs', 'image'), ())
    """
    inner = _inner(annotation)
    if get_origin(inner) is Literal:
        return get_args(inner)
    for part in get_args(inner):
        if choices := choices_of(part):
            return choices
    return ()
