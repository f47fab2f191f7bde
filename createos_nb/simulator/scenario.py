"""What a scenario file says: an account, what it holds, and what happens when."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct, field

from createos_nb.errors import InvalidInput
from createos_nb.files import folder
from createos_nb.simulator.moments import DAY, duration, from_datetime
from createos_nb.simulator.scenario_lines import line_of, lines_of
from createos_nb.simulator.state import ProjectType
from createos_nb.simulator.steps import Step
from createos_nb.simulator.traffic import SCANNER, Behaviour, BuildBehaviour, Failing, Profile

T = TypeVar("T")
When = Annotated[str, Meta(description='"-6d 10:12" (that day, at that time), "-90min", "+10min" or "now"')]


class Section(Struct, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class UserSection(Section, kw_only=True):
    """`[[users]]`: the first one is whose account it is."""

    username: str
    display: str
    email: str
    made: When = "-400d"


class RepositorySection(Section, kw_only=True):
    """`[[github.repositories]]`."""

    id: int
    name: str
    branch: str = "main"
    branches: list[str] = field(default_factory=list)
    protected: list[str] = field(default_factory=list)
    private: bool = True
    files: list[str] = field(default_factory=list)


class GithubSection(Section, kw_only=True):
    """`[[github]]`: an account; one that is not connected can be, with the code that its browser would bring."""

    username: str
    installation: int
    owner: int
    connected: bool = True
    repositories: list[RepositorySection] = field(default_factory=list)


class KeySection(Section, kw_only=True):
    """`[[api_keys]]`; `own` marks the one that the world hands out."""

    name: str
    expires: When
    made: When = "-120d"
    description: str | None = None
    revoked: When | None = None
    own: bool = False


class AppSection(Section, kw_only=True):
    """`[[apps]]`; a project names its app."""

    name: str
    description: str | None = None
    color: str = ""
    services: list[str] = field(default_factory=list)
    made: When = "-120d"


class EnvironmentSection(Section, kw_only=True):
    """`[[projects.environments]]`; `traffic` names a profile: who comes to its own address."""

    name: str
    display: str
    description: str | None = None
    branch: str | None = None
    auto_promote: bool = False
    cpu: int = 200
    memory: int = 500
    replicas: int = 1
    port: int = 0
    variables: dict[str, str] = field(default_factory=dict)
    traffic: str = ""
    rpm: float | None = None
    made: When | None = None


class DomainSection(Section, kw_only=True):
    """`[[projects.domains]]`; `dns` says how long after `made` its record is found ("never" for never).

    `traffic` names a profile: who comes through the domain, to whatever environment it is routed to.
    """

    name: str
    environment: str = ""
    made: When
    dns: str = ""
    traffic: str = ""
    rpm: float | None = None
    refreshed: list[When] = field(default_factory=list)
    status: str = ""
    message: str = ""


class CronjobSection(Section, kw_only=True):
    """`[[projects.cronjobs]]`."""

    name: str
    environment: str
    schedule: str
    type: str = "http"
    made: When
    settings: dict[str, Any] | None = None
    suspended: When | None = None


class ProjectSection(Section, kw_only=True):
    """`[[projects]]`; `repository` is "owner/name" of a repository of the file."""

    name: str
    display: str
    type: ProjectType
    made: When
    description: str | None = None
    app: str = ""
    repository: str = ""
    owner: str = ""
    scanning: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    environments: list[EnvironmentSection] = field(default_factory=list)
    domains: list[DomainSection] = field(default_factory=list)
    cronjobs: list[CronjobSection] = field(default_factory=list)
    history: list[Step] = field(default_factory=list)


class TemplateSection(Section, kw_only=True):
    """`[[templates]]`; without an author it is the account's own."""

    name: str
    author: str = ""
    status: str = "listed"
    amount: float = 0
    categories: list[str] = field(default_factory=list)
    description: str
    overview: str
    use_cases: str
    made: When = "-60d"
    project: str = ""
    rejected: str = ""
    bought: When | None = None
    configuration: dict[str, Any] = field(default_factory=dict)


class IncidentSection(Section, kw_only=True):
    """`[[incidents]]`: something from outside; `environments` are "project/environment"."""

    name: str
    start: When
    end: When | None = None
    environments: list[str]
    rate: float = 1.0
    ramp: int = 0
    fade: int = 0
    failing: list[Failing] = field(default_factory=list)
    wobble: float = 0.3
    slow: float = 1.0


class FleetSection(Section, kw_only=True):
    """`[fleet]`: many projects, worked out from the seed."""

    projects: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    deployments: Annotated[int, Meta(ge=0, le=10_000_000)] = 100_000


