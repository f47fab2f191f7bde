"""One app of a made-up account: a project with its environment, its visitors and its past, growing step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from createos_nb.simulator.scenario.drafts.stacks import Stack
from createos_nb.simulator.scenario.schema import EnvironmentSection, ProjectSection
from createos_nb.simulator.scenario.steps import Assign, Files, Image, Push, Step, Trigger

_MESSAGES = (
    "Round prices once",
    "Tidy the footer",
    "Faster search",
    "Cache what seldom changes",
    "Say it in fewer words",
    "Newer packages",
    "Ask for the address later",
    "Show the time of the last change",
    "Sort the newest first",
    "Read settings from one place",
    "Handle empty lists",
    "Smaller pictures",
    "Count what is left",
    "Log less",
)


def ago(seconds: int) -> str:
    """Return a moment before the start, as a file writes it."""
    return f"-{seconds // 60}min" if seconds % 60 == 0 else f"-{seconds}s"


@dataclass
class Release:
    """A deployment of an app; its number is known once the draft is finished.

    Attributes:
        pushed: seconds before the start at which it was made.
        live: seconds before the start since which it serves; that of one that is never live is `pushed`.
    """

    pushed: int
    live: int


@dataclass
class App:
    """A project with one environment that counts, and what has happened to it.

    Attributes:
        random: where chance comes from.
        project: its section.
        environment: that of its environment.
        stack: what it is written in.
        profile: who comes; empty for nobody.
        usual: name of how its versions behave.
        requires: run-time variables without which its versions end at their start, from now on.
        values: run-time variables with the values that are right for its versions, from now on.
        otherwise: name of how they behave with other values.
        releases: all deployments, in no order.
        steps: (seconds before the start, step).
    """

    random: Random
    project: ProjectSection
    environment: EnvironmentSection
    stack: Stack
    profile: dict[str, Any]
    usual: str
    requires: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    otherwise: str = ""
    releases: list[Release] = field(default_factory=list)
    steps: list[tuple[int, Step]] = field(default_factory=list)
    _assigned: list[tuple[int, Release]] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Return "project/environment"."""
        return f"{self.project.name}/{self.environment.name}"

    @property
    def name(self) -> str:
        """Return the name of the project."""
        return self.project.name

    @property
    def port(self) -> int:
        """Return the port of the settings."""
        return int(self.project.settings["port"])

    def number(self, release: Release) -> int:
        """Return the version that a release is."""
        return 1 + sum(other.pushed > release.pushed for other in self.releases)

    def last_good(self, release: Release) -> Release:
        """Return what served before a release."""
        earlier = [old for old in self.releases if old.live > release.live and old.live != old.pushed]
        return min(earlier, key=lambda old: old.live)

    def share(self, path: str) -> float:
        """Return the share of requests that ask for a path."""
        pages = self.profile["pages"]
        return float(
            sum(page["weight"] for page in pages if page["path"] == path) / sum(page["weight"] for page in pages)
        )

    def busy_path(self) -> str:
        """Return a path that matters: not a file, a probe or what is not there anyway."""
        return self.random.choice([path for path in self._that_matter() if self.share(path) > 0.03])

    def _that_matter(self) -> list[str]:
        return sorted(
            {
                page["path"]
                for page in self.profile["pages"]
                if page["status"] < 300 and "." not in page["path"] and page["path"] != "/healthz"
            }
        )

    def busiest_path(self) -> str:
        """Return the path that is asked for most, of those that matter."""
        return max(self._that_matter(), key=self.share)

    def endpoint(self) -> dict[str, Any]:
        """Return a page that another program would call: a read that takes some time."""
        pages = [page for page in self.profile["pages"] if page["method"] == "GET" and page["status"] == 200]
        fit: list[dict[str, Any]] = [page for page in pages if 25 <= page["ms"] <= 200]
        return self.random.choice(fit)

    # --- what happens -------------------------------------------------------------------------------------------------

    def happens(self, seconds: int, step: Step) -> None:
        """Let something happen so many seconds before the start."""
        self.steps.append((seconds, step))

    def release(
        self,
        live: int,
        *,
        behavior: str | None = None,
        source: str = "",
        again: bool = False,
    ) -> Release:
        """Deploy a version that is live from so many seconds before the start.

        Where the environment promotes by itself, this is about right: how long a build takes, the seed decides.

        Args:
            live: seconds before the start.
            behavior: what it does; by default as usual.
            source: what it is like when it is built.
            again: the newest commit is deployed once more.
        """
        by_itself = self.environment.auto_promote
        lead = self.stack.build_seconds
        if not by_itself:
            lead = lead * 2 + self.random.randint(3, 40) * 60
            # What is live later was made later, too.
            lead = min([lead, *(old.pushed - live - 60 for old in self.releases if old.live > live)])
        release = self._make(live + lead, live, self.usual if behavior is None else behavior, source, again)
        if not by_itself:
            self._assigned.append((live, release))
        return release

    def build(self, pushed: int, *, source: str) -> Release:
        """Deploy what never gets to be live."""
        return self._make(pushed, pushed, self.usual, source, False)

    def _make(self, pushed: int, live: int, behavior: str, source: str, again: bool) -> Release:
        release = Release(pushed, live)
        step: Step
        if self.stack.kind == "vcs" and again:
            step = Trigger(at=ago(pushed))
        elif self.stack.kind == "vcs":
            step = Push(
                at=ago(pushed),
                message=self.random.choice(_MESSAGES),
                source=source,
                behavior=behavior,
                requires=list(self.requires),
                values=dict(self.values),
                otherwise=self.otherwise,
            )
        elif self.stack.kind == "image":
            tag = len(self.releases) - again
            step = Image(
                at=ago(pushed),
                image=f"registry.example.com/{self.name}:1.{tag}.0",
                source=source,
                behavior=behavior,
                requires=list(self.requires),
                values=dict(self.values),
                otherwise=self.otherwise,
            )
        else:
            page = f"<!doctype html><title>{self.project.display}</title><p>{len(self.releases) + 1}</p>"
            file = "index.html" if self.stack.runtime == "static" else "server.js"
            step = Files(at=ago(pushed), files={file: page}, source=source, behavior=behavior)
        self.releases.append(release)
        self.happens(pushed, step)
        return release

    def just_before(self, release: Release) -> int:
        """Return a moment minutes before a release was made, and after the one before it was (seconds before start)."""
        earlier = [old.pushed - 10 for old in self.releases if old.pushed > release.pushed]
        return min([release.pushed + self.random.randint(30, 400), *earlier])

    def forget_assignments(self) -> None:
        """Let nothing have been assigned so far."""
        self._assigned.clear()

    def finish(self) -> ProjectSection:
        """Return the project with all that has happened, in order of time."""
        for live, release in self._assigned:
            number = self.number(release)
            self.happens(live, Assign(at=ago(live), version=number, environment=self.environment.name))
        self._assigned.clear()
        self.steps.sort(key=lambda pair: -pair[0])
        self.project.history = [step for _, step in self.steps]
        return self.project
