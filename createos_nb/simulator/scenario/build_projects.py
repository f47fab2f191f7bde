"""Projects, as a scenario's file describes them, with all that is in them and happens to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from createos_nb.simulator.indexed_state import find_environment
from createos_nb.simulator.platform import cronjobs, domains, environments, projects, serving
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.name_servers import ELSEWHERE
from createos_nb.simulator.platform.runtimes import check_runtime
from createos_nb.simulator.platform.validation import check_body, fields_of
from createos_nb.simulator.scenario import apply_steps
from createos_nb.simulator.scenario.schema import CronjobSection, DomainSection, EnvironmentSection, ProjectSection
from createos_nb.simulator.scenario.steps import Step
from createos_nb.simulator.scenario.timeline import Timeline
from createos_nb.simulator.state import DnsRecord, Domain, Project
from createos_nb.simulator.times import SECOND, duration
from createos_nb.simulator.traffic import Profile


class ProjectBuilder(Timeline):
    """Builds what belongs to a project."""

    def _project(self, section: ProjectSection, where: str) -> None:
        source = self._repository(section, where) if section.type == "vcs" else {}
        created: list[Project] = []
        self._check(
            "CreateProject",
            where,
            {
                "uniqueName": section.name,
                "displayName": section.display,
                "type": section.type,
                "settings": section.settings,
                "description": section.description,
            },
        )
        try:
            fields_of(section.settings, projects.SETTINGS_OF[section.type], "")
            check_runtime(section.type, section.settings, "production")
        except HttpError as why:
            raise self._source.error(f"{where}.settings", why.message) from None

        def make() -> None:
            world = self._world
            if projects.name_taken(world, section.name):
                raise LookupError(f"there are two projects named {section.name}")
            created.append(
                projects.new_project(
                    world,
                    self._user(section.owner),
                    section.name,
                    section.display,
                    section.type,
                    settings=dict(section.settings),
                    source=source,
                    description=section.description,
                    app=self._app_named(section.app),
                    scanning=section.scanning,
                )
            )
            for future, step in later:
                apply_steps.schedule_step(world, created[0], future, step)

        later: list[tuple[int, Any]] = []
        self._schedule(f"{where}.made", section.made, make)
        for n, environment in enumerate(section.environments):
            self._environment(section, environment, f"{where}.environments[{n}]", created)
        for n, domain in enumerate(section.domains):
            self._domain(domain, f"{where}.domains[{n}]", created)
        for n, step in enumerate(section.history):
            place = f"{where}.history[{n}]"
            moment = self._source.moment(step.at, f"{place}.at")
            if moment > self._source.start:
                later.append((moment, step))
            else:
                self._step(place, step, created)
        for n, job in enumerate(section.cronjobs):
            self._cronjob(job, f"{where}.cronjobs[{n}]", created)

    def _check(self, operation: str, where: str, body: dict[str, Any]) -> None:
        """Refuse what the platform would refuse, as a mistake in the file."""
        try:
            check_body(operation, body)
        except HttpError as why:
            raise self._source.error(where, why.message) from None

    def _step(self, where: str, step: Step, created: list[Project]) -> None:
        self._schedule(where, step.at, lambda: apply_steps.apply_step(step, self._world, created[0]))

    def _user(self, name: str) -> str:
        if not name:
            return self._owner.id
        for user in self._state.users.values():
            if user.username == name:
                return user.id
        raise LookupError(f"owner: there is no user {name!r}")

    def _app_named(self, name: str) -> str:
        if not name:
            return ""
        for app in self._state.apps.values():
            if app.name == name:
                return app.id
        raise LookupError(f"app: there is no app {name!r} at that time")

    def _repository(self, section: ProjectSection, where: str) -> dict[str, Any]:
        owner, _, name = section.repository.partition("/")
        for account in self._file.github:
            for repository in account.repositories:
                if account.username == owner and repository.name == name:
                    return {
                        "vcsName": "github",
                        "vcsInstallationId": str(account.installation),
                        "vcsRepoId": str(section.repository_id or repository.id),
                    }
        raise self._source.error(f"{where}.repository", f"there is no repository {section.repository!r} in the file")

    def _environment(
        self, project: ProjectSection, section: EnvironmentSection, where: str, created: list[Project]
    ) -> None:
        if project.type == "vcs" and not section.branch:
            raise self._source.error(f"{where}.branch", "an environment of a vcs project needs a branch")
        self._check(
            "CreateProjectEnvironment",
            where,
            {
                "uniqueName": section.name,
                "displayName": section.display,
                "description": section.description,
                "branch": section.branch,
                "resources": {"cpu": section.cpu, "memory": section.memory, "replicas": section.replicas},
                "settings": {"runEnvs": section.variables},
            },
        )
        visitors = self._visitors(section, where)

        def make() -> None:
            environment = environments.new_environment(
                self._world,
                created[0],
                section.name,
                section.display,
                description=section.description,
                branch=section.branch,
                auto_promote=section.auto_promote,
                cpu=section.cpu,
                memory=section.memory,
                replicas=section.replicas,
                port=section.port,
                variables=dict(section.variables),
            )
            environment.visitors = visitors
            serving.settle_visitors(self._world, created[0], environment)

        self._schedule(f"{where}.made", section.made or project.made, make)

    def _visitors(self, section: EnvironmentSection | DomainSection, where: str) -> Profile | None:
        if not section.traffic:
            return None
        profile = self._source.profiles.get(section.traffic)
        if profile is None:
            known = ", ".join(self._file.profiles) or "none"
            raise self._source.error(f"{where}.traffic", f"there is no profile {section.traffic!r}; there is: {known}")
        return profile if section.rpm is None else replace(profile, rpm=section.rpm)

    def _domain(self, section: DomainSection, where: str, created: list[Project]) -> None:
        try:
            delay = -1 if section.dns == "never" else duration(section.dns) // SECOND if section.dns else None
        except ValueError as error:
            raise self._source.error(f"{where}.dns", str(error)) from None

        visitors = self._visitors(section, where)

        def make() -> None:
            project = created[0]
            target = find_environment(project, section.environment).id if section.environment else ""
            domain = domains.new_domain(self._world, project, section.name, target, delay)
            domain.visitors = visitors
            if delay == -1:
                domain.dns = [DnsRecord("A", values=[ELSEWHERE])]

        def current() -> Domain:
            return next(domain for domain in created[0].domains.values() if domain.name == section.name)

        def verify() -> None:
            domains.verify(self._world, created[0], current())

        def end() -> None:
            domain = current()
            domain.status, domain.message = section.status or domain.status, section.message or domain.message
            self._world.touch(domain)

        self._schedule(f"{where}.made", section.made, make)
        for n, when in enumerate(section.refreshed):
            self._schedule(f"{where}.refreshed[{n}]", when, verify)
        if section.status or section.message:
            self._schedule(f"{where}.status", "now", end)

    def _cronjob(self, section: CronjobSection, where: str, created: list[Project]) -> None:
        def make() -> None:
            environment = find_environment(created[0], section.environment)
            schedule_text = cronjobs.check_schedule(section.schedule)
            cronjobs.new_cronjob(
                self._world, created[0], environment, section.name, section.type, schedule_text, section.settings
            )

        def pause() -> None:
            job = next(job for job in created[0].cronjobs.values() if job.name == section.name)
            cronjobs.pause(self._world, created[0], job, "suspended")

        self._schedule(f"{where}.made", section.made, make)
        if section.suspended:
            self._schedule(f"{where}.suspended", section.suspended, pause)
