"""What is live: how a deployed version behaves, from when to when, on which resources; and incidents from outside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from createos_nb.simulator.traffic.limits import Limits, check_limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A share of the requests of some paths that is answered with an error.

    Attributes:
        status: of the error, 300 to 599.
        share: 0 to 1, in steps of a millionth.
        path: an exact path, a prefix that ends in "*" ("/api/*"), or "*" for every path.
        cause: what the log's trace says, such as "timeout:the session store" (see `log_templates`); empty for one that
            suits runtime and status.
    """

    status: int
    share: float
    path: str = "*"
    cause: str = ""

    LIMITS: ClassVar[Limits] = {"status": (300, 599), "share": (0, 1)}

    def __post_init__(self) -> None:
        check_limits(self, self.LIMITS, " of an error")

    def matches(self, path: str) -> bool:
        """Return whether a path is one of those that fail."""
        return path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Behavior:
    """What a version does once it runs.

    Attributes:
        errors: shares of requests that fail, by path and status; the first match takes its share of what is left.
        slow: factor on every duration, 0.1 to 100.
        boot: seconds from the start of a process until it listens. It is waited for when a process is started again;
            when a segment begins, its processes listen already (the version before served meanwhile).
        slow_start: seconds after each start in which caches are cold: requests take four times as long, falling to
            normal, and `slow_start_errors` of them get 503.
        slow_start_errors: see `slow_start`.
        listens: the port that the program listens on; 0 is the one it is given. If it differs from the port of the
            setting, every request gets 502 until one of the two is mended.
        crash_after: seconds from listening until the process ends with an error; it is then started again after 10, 20,
            40, ... at most 300 s, for ever (a crash loop). None: it does not crash. 0: it never gets to listen.
        crash: cause of the crash, as the log gives it, such as "missing-module:left-pad" (see `traffic/log_templates`).
        memory: MB that the process uses idle.
        leak: MB that it grows by in an hour; at the memory limit it is killed (OOM) and starts again after 10 s and
            `boot`.
        memory_per_rpm: MB that it needs for each request a minute that one replica serves. Where that would pass the
            limit, the share of requests that does not fit is lost with 502.
        cpu_ms: milliseconds of one full core that a request takes. Where replicas times their CPU limit do less than
            what comes, durations grow (up to 20 times), and what can't be served gets 504.
    """

    errors: tuple[Failing, ...] = ()
    slow: float = 1.0
    boot: int = 3
    slow_start: int = 0
    slow_start_errors: float = 0.0
    listens: int = 0
    crash_after: int | None = None
    crash: str = ""
    memory: int = 180
    leak: float = 0.0
    memory_per_rpm: float = 0.0
    cpu_ms: float = 0.0

    LIMITS: ClassVar[Limits] = {
        "slow": (0.1, 100),
        "boot": (0, 900),
        "slow_start": (0, 3600),
        "slow_start_errors": (0, 1),
        "listens": (0, 65_535),
        "crash_after": (0, 10_000_000),
        "memory": (1, 1_000_000),
        "leak": (0, 100_000),
        "memory_per_rpm": (0, 1000),
        "cpu_ms": (0, 60_000),
    }

    def __post_init__(self) -> None:
        check_limits(self, self.LIMITS)


HEALTHY = Behavior()
"""Nothing goes wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of time in which one deployment is live in an environment.

    Attributes:
        start: Unix seconds.
        end: Unix seconds, the first at which it is no longer live; None while it is.
        deployment: its id.
        version: its number or name, for headers and logs.
        behavior: what it does.
        replicas: 1 to 3.
        cpu: limit of one replica, millicores.
        memory: limit of one replica, MB.
        port: of the settings.
        runtime: such as "node:20", or "image:" and the image's name; decides how its logs read.
        framework: such as "express"; empty if none.
        asleep: it sleeps: every request gets 503 until it is woken.
        launched: Unix seconds at which its processes were started, at most `start`: start-up lines are dated from then
            on, and a leak has been growing since. None: at `start`.
        fresh: its processes were started for this segment; False if they ran before and were only moved here.
    """

    start: int
    end: int | None = None
    deployment: str = ""
    version: int | str = 1
    behavior: Behavior = HEALTHY
    replicas: int = 1
    cpu: int = 200
    memory: int = 500
    port: int = 8080
    runtime: str = "node:20"
    framework: str = ""
    asleep: bool = False
    launched: int | None = None
    fresh: bool = True

    LIMITS: ClassVar[Limits] = {"replicas": (1, 16), "cpu": (1, 64_000), "memory": (1, 1_000_000), "port": (1, 65_535)}

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"a segment ends at {self.end}, before it starts at {self.start}")
        if self.launched is not None and self.launched > self.start:
            raise ValueError(f"a segment is launched at {self.launched}, after it starts at {self.start}")
        check_limits(self, self.LIMITS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something outside the deployment that raises the traffic or makes requests fail, shared by all that are given it.

    Environments of one world that are given an equal incident see its ups and downs at the same minutes.

    Attributes:
        name: names its random stream within the world.
        start: Unix seconds.
        end: Unix seconds; None while it lasts.
        rate: factor on the number of visitors (a crowd: 8; a lost upstream: 0.2), 0 to 1000.
        ramp: seconds in which the factor goes from 1 to `rate`.
        fade: seconds after `end` in which it goes back to 1.
        failing: what fails meanwhile.
        jitter: standard deviation of the factor on the failing shares in steps of five minutes, 0 to 1.
        slow: factor on durations while it lasts.
        stolen: share of every replica's CPU that a noisy neighbor takes, 0 to 0.95; it tells where `cpu_ms` is set.
    """

    name: str
    start: int
    end: int | None = None
    rate: float = 1.0
    ramp: int = 0
    fade: int = 0
    failing: tuple[Failing, ...] = ()
    jitter: float = 0.3
    slow: float = 1.0
    stolen: float = 0.0

    LIMITS: ClassVar[Limits] = {
        "rate": (0, 1000),
        "ramp": (0, 1_000_000),
        "fade": (0, 1_000_000),
        "jitter": (0, 1),
        "slow": (0.1, 100),
        "stolen": (0, 0.95),
    }

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"incident {self.name} ends at {self.end}, before it starts at {self.start}")
        check_limits(self, self.LIMITS, f" of incident {self.name}")
