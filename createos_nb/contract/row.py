"""Rows of the wire: structs whose fields are the columns of a table."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta


class Row(msgspec.Struct, rename="camel", kw_only=True, forbid_unknown_fields=True, gc=False):
    """A row of the wire. Every field may be missing or null; a field that is not declared is kept by the slow path.

    `forbid_unknown_fields` makes the fast decoder refuse a row with fields that the contract does not know, and the
    reader then takes the road that keeps them. `gc=False`: rows hold no cycles, and tracking them doubles the time.
    It holds what came as it came, secrets among it, until a frame is made of it: so it shows nothing but its kind.
    """

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


TIME: Final = "time"


def about(meaning: str, *, unit: str = "", states: Any = None, bare: bool = False, alias: str = "") -> Meta:
    """A column's meaning and unit. `bare`: its name stands without its parent's. `states`: people's words for it."""
    extra: dict[str, Any] = {"unit": unit, "bare": bare, "alias": alias}
    if states is not None:
        extra["states"] = states
    return Meta(description=meaning, extra=extra)


Text = str | None
Whole = int | None
Number = float | None
Flag = bool | None
Map = dict[str, Any] | None
Time = Annotated[str | None, Meta(extra={"kind": TIME})]
Anything = Any

Created = Annotated[Time, about("when it was made", unit="UTC")]
Updated = Annotated[Time, about("when it last changed", unit="UTC")]
ProjectId = Annotated[Text, about("id of its project")]
UserId = Annotated[Text, about("id of its owner")]


class Settings(Row):
    """Build and run settings of a project or a deployment."""

    port: Annotated[Whole, about("the port that the app listens on")] = None
    runtime: Annotated[Text, about("runtime, such as node:20")] = None
    framework: Annotated[Text, about("framework, such as nextjs")] = None
    directory_path: Annotated[Text, about("folder of the app in its repository")] = None
    install_command: Annotated[Text, about("command that installs what the build needs")] = None
    build_command: Annotated[Text, about("command that builds")] = None
    run_command: Annotated[Text, about("command that starts the app")] = None
    build_dir: Annotated[Text, about("folder that the build writes")] = None
    build_flag: Annotated[Text, about("flag of the build command")] = None
    run_flag: Annotated[Text, about("flag of the run command")] = None
    build_flags: Annotated[Map, about("flags of the build, by name")] = None
    has_dockerfile: Annotated[Flag, about("a Dockerfile decides the build")] = None
    use_build_ai: Annotated[Flag, about("the platform finds the build configuration")] = msgspec.field(
        default=None, name="useBuildAI"
    )
    ignore_branches: Annotated[list[str] | None, about("branches whose pushes deploy nothing")] = None
    run_envs: Annotated[Map, about("run-time variables: names, values masked", bare=True)] = None
    build_vars: Annotated[Map, about("build variables: names, values masked", bare=True)] = None


class Made(Row):
    """The answer to making something."""

    id: Annotated[Text, about("id of what was made")] = None


class Availability(Row):
    """The availability of a name."""

    is_available: Annotated[Flag, about("the name is free")] = None


class Download(Row):
    """A signed address, good for a short time. Whoever has it can read the file: it is masked like a secret."""

    download_uri: Annotated[Text, about("signed address, masked")] = None
