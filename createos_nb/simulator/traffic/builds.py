"""What is built: the settings of a project and what its source is like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from createos_nb.simulator.traffic.limits import Limits, check_limits


def plain_folder(path: str) -> str:
    """Return a path within a repository or an upload without what says nothing; "" for its top.

    So "", ".", "./" and "/" are the top, as the platform's documentation and its guides write it.
    """
    return "/".join(part for part in path.split("/") if part not in ("", "."))


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSettings:
    """The source to build, as the project's settings say.

    Attributes:
        source: "vcs" or "upload".
        repository: owner/name, or the repository's id if it is not known.
        branch: of the repository.
        commit: its hash.
        directory: path within the repository; empty, ".", "./" or "/" for the top.
        runtime: such as "node:20".
        framework: such as "nextjs"; empty if none.
        install: command; empty for the runtime's usual one.
        build: command; empty for the runtime's usual one.
        variables: names of the buildVars that are set.
        run_variables: names of the runEnvs that are set; a build does not see them.
        dockerfile: a Dockerfile decides.
        build_ai: Build AI finds the configuration.
        port: on which the health check looks.
    """

    source: str = "vcs"
    repository: str = "example/app"
    branch: str = "main"
    commit: str = "0000000"
    directory: str = ""
    runtime: str = "node:20"
    framework: str = ""
    install: str = ""
    build: str = ""
    variables: tuple[str, ...] = ()
    run_variables: tuple[str, ...] = ()
    dockerfile: bool = False
    build_ai: bool = False
    port: int = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildBehavior:
    """What the source is like; where it and the settings don't fit, the build fails, and says why.

    Attributes:
        reachable: the repository exists and the installation may read it; False for a wrong repository id.
        directories: paths in the repository that can be built; ("",) for one that is not a monorepo.
        private_package: name of a package that needs a token; the build fails unless `token` is among the buildVars.
        token: name of that variable; empty for the runtime's usual one.
        needs: names of variables that the build reads; one that is not among the buildVars fails it, even if it is set
            among the runEnvs.
        missing_package: name of a package that does not exist; fails the installation.
        error: text of an error in the code; fails the build.
        dockerfile_error: the instruction of the Dockerfile that fails, such as "RUN npm run biuld".
        listens: the port on which the app answers the health check; if it is another than that of the settings, the
            deployment fails after its minute. 0: the one of the settings.
        unhealthy: what the app says instead of answering the health check; fails the deployment after its minute.
        queue: median seconds in the queue.
        slow: factor on the durations of installing and building, 0.05 to 1000.
        slow_dockerfile: the same where a Dockerfile decides, for one that keeps what seldom changes; 0: `slow`.
        packages: how many packages are installed.
    """

    reachable: bool = True
    directories: tuple[str, ...] = ("",)
    private_package: str = ""
    token: str = ""
    needs: tuple[str, ...] = ()
    missing_package: str = ""
    error: str = ""
    dockerfile_error: str = ""
    listens: int = 0
    unhealthy: str = ""
    queue: int = 4
    slow: float = 1.0
    slow_dockerfile: float = 0.0
    packages: int = 412

    LIMITS: ClassVar[Limits] = {
        "listens": (0, 65_535),
        "queue": (0, 86_400),
        "slow": (0.05, 1000),
        "slow_dockerfile": (0, 1000),
        "packages": (0, 1_000_000),
    }

    def __post_init__(self) -> None:
        check_limits(self, self.LIMITS)
        if 0 < self.slow_dockerfile < 0.05:
            raise ValueError(f"slow_dockerfile is 0.05 to 1000, or 0, not {self.slow_dockerfile}")