class Scenario(Section, kw_only=True):
    """A whole file."""

    title: str
    shows: str
    start: datetime
    truth: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    users: Annotated[list[UserSection], Meta(min_length=1)]
    github: list[GithubSection] = field(default_factory=list)
    api_keys: list[KeySection] = field(default_factory=list)
    apps: list[AppSection] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    profiles: dict[str, Any] = field(default_factory=dict)
    behaviours: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Any] = field(default_factory=dict)
    projects: list[ProjectSection] = field(default_factory=list)
    templates: list[TemplateSection] = field(default_factory=list)
    incidents: list[IncidentSection] = field(default_factory=list)
    fleet: FleetSection | None = None


_AT: Final = re.compile(r"([+-]?\d+)d (\d\d):(\d\d)(?::(\d\d))?")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.+?)`")
_BOTS: Final = {"scanner": SCANNER}


class Source:
    """A scenario file that was read: what it says, and where each thing stands."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self._lines = lines_of(text)
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InvalidInput(f"scenario {name}: {error}") from None
        self.scenario = self._converted(data, Scenario, "")
        self.profiles = {
            key: self._converted(self._with_bots(key, facts), Profile, f"profiles.{key}")
            for key, facts in self.scenario.profiles.items()
        }
        self.behaviours = {
            key: self._converted(facts, Behaviour, f"behaviours.{key}")
            for key, facts in self.scenario.behaviours.items()
        }
        self.sources = {
            key: self._converted(facts, BuildBehaviour, f"sources.{key}")
            for key, facts in self.scenario.sources.items()
        }
        if self.scenario.start.tzinfo is None:
            raise self.error("start", "a time needs a zone, such as 2026-03-02T09:00:00Z")
        self.start = from_datetime(self.scenario.start)

    def _converted(self, data: Any, kind: type[T], where: str) -> T:
        if isinstance(data, dict) and dataclasses.is_dataclass(kind):
            # msgspec passes unknown fields of a dataclass over.
            names = [one.name for one in dataclasses.fields(kind)]
            for name in data:
                if name not in names:
                    raise self.error(f"{where}.{name}", f"unknown; there is: {', '.join(names)}")
        try:
            return msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            what, _, inside = str(error).partition(" - at `$")
            path = (where + inside.rstrip("`")).lstrip(".")
            if unknown := _UNKNOWN.search(what):
                path, what = f"{path}.{unknown[1]}".lstrip("."), "unknown field"
            raise self.error(path, what) from None

    def _with_bots(self, name: str, facts: Any) -> Any:
        if isinstance(facts, dict) and isinstance(facts.get("bots"), list):
            return {**facts, "bots": [self._bot(bot, f"profiles.{name}.bots") for bot in facts["bots"]]}
        return facts

    def _bot(self, bot: Any, where: str) -> Any:
        if not isinstance(bot, str):
            return bot
        if bot not in _BOTS:
            raise self.error(where, f"there is no bot {bot!r}; there is: {', '.join(_BOTS)}")
        return msgspec.to_builtins(_BOTS[bot])

    def error(self, where: str, what: str) -> InvalidInput:
        """A mistake in the file, with its line and field."""
        line = line_of(self._lines, where)
        place = f", line {line}" if line else ""
        return InvalidInput(f"scenario {self.name}{place}: {where or 'the file'}: {what}")

    def moment(self, text: str, where: str) -> int:
        """Microseconds of a time in the file."""
        if text == "now":
            return self.start
        if found := _AT.fullmatch(text):
            midnight = self.start - self.start % DAY
            clock = (int(found[2]) * 60 + int(found[3])) * 60 + int(found[4] or 0)
            if clock < 86_400:
                return midnight + int(found[1]) * DAY + clock * 1_000_000
        try:
            return self.start + duration(text)
        except ValueError:
            raise self.error(where, f'not a time: {text!r}; write "-6d 10:12", "-90min", "+10min" or "now"') from None


def read_scenario(scenario: str | Path) -> Source:
    """Read a scenario by its name or by the path of a file.

    Raises `InvalidInput` for an unknown name and for a mistake in the file, with its line and field.
    """
    path = Path(scenario)
    if path.suffix != ".toml" and not path.is_file():
        path = folder("data") / "scenarios" / f"{scenario}.toml"
    if not path.is_file():
        known = sorted(one.stem for one in (folder("data") / "scenarios").glob("*.toml"))
        raise InvalidInput(
            f"there is no scenario {str(scenario)!r}; there is: {', '.join(known)}; or give the path of a file"
        )
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidInput(f"scenario {path.name}: the file is not UTF-8") from None
    return Source(path.name, text)
