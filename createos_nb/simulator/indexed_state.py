"""The state of one world with its indexes and caches: what is looked up in it, and what is noted when it changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.lineage import Lineage
from createos_nb.process import ProcessBound
from createos_nb.simulator.ids import uuid_of
from createos_nb.simulator.seeded_history import expand_history
from createos_nb.simulator.state import (
    App,
    Cronjob,
    Deployment,
    Domain,
    Environment,
    JournalEntry,
    Key,
    Project,
    Scan,
    State,
    Template,
)
from createos_nb.simulator.times import SECOND
from createos_nb.simulator.traffic import Build, Recorded, Traffic, connected
from createos_nb.simulator.webhook_events import ACTIONS, Subject, notify

Resource = App | Cronjob | Deployment | Domain | Environment | Key | Project | Template


class IndexedState(ProcessBound):
    """Everything that a world knows, with look-ups; see `createos_nb.simulator.context.WorldContext`."""

    _instead = "world.fork() makes another one like it, and world.save(file) keeps it"

    def __init__(self, state: State) -> None:
        self.state = state
        self.lineage = Lineage.fresh()
        self.rows: dict[str, bytes] = {}
        self.newest_first: dict[str, list[Deployment]] = {}
        self.builds: dict[str, Build] = {}
        self.recorded: dict[str, Recorded] = {}
        self._traffics: dict[str, Traffic] = {}
        self._flow_ends: dict[tuple[str, ...], dict[int, npt.NDArray[np.int64]]] = {}
        self.rebuild_indexes()

    # --- look-ups -----------------------------------------------------------------------------------------------------

    def replace_state(self, state: State, recorded: Mapping[str, Recorded]) -> None:
        """Take another state in place of this one.

        Args:
            state: the state.
            recorded: requests that were recorded in it, by id of the environment.

        Examples:
            >>> world, other = createos_nb.simulate().world, createos_nb.simulate("bad-release").world
            >>> world.replace_state(other.state, other.recorded)
            >>> world.now == other.now
            True
        """
        self.state = state
        self.recorded = {key: Recorded(requests.events) for key, requests in recorded.items()}
        self.rebuild_indexes()

    def rebuild_indexes(self) -> None:
        """Empty the caches, and make the indexes that are not part of the state.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.rebuild_indexes()
            >>> world.key in world.key_by_secret
            True
        """
        state = self.state
        self.limits_requests = any(
            (state.settings.rate_per_minute, state.settings.rate_per_hour, state.settings.uploads_per_minute)
        )
        self.rows.clear()
        self.newest_first.clear()
        self.builds.clear()
        self._traffics.clear()
        self._flow_ends.clear()
        self.user_by_secret: dict[str, str] = {}
        for user in state.users.values():
            self.user_by_secret[user.token] = user.id
            if user.secret and not any(key.secret == user.secret for key in state.keys.values()):
                self.user_by_secret[user.secret] = user.id
        self.key_by_secret: dict[str, Key] = {key.secret: key for key in state.keys.values()}
        self.hosts: dict[str, tuple[str, str]] = {
            environment.host: (project.id, environment.id)
            for project in state.projects.values()
            for environment in project.environments.values()
        }

    def new_id(self, kind: str) -> str:
        """Return the next id of the world.

        Args:
            kind: what it is for, such as "project"; part of what the id is made from.

        Returns:
            A UUID; the same seed and the same requests give the same ones.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.fork().new_id("project") == world.fork().new_id("project")
            True
        """
        self.state.counter += 1
        return uuid_of(self.state.seed, kind, self.state.counter)

    def deployments(self, project: Project) -> dict[str, Deployment]:
        """Return the deployments of a project by id, oldest first; a seeded history is expanded at the first look.

        Args:
            project: the project.

        Returns:
            The world's own mapping, not a copy.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> deployments = world.deployments(world.find_project("storefront"))
            >>> [deployment.version for deployment in deployments.values()][:3]
            [1, 2, 3]
        """
        if project.seeded is not None:
            expand_history(self.state.seed, project)
        return project.deployments

    def traffic_of(self, environment: Environment) -> Traffic:
        """Return the traffic of an environment, for all time up to now.

        Args:
            environment: the environment.

        Returns:
            The traffic, the same one until something that decides it changes.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> world.traffic_of(environment) is world.traffic_of(environment)
            True
        """
        if environment.id not in self._traffics:
            joined = connected(self.state.calls, environment.id)
            if joined:
                together = {key: self._make_traffic(self._environment(key), joined=True) for key in joined}
                calls = [call for call in self.state.calls if call.caller in together]
                Traffic.join(self.state.seed, together, calls, self._flow_ends.get(tuple(call.name for call in calls)))
                self._traffics |= together
            else:
                self._traffics[environment.id] = self._make_traffic(environment)
        return self._traffics[environment.id]

    def _make_traffic(self, environment: Environment, *, joined: bool = False) -> Traffic:
        state = self.state
        return Traffic(
            state.seed,
            environment.id,
            environment.profiles or None,
            environment.segments,
            [incident for incident, affected in state.incidents if environment.id in affected],
            self.recorded.setdefault(environment.id, Recorded()),
            environment.traffic_start,
            [] if environment.replayed else [run for run in environment.scheduled if run.method],
            joined,
        )

    def _environment(self, identity: str) -> Environment:
        """Return an environment by its id, also one that is gone and that calls reached."""
        for project in self.state.projects.values():
            if identity in project.environments:
                return project.environments[identity]
        return self.state.removed[identity]

    def find_project(self, name: str) -> Project:
        """Return a project by name or id.

        Args:
            name: name or id of the project.

        Returns:
            The world's own project, not a copy.

        Raises:
            UnknownName: there is no such project.

        Examples:
            >>> createos_nb.simulate().world.find_project("storefront").type
            'vcs'
        """
        projects = [project for project in self.state.projects.values() if project.status != "deleted"]
        for project in projects:
            if name in (project.name, project.id):
                return project
        raise UnknownName("project", name, [project.name for project in projects])

    def find_environment(self, path: str) -> tuple[Project, Environment]:
        """Return what "project/environment" names.

        Args:
            path: names or ids of the project and the environment, with a slash between them.

        Returns:
            The world's own project and environment, not copies.

        Raises:
            UnknownName: there is no such project or environment.
            InvalidInput: there is no slash.

        Examples:
            >>> project, environment = createos_nb.simulate().world.find_environment("storefront/production")
            >>> project.name, environment.name
            ('storefront', 'production')
        """
        project_name, slash, environment_name = path.partition("/")
        if not slash:
            raise InvalidInput(f'write "project/environment", not {path!r}')
        project = self.find_project(project_name)
        return project, find_environment(project, environment_name)

    # --- changes ------------------------------------------------------------------------------------------------------

    def touch(self, resource: Resource) -> None:
        """Note that a resource has just changed.

        Args:
            resource: the resource.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project = world.find_project("storefront")
            >>> world.touch(project)
            >>> project.updated == world.state.now
            True
        """
        resource.updated = self.state.now
        self.rows.pop(resource.id, None)

    def invalidate_traffic(self, environment: Environment, *, past: bool = False) -> None:
        """Note that what decides an environment's traffic has changed.

        Args:
            environment: the environment.
            past: whether it may be otherwise before now, too.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("storefront/production")
            >>> before = world.traffic_of(environment)
            >>> world.invalidate_traffic(environment)
            >>> world.traffic_of(environment) is before
            False
        """
        joined = connected(self.state.calls, environment.id)
        known = self._traffics.get(environment.id)
        names = tuple(call.name for call in self.state.calls if call.caller in joined)
        if past:
            self._flow_ends.pop(names, None)
        elif joined and known is not None:
            self._flow_ends[names] = known.flow_ends(self.state.now // SECOND)
        for key in joined or (environment.id,):
            self._traffics.pop(key, None)

    def keep_if_called(self, environment: Environment) -> None:
        """Keep an environment that is about to go, if calls reach it: what was, stays.

        Args:
            environment: the environment.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> project, environment = world.find_environment("orders-api/production")
            >>> name = world.connect("storefront/production", "orders-api/production")
            >>> world.keep_if_called(environment)
            >>> environment.id in world.state.removed
            True
        """
        if connected(self.state.calls, environment.id):
            self.state.removed[environment.id] = environment

    def record(
        self,
        what: str,
        project: Project | None = None,
        text: str = "",
        *,
        environment: Environment | None = None,
        deployment: Deployment | None = None,
        resource: Domain | Cronjob | Key | Scan | None = None,
    ) -> None:
        """Write an entry of the world's journal, and tell the webhooks of the account.

        Args:
            what: what happened, in a few words.
            project: the project that it is about.
            text: more of it.
            environment: the environment that it is about.
            deployment: the deployment that it is about.
            resource: the domain, cron job, scan or API key that it is about.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.record("a note", text="the lesson begins")
            >>> world.events()[["what", "text"]].iloc[-1].tolist()
            ['a note', 'the lesson begins']
        """
        self.state.journal.append(
            JournalEntry(
                self.state.now,
                what,
                project.name if project is not None else "",
                environment.name if environment is not None else "",
                deployment.version if deployment is not None else 0,
                text,
            )
        )
        if what in ACTIONS:
            self.notify(ACTIONS[what], project, text, environment=environment, deployment=deployment, resource=resource)

    def notify(
        self,
        action: str,
        project: Project | None = None,
        text: str = "",
        *,
        environment: Environment | None = None,
        deployment: Deployment | None = None,
        resource: Domain | Cronjob | Key | Scan | None = None,
    ) -> None:
        """Tell the webhooks of an account of an event.

        Args:
            action: name of the event, such as "deployment.assign".
            project: the project that it is about; its owner is told.
            text: more of it.
            environment: the environment that it is about.
            deployment: the deployment that it is about.
            resource: the domain, cron job, scan or API key that it is about; of a key the owner is told.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.webhooks.create(url="https://hooks.example.com/createos")
            >>> client.world.notify("project.update", client.world.find_project("storefront"))
            >>> client.webhooks.deliveries("https://hooks.example.com/createos")["event_action"].to_list()
            ['project.update']
        """
        user = resource.user if isinstance(resource, Key) else project.user if project is not None else ""
        subject = Subject(text=text or None)
        if project is not None:
            subject.project_id, subject.project_name = project.id, project.name
        if environment is not None:
            subject.environment_id, subject.environment_name = environment.id, environment.name
        if deployment is not None:
            subject.deployment_id, subject.version_number = deployment.id, deployment.version
            subject.status = deployment.status
        if resource is not None:
            subject.resource_id = resource.id
            subject.resource_name = None if isinstance(resource, Scan) else resource.name
            subject.status = subject.status if isinstance(resource, Key) else resource.status
        notify(self.state, self.lineage.course, action, user, subject)


def find_environment(project: Project, name: str) -> Environment:
    """Return an environment of a project by name or id. Raises `UnknownName`."""
    for environment in project.environments.values():
        if name in (environment.name, environment.id):
            return environment
    raise UnknownName(
        "environment", name, [environment.name for environment in project.environments.values()], project.name
    )
