"""What can happen to a project: the steps of a scenario's history, and of its future.

A step is written as a table with `at` and `do`; it does what a person, a push or the world would do.
"""

from __future__ import annotations

from typing import Any, Final, get_args

from msgspec import Struct, field

from createos_nb.simulator.state import ScanOutcome


class _Step(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"):
    at: str


class Push(_Step, kw_only=True, tag="push"):
    """A commit arrives on a branch, and is deployed unless the project ignores the branch.

    `source`: name of what it is like when it is built; `behavior`: of what it does once it runs; `requires`: run-time
    variables without which it ends at its start; `values`: run-time variables with the values that are right, and
    `otherwise`: name of what it does with other values.
    """

    branch: str = "main"
    message: str
    source: str = ""
    behavior: str = ""
    requires: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    otherwise: str = ""


class Trigger(_Step, kw_only=True, tag="trigger"):
    """The newest commit of a branch is deployed again; "" is the repository's own branch."""

    branch: str = ""


class Image(_Step, kw_only=True, tag="image"):
    """An image is deployed; `values` and `otherwise` as of a push."""

    image: str
    source: str = ""
    behavior: str = ""
    requires: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    otherwise: str = ""


class Files(_Step, kw_only=True, tag="upload"):
    """Files are uploaded: path → text."""

    files: dict[str, str]
    source: str = ""
    behavior: str = ""


class Assign(_Step, kw_only=True, tag="assign"):
    """A deployment is made the live one of an environment."""

    version: int
    environment: str


class Scale(_Step, kw_only=True, tag="scale"):
    """An environment gets other resources."""

    environment: str
    cpu: int
    memory: int
    replicas: int


class SetVariables(_Step, kw_only=True, tag="variables"):
    """The run-time variables of an environment are replaced."""

    environment: str
    variables: dict[str, str]


class AutoPromote(_Step, kw_only=True, tag="auto-promote"):
    """Auto-promotion is switched."""

    environment: str
    on: bool


class Configure(_Step, kw_only=True, tag="settings"):
    """Settings of the project are changed."""

    settings: dict[str, Any]


class Cancel(_Step, kw_only=True, tag="cancel"):
    """A deployment is cancelled."""

    version: int


class Delete(_Step, kw_only=True, tag="delete"):
    """A deployment is deleted."""

    version: int


class Sleep(_Step, kw_only=True, tag="sleep"):
    """A deployment falls asleep."""

    version: int


class Wake(_Step, kw_only=True, tag="wake"):
    """A deployment is woken."""

    version: int


class Retrigger(_Step, kw_only=True, tag="retrigger"):
    """A deployment is made anew from its commit."""

    version: int


class ScanStep(_Step, kw_only=True, tag="scan"):
    """A deployment is scanned."""

    version: int
    outcome: ScanOutcome = "success"
    findings: list[dict[str, Any]] | None = None


class RouteDomain(_Step, kw_only=True, tag="route"):
    """A domain is routed to an environment."""

    domain: str
    environment: str


class PointDomain(_Step, kw_only=True, tag="dns"):
    """The owner of a domain points its record elsewhere: who asks for it goes there, and comes here no more."""

    domain: str
    values: list[str]


class Suspend(_Step, kw_only=True, tag="suspend"):
    """The project is suspended."""


class Remove(_Step, kw_only=True, tag="delete-project"):
    """The project is deleted."""


Step = (
    Push
    | Trigger
    | Image
    | Files
    | Assign
    | Scale
    | SetVariables
    | AutoPromote
    | Configure
    | Cancel
    | Delete
    | Sleep
    | Wake
    | Retrigger
    | ScanStep
    | RouteDomain
    | PointDomain
    | Suspend
    | Remove
)

STEPS: Final = tuple(str(step.__struct_config__.tag) for step in get_args(Step))
"""What can stand after `do`."""
