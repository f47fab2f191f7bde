"""Builds: how long each stage takes, what it writes, and how it can fail; a pure function of seed, settings and time.

Stages: "queue", "clone" (or "unpack" of an upload), "detect" (Build AI only), "install", "build", "push", "deploy".
The lines of a build that still runs are those with a time up to now. Image projects have no build at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from createos_nb.simulator.traffic.build_templates import Toolchain, toolchain
from createos_nb.simulator.traffic.builds import BuildBehavior, BuildSettings, plain_folder
from createos_nb.simulator.traffic.randomness import key_of, mixed, uniform
from createos_nb.simulator.traffic.tables import overdispersion_factors

LONGEST_BUILD = 900
"""Seconds after which a build is ended."""
_SECOND = 1_000_000


class BuildLine(NamedTuple):
    """A line of a build log: `time` in microseconds since 1970 (UTC), `number` counts from 0."""

    time: int
    number: int
    stage: str
    text: str


@dataclass(frozen=True, slots=True)
class Build:
    """A build from beginning to end.

    Attributes:
        lines: all that it writes.
        stages: (name, begin, end), microseconds since 1970.
        building: Unix seconds at which it leaves the queue.
        deploying: Unix seconds at which it is built; None if it fails before.
        finished: Unix seconds at which all is over, one way or the other.
        failure: empty if it succeeds, else why not, in one sentence.
    """

    lines: tuple[BuildLine, ...]
    stages: tuple[tuple[str, int, int], ...]
    building: int
    deploying: int | None
    finished: int
    failure: str

    def until(self, now: int) -> tuple[BuildLine, ...]:
        """The lines that are written at `now` (Unix seconds)."""
        return tuple(line for line in self.lines if line.time <= now * _SECOND)


class _Writer:
    """Writes lines stage by stage, and stops at the longest time that a build may take."""

    def __init__(self, key: int, start: int) -> None:
        self.key, self.now = key, start * _SECOND
        self.limit: int | None = None
        self.failure = ""
        self.lines: list[BuildLine] = []
        self.stages: list[tuple[str, int, int]] = []

    def stage(self, name: str, milliseconds: int, texts: list[str]) -> bool:
        """Write a stage of about this long, its lines spread over it. Return whether it came to its end."""
        if self.failure:
            return False
        begin = self.now
        word = mixed(self.key, len(self.stages), 1)
        spread = int(overdispersion_factors(200)[int(uniform(word, 4096)[0])])
        length = max(milliseconds * spread // 4096, 1) * 1000
        seconds = str(max(length // _SECOND, 1))
        end = begin + length
        late = self.limit is not None and end > self.limit
        for i, text in enumerate(texts):
            # The first line opens the stage, the last one closes it.
            at = begin + length * i // max(len(texts) - 1, 1)
            if 0 < i < len(texts) - 1:
                at += int(uniform(mixed(self.key, len(self.lines), 2), 1000)[0]) * length // (4000 * len(texts))
            if late and self.limit is not None and at >= self.limit:
                break
            self.write(at, name, text.replace("{s}", seconds))
        self.now = end
        if late and self.limit is not None:
            self.now = self.limit
            self.failure = f"the build took longer than {LONGEST_BUILD // 60} minutes"
            self.write(self.now, name, f"ERROR: {self.failure} and was ended")
        self.stages.append((name, begin, self.now))
        return not self.failure

    def fail(self, name: str, milliseconds: int, texts: list[str], failure: str) -> None:
        """Write a stage that ends in a failure."""
        if self.stage(name, milliseconds, texts):
            self.failure = failure
            self.write(self.now, name, f"ERROR: {failure}")

    def write(self, time: int, stage: str, text: str) -> None:
        self.lines.append(BuildLine(time, len(self.lines), stage, text))


def build(seed: int, name: str, settings: BuildSettings, behavior: BuildBehavior, start: int) -> Build:
    """The build of a deployment.

    Args:
        seed: of the world.
        name: of the build's random stream; the deployment's id serves.
        settings: what the project says.
        behavior: what the source is like.
        start: Unix seconds at which it is queued.
    """
    out = _Writer(key_of(seed, f"build {name}")[0], start)
    tools = toolchain(settings.runtime, settings.framework)
    out.stage("queue", behavior.queue * 1000, ["queued"])
    building = -(-out.now // _SECOND)
    out.limit = building * _SECOND + LONGEST_BUILD * _SECOND
    out.now = building * _SECOND
    _fetch(out, settings, behavior, tools)
    if settings.build_ai:
        detected = settings.framework or settings.runtime.partition(":")[0]
        out.stage(
            "detect",
            6_000,
            [f"Build AI: reading {tools.manifest}", f"Build AI: found {detected}, base image {tools.image}"],
        )
    if settings.dockerfile:
        _dockerfile(out, settings, behavior, tools)
    else:
        _install(out, settings, behavior, tools)
        _compile(out, settings, behavior, tools)
    digest = settings.commit[:7] or "latest"
    out.stage("push", 7_000, [f"pushing image {name[:8]}:{digest}", "layers: 9 pushed, 6 reused", "image pushed"])
    deploying = None if out.failure else -(-out.now // _SECOND)
    if deploying is not None:
        out.limit = None
        out.now = deploying * _SECOND
        _deploy(out, settings, behavior)
    finished = -(-out.now // _SECOND)
    return Build(tuple(out.lines), tuple(out.stages), building, deploying, finished, out.failure)


def _fetch(out: _Writer, settings: BuildSettings, behavior: BuildBehavior, tools: Toolchain) -> None:
    if settings.source == "upload":
        out.stage("unpack", 1_500, ["unpacking the upload", "done"])
        return
    where = settings.repository
    if not behavior.reachable:
        why = f"repository {where} was not found, or the GitHub installation may not read it"
        lines = [f"cloning {where} ({settings.branch})", "remote: Repository not found."]
        out.fail("clone", 2_000, lines, f"{why}; check the repository id")
        return
    lines = [f"cloning {where} ({settings.branch})", f"HEAD is now at {settings.commit[:7]}"]
    directory = plain_folder(settings.directory)
    if directory in {plain_folder(path) for path in behavior.directories}:
        out.stage("clone", 4_000, [*lines, f"directory: /{directory}"])
        return
    wanted = "Dockerfile" if settings.dockerfile else tools.manifest
    has = ", ".join(f"/{plain_folder(path)}" for path in behavior.directories)
    why = f"no {wanted} in directory /{directory}; it is in: {has}"
    out.fail("clone", 4_000, lines, f"{why}; check the directory path")


def _install(out: _Writer, settings: BuildSettings, behavior: BuildBehavior, tools: Toolchain) -> None:
    command = settings.install or tools.install
    if not command or out.failure:
        return
    took = max(int(tools.install_ms * round(behavior.slow * 1000)) // 1000, 1000)
    token = behavior.token or tools.token
    if behavior.private_package and token not in settings.variables:
        texts = [f"$ {command}", *(line.replace("{detail}", behavior.private_package) for line in tools.private)]
        why = f"package {behavior.private_package} is private and {token} is not set among the buildVars"
        if token in settings.run_variables:
            why += " (it is set among the runEnvs, which a build does not see)"
        out.fail("install", took // 3, texts, why)
    elif behavior.missing_package:
        texts = [f"$ {command}", *(line.replace("{detail}", behavior.missing_package) for line in tools.missing)]
        out.fail("install", took // 3, texts, f"package {behavior.missing_package} was not found")
    else:
        lines = [line.replace("{n}", str(behavior.packages)) for line in tools.installing]
        out.stage("install", took, [f"$ {command}", *lines])


def _compile(out: _Writer, settings: BuildSettings, behavior: BuildBehavior, tools: Toolchain) -> None:
    command = settings.build or tools.build
    took = max(int(tools.build_ms * round(behavior.slow * 1000)) // 1000, 1000)
    head = [f"$ {command}"] if command else []
    unset = [variable for variable in behavior.needs if variable not in settings.variables]
    if unset:
        why = f"{unset[0]} is not set among the buildVars"
        if unset[0] in settings.run_variables:
            why += " (it is set among the runEnvs, which a build does not see)"
        out.fail("build", took // 4, [*head, *(line.replace("{detail}", unset[0]) for line in tools.unset)], why)
    elif behavior.error:
        lines = [line.replace("{detail}", behavior.error) for line in tools.broken]
        out.fail("build", took // 2, [*head, *lines], f"the build command failed: {behavior.error}")
    else:
        lines = [line.replace("{n}", str(behavior.packages)) for line in tools.building]
        out.stage("build", took, [*head, *lines])


def _dockerfile(out: _Writer, settings: BuildSettings, behavior: BuildBehavior, tools: Toolchain) -> None:
    slow = behavior.slow_dockerfile or behavior.slow
    took = max(int((tools.install_ms + tools.build_ms) * round(slow * 1000)) // 1000, 2000)
    head = [
        "#1 [internal] load build definition from Dockerfile",
        f"#2 [internal] load metadata for docker.io/{tools.image}",
        f"#3 [1/5] FROM docker.io/{tools.image}",
        "#4 [2/5] WORKDIR /app",
    ]
    if behavior.dockerfile_error:
        wrong = behavior.dockerfile_error
        command = wrong.partition(" ")[2] or wrong
        lines = [
            f"#5 [3/5] {wrong}",
            f'#5 ERROR: process "/bin/sh -c {command}" did not complete successfully: exit code: 1',
            f"Dockerfile:7 >>> {wrong}",
            "failed to solve",
        ]
        out.fail("build", took // 3, [*head, *lines], f"the Dockerfile's instruction failed: {wrong}")
        return
    out.stage("build", took, [*head, "#5 [3/5] COPY . .", "#6 [4/5] RUN make", "#7 exporting to image", "#7 DONE"])


def _deploy(out: _Writer, settings: BuildSettings, behavior: BuildBehavior) -> None:
    check = f"health check on port {settings.port}"
    elsewhere = behavior.listens not in (0, settings.port)
    if behavior.unhealthy or elsewhere:
        answer = behavior.unhealthy or f"connection refused; the app listens on 0.0.0.0:{behavior.listens}"
        why = f"{check} failed: {answer}"
        out.fail("deploy", 60_000, ["starting", *(f"{check}: no answer" for _ in range(5))], why)
        return
    out.stage("deploy", 8_000, ["starting", f"{check}: passed", "deployed"])
