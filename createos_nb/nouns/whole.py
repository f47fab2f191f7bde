"""What is asked of a client by those who read all of an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from createos_nb.api.analytics import Analytics
    from createos_nb.api.deployments import Deployments
    from createos_nb.api.domains import Domains
    from createos_nb.api.environments import Environments
    from createos_nb.api.projects import Projects
    from createos_nb.clock import Clock
    from createos_nb.wire.transport import Transport


class Account(Protocol):
    """What a fleet asks of a client: five nouns, its clock, and how many things are asked at a time."""

    @property
    def projects(self) -> Projects: ...
    @property
    def environments(self) -> Environments: ...
    @property
    def deployments(self) -> Deployments: ...
    @property
    def domains(self) -> Domains: ...
    @property
    def analytics(self) -> Analytics: ...
    @property
    def transport(self) -> Transport: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def where(self) -> str: ...

    def stamp(self, operation: str) -> dict[str, Any]:
        """What a frame made of several answers says of itself."""

    def spread(self, work: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """(item, `work(item)`) in order, several at a time."""

    def say_cost(self, label: str, requests: int) -> None:
        """A warning where so many requests will wait."""
