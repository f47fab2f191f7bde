"""A scenario that is being made up: an account with apps, what is the matter with them, and how it shows."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from createos_nb.simulator.scenario.drafts import names, visitors
from createos_nb.simulator.scenario.drafts.app import App, Release, ago
from createos_nb.simulator.scenario.drafts.finding import Finding, ground_truth
from createos_nb.simulator.scenario.drafts.stacks import STACKS, Stack
from createos_nb.simulator.scenario.schema import (
    CallSection,
    EnvironmentSection,
    ExpectSection,
    GithubSection,
    IncidentSection,
    KeySection,
    ProjectSection,
    RepositorySection,
    Scenario,
    UserSection,
)
from createos_nb.simulator.scenario.steps import SetVariables
from createos_nb.simulator.settings import WorldSettings

MINUTE, HOUR, DAY = 60, 3600, 86_400
_NOT_SHARED = ("suspended", "not_deployed", "build_failed", "asleep")
_SHOPS = ("nextjs", "express")


class Draft:
    """A scenario that is being made up.

    Args:
        random: where chance comes from.
        faint: what is the matter is hard to see.
        decoy: something innocent happens minutes before.
    """

    def __init__(self, random: Random, *, faint: bool, decoy: bool) -> None:
        self.random, self.faint = random, faint
        self._decoy = decoy
        day = datetime(2026, 2, 2, tzinfo=UTC) + timedelta(days=random.randrange(270))
        self.start = day + timedelta(hours=random.choice((2, *range(6, 24))), minutes=random.randrange(60))
        self.account, self._user, self._display = random.choice(names.ACCOUNTS)
        self.settings: dict[str, Any] = {}
        self.behaviors: dict[str, Any] = {}
        self.sources: dict[str, Any] = {}
        self.incidents: list[IncidentSection] = []
        self.calls: list[CallSection] = []
        self.expect: list[ExpectSection] = []
        self.keys: list[KeySection] = []
        self.apps: list[App] = []
        self.findings: list[Finding] = []
        self.facts: dict[str, Any] = {}
        self._profiles: dict[str, Any] = {}
        self._repositories: list[RepositorySection] = []
        self.at_end: list[Callable[[], None]] = []

    # --- chance -------------------------------------------------------------------------------------------------------

    def between(self, clear: tuple[float, float], faint: tuple[float, float]) -> float:
        """Return a magnitude: one that is clear to see, or one that is hard to see."""
        return round(self.random.uniform(*(faint if self.faint else clear)), 4)

    def minutes(self, least: int, most: int) -> int:
        """Return the seconds of some whole minutes, more often few than many."""
        return MINUTE * int(least * (most / least) ** self.random.random())

    def pick(self, known: Collection[str], taken: Collection[str]) -> str:
        """Return a name that is not taken."""
        free = [name for name in known if name not in taken]
        return self.random.choice(free)

    # --- what there is ------------------------------------------------------------------------------------------------

    def app(
        self,
        fits: Callable[[Stack], bool] = lambda stack: True,
        *,
        since: int = 0,
        auto_promote: bool | None = None,
        rpm: tuple[float, float] = (25, 240),
        cpu_ms: float = 0,
        load: float = 0,
        memory: int | None = None,
        replicas: int | None = None,
        names_of: Collection[str] | None = None,
        shared: bool = False,
    ) -> App:
        """Put an app into the account, with a past without trouble.

        Args:
            fits: which stacks will do.
            since: seconds before the start at which trouble begins; its past lies before.
            auto_promote: whether the environment promotes by itself (by default, chance decides).
            rpm: least and most requests a minute, on average.
            cpu_ms: of a request, as of a behavior.
            load: share of its CPU that it needs when it is busiest, in place of `cpu_ms`.
            memory: megabytes of a replica (by default, chance decides).
            replicas: how many there are (by default, chance decides).
            names_of: names to choose from (by default, those that suit the stack).
            shared: it may be the app that the first trouble is in.
        """
        random = self.random
        if shared and self.findings and self.findings[0].cause not in _NOT_SHARED and random.random() < 0.5:
            first = self.apps[0]
            if fits(first.stack):
                return first
        stack = random.choice([stack for stack in STACKS if fits(stack)])
        kind = "site" if stack.runtime == "static" else "shop" if stack.framework in _SHOPS else "service"
        known = names_of or {"site": names.SITES, "shop": names.SHOPS, "service": names.SERVICES}[kind]
        name = self.pick(known, [app.name for app in self.apps])
        pages = {"site": visitors.site, "shop": visitors.shop, "service": visitors.service}[kind](random)
        least, most = rpm
        profile = visitors.profile(random, round(least * (most / least) ** random.random(), 1), pages)
        environment, display = random.choice(names.ENVIRONMENTS)
        promotes = stack.kind == "vcs" and (random.random() < 0.5 if auto_promote is None else auto_promote)
        section = EnvironmentSection(
            name=environment,
            display=display,
            description="What people see",
            branch="main" if stack.kind == "vcs" else None,
            auto_promote=promotes,
            cpu=random.choice((200, 300, 400, 500)),
            memory=memory or random.choice((500, 512, 768, 1024)),
            replicas=replicas or random.choice((1, 2, 2, 3)),
            traffic=name,
            variables={"LOG_LEVEL": random.choice(("info", "warn"))},
        )
        if load:
            busiest = profile["rpm"] * 1.6
            cpu_ms = round(load * section.cpu * section.replicas * 60 / busiest, 1)
        project = ProjectSection(
            name=name,
            display=name.replace("-", " ").capitalize(),
            type=stack.kind,
            made="-90d 09:00",
            description="Kept by a small team",
            repository=f"{self.account}/{name}" if stack.kind == "vcs" else "",
            settings=stack.settings(random.choice(stack.ports)),
            environments=[section],
        )
        self._profiles[name] = profile
        if stack.kind == "vcs":
            self._repositories.append(
                RepositorySection(id=random.randrange(500_000_000, 900_000_000), name=name, files=list(stack.files))
            )
        if stack.kind == "vcs" and random.random() < 0.3:
            self._staging(project)
        usual = self._usual(name, stack, cpu_ms)
        app = App(random, project, section, stack, profile, usual)
        self.apps.append(app)
        age = since + random.randint(26 * HOUR, 4 * DAY)
        for _ in range(random.randint(2, 3)):
            app.release(age // MINUTE * MINUTE)
            age += random.randint(1, 4) * DAY + random.randint(1, 600) * MINUTE
        return app

    def _staging(self, project: ProjectSection) -> None:
        """Give a project an environment on trial, which follows a branch of its own."""
        self._profiles.setdefault("staging", {"rpm": 1.2, "overdispersion": 0.6, "clients": 9})
        self._repositories[-1].branches = ["staging"]
        project.environments.append(
            EnvironmentSection(
                name="staging",
                display="Staging",
                description="The next release on trial",
                branch="staging",
                auto_promote=True,
                traffic="staging",
            )
        )

    def repository(self, app: App) -> RepositorySection:
        """Return the repository of an app."""
        return next(row for row in self._repositories if row.name == app.name)

    def call(self, caller: App, callee: App, path: str, endpoint: str, **fields: Any) -> str:
        """Let pages of an app call a path of another one, and return the host that its log names.

        Args:
            caller: whose pages.
            callee: which app.
            path: of the pages.
            endpoint: the path that is called.
            fields: others of the section, such as `retries`.
        """
        host = f"{callee.name}.{WorldSettings().base_domain}"
        caller.environment.variables[f"{callee.name.replace('-', '_').upper()}_URL"] = f"https://{host}"
        self.calls.append(
            CallSection(
                name=f"{caller.name}-{callee.name}",
                caller=caller.place,
                callee=callee.place,
                path=path,
                endpoint=endpoint,
                **fields,
            )
        )
        return host

    def rate(self, app: App, seconds: int = 0) -> float:
        """Return about how many requests a minute come to an app, so many seconds before the start."""
        return visitors.rate_at(app.profile, self.start - timedelta(seconds=seconds))

    def steady(self, app: App) -> None:
        """Let visitors come in a number that changes with the hour, and little beside."""
        app.profile |= {"jitter": 0.04, "daily_jitter": 0.01}

    def come_by_day(self, app: App, began: int) -> None:
        """Let an app's visitors live where it has been a busy hour since trouble began, as far as that can be."""

        def quietest(offset: int) -> float:
            app.profile["utc_offset"] = offset
            return min(self.rate(app, seconds) for seconds in (0, min(began, 6 * HOUR) // 2, min(began, 6 * HOUR)))

        self.steady(app)
        app.profile["utc_offset"] = max(range(-720, 721, 60), key=quietest)

    def _usual(self, name: str, stack: Stack, cpu_ms: float) -> str:
        random = self.random
        facts: dict[str, Any] = {"cpu_ms": cpu_ms} if cpu_ms else {}
        if stack.errors and random.random() < 0.7:
            error = random.choice(("timeout:the session store", "timeout:the database pool", "error:request aborted"))
            facts["errors"] = [{"status": 503, "share": round(random.uniform(0.0002, 0.0018), 4), "cause": error}]
        return self.behavior(f"{name}-usual", facts)

    def behavior(self, name: str, facts: dict[str, Any]) -> str:
        """Declare a behavior, and return its name."""
        self.behaviors[name] = facts
        return name

    def worse(self, app: App, **facts: Any) -> str:
        """Declare the behavior of a version that is worse than usual: errors come on top of the usual ones."""
        usual = self.behaviors[app.usual]
        errors = [*facts.pop("errors", []), *usual.get("errors", [])]
        return self.behavior(f"{app.name}-worse", {**usual, **facts, **({"errors": errors} if errors else {})})

    def source(self, name: str, **facts: Any) -> str:
        """Declare what a commit is like when it is built, and return its name."""
        self.sources[name] = facts
        return name

    def error(self, app: App) -> str:
        """Return the text of an error in the code of an app."""
        return self.random.choice(app.stack.errors).format(field=self.random.choice(names.FIELDS))

    def package(self, app: App, text: str) -> str:
        """Return the name of a package."""
        owner = self.account.replace("-", "_") if "_" in text else self.account
        return text.format(owner=owner, word=self.random.choice(names.PACKAGES))

    # --- what is the matter -------------------------------------------------------------------------------------------

    def found(self, finding: Finding) -> None:
        """Add a cause to the ground truth."""
        self.findings.append(finding)

    def innocent_change(self, app: App, began: int, *, variables: bool = True) -> None:
        """Let something innocent happen minutes before trouble begins, if a decoy is wanted.

        Args:
            app: to which.
            began: seconds before the start at which trouble begins.
            variables: it may be other variables, too, beside a release.
        """
        if not self._decoy:
            return
        self._decoy = False
        when = began + self.random.randint(2, 10) * MINUTE
        self.facts["decoy_minutes_before"] = (when - began) // MINUTE
        if self.random.random() < 0.7 or not variables:
            release = app.release(when)
            self.facts["decoy"] = "release"
            self.at_end.append(lambda: self.facts.update(blameless=app.number(release)))
        else:
            app.environment.variables["SHOW_BANNER"] = "no"
            changed = {**app.environment.variables, "SHOW_BANNER": "yes"}
            app.happens(when, SetVariables(at=ago(when), environment=app.environment.name, variables=changed))
            self.facts["decoy"] = "variables"

    def expects(self, what: str, app: App, *, before: int = 0, release: Release | None = None, **claims: Any) -> None:
        """Say what the API shows, so many seconds before the start; `over` is seconds, too."""
        over = claims.pop("over", 0)
        if over:
            claims["over"] = f"{max(over // MINUTE, 1)}min"
        place = app.name if "build_log" in claims or "status" in claims else app.place
        section = ExpectSection(at=ago(before) if before else "now", what=what, where=place, **claims)
        self.expect.append(section)
        if release is not None:
            number = release
            self.at_end.append(lambda: setattr(section, "version", app.number(number)))

    def expects_errors(
        self, app: App, began: int, least: float, most: float, *, before: float = 1.0, over: int = 6 * HOUR
    ) -> None:
        """Say that errors (percent of requests) rose when it began."""
        until = began + 3 * MINUTE
        self.expects("Before, hardly anything fails", app, before=until, over=3 * HOUR, errors=[0.0, before])
        over = min(began - 3 * MINUTE, over)
        self.expects("Since then requests fail", app, over=over, errors=[round(least, 3), min(round(most, 3), 100.0)])

    def expects_service(self, app: App) -> None:
        """Say that what is live goes on serving, unless something else is the matter with it."""
        if all(finding.where != app.place for finding in self.findings):
            self.expects("What is live goes on serving", app, over=HOUR, errors=[0.0, 1.5])

    def expects_client_errors(self, app: App, began: int, least: float) -> None:
        """Say that 4xx (percent of requests) rose when it began."""
        usual = 100 * sum(page["weight"] for page in app.profile["pages"] if 400 <= page["status"] < 500)
        usual /= sum(page["weight"] for page in app.profile["pages"])
        most, until = usual * 1.5 + 1, began + 3 * MINUTE
        if not app.profile.get("bots"):
            self.expects("Before, 4xx are few", app, before=until, over=3 * HOUR, client_errors=[0.0, most])
        over = min(began - 3 * MINUTE, 6 * HOUR)
        self.expects("Since then they are more", app, over=over, client_errors=[round(usual + least, 3), 100.0])

    def bystanders(self, count: int, *, rpm: tuple[float, float] = (3, 40)) -> None:
        """Put apps into the account that nothing is the matter with."""
        for _ in range(count):
            app = self.app(rpm=rpm)
            self.expects("What is not concerned serves", app, over=2 * HOUR, errors=[0.0, 1.5])

    # --- the whole ----------------------------------------------------------------------------------------------------

    def scenario(self, name: str, shows: str) -> Scenario:
        """Return the scenario."""
        projects = [app.finish() for app in self.apps]
        for resolve in self.at_end:
            resolve()
        own = KeySection(name="notebooks", made="-60d", expires="+300d", own=True)
        owner = UserSection(username=self._user, display=self._display, email=f"{self._user}@{self.account}.example")
        scenario = Scenario(
            name=name,
            title=f"Made up: {name}",
            shows=shows,
            start=self.start,
            ground_truth=ground_truth(self.findings, self.facts),
            expect=self.expect,
            settings=self.settings,
            users=[owner],
            api_keys=[own, *self.keys],
            profiles=self._profiles,
            behaviors=self.behaviors,
            sources=self.sources,
            projects=projects,
            incidents=self.incidents,
            calls=self.calls,
        )
        if self._repositories:
            scenario.github = [
                GithubSection(
                    username=self.account, installation=51_830_274, owner=88_412_067, repositories=self._repositories
                )
            ]
        return scenario
