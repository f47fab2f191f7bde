"""An account, as a scenario's file describes it: people, GitHub, keys, apps, templates."""

from __future__ import annotations

from createos_nb.simulator.ids import digest, hex_of, uuid_of
from createos_nb.simulator.platform import apps
from createos_nb.simulator.platform.api_keys import secret_of
from createos_nb.simulator.scenario.schema import AppSection, TemplateSection
from createos_nb.simulator.scenario.timeline import Timeline
from createos_nb.simulator.state import GithubAccount, Key, Purchase, Repository, Service, Template, User
from createos_nb.simulator.times import DAY


class AccountBuilder(Timeline):
    """Builds what does not belong to a project."""

    def _people(self) -> None:
        for n, person in enumerate(self._file.users):
            identity = uuid_of(self._seed, "user", person.username)
            self._state.users[identity] = User(
                id=identity,
                username=person.username,
                email=person.email,
                display=person.display,
                created=self._source.moment(person.made, f"users[{n}].made"),
                token="sat_" + digest(self._seed, "token", identity, size=20).hex(),
                secret=secret_of(self._seed, identity),
            )
        self._owner = next(iter(self._state.users.values()))

    def _accounts(self) -> None:
        for account in self._file.github:
            repositories = []
            for section in account.repositories:
                heads = {}
                for branch in dict.fromkeys([section.branch, *section.branches]):
                    heads[branch] = (hex_of(40, self._seed, "commit", section.id, branch), f"Start of {branch}")
                repositories.append(
                    Repository(
                        section.id,
                        section.name,
                        section.branch,
                        section.private,
                        section.protected,
                        heads,
                        section.files,
                    )
                )
            user = self._owner.id if account.connected else ""
            self._state.github.append(
                GithubAccount(account.installation, account.username, account.owner, user, repositories)
            )

    def _keys(self) -> None:
        moment = self._source.moment
        for n, key in enumerate(self._file.api_keys):
            where = f"api_keys[{n}]"
            created = moment(key.made, f"{where}.made")
            revoked = moment(key.revoked, f"{where}.revoked") if key.revoked else 0
            identity = uuid_of(self._seed, "key", key.name)
            self._state.keys[identity] = Key(
                id=identity,
                user=self._owner.id,
                name=key.name,
                secret=self._owner.secret if key.own else secret_of(self._seed, identity),
                created=created,
                updated=max(created, revoked),
                expires=moment(key.expires, f"{where}.expires"),
                description=key.description,
                revoked_at=revoked,
            )

    def _service(self, name: str) -> str:
        identity = uuid_of(self._seed, "service", name)
        self._state.services[identity] = Service(identity, self._owner.id, name)
        return identity

    def _app(self, section: AppSection, where: str) -> None:
        services = [self._service(name) for name in section.services]

        def make() -> None:
            app = apps.new_app(self._world, self._owner.id, section.name, section.description, section.color)
            app.services = services

        self._schedule(f"{where}.made", section.made, make)

    def _template(self, section: TemplateSection, where: str) -> None:
        state, seed = self._state, self._seed
        identity = uuid_of(seed, "template", section.name)

        def make() -> None:
            now = state.now
            project = next((p for p in state.projects.values() if p.name == section.project), None)
            if section.project and project is None:
                raise LookupError(f"project: there is no project {section.project!r} at that time")
            environment = next(iter(project.environments), "") if project is not None else ""
            state.templates[identity] = Template(
                id=identity,
                user=uuid_of(seed, "user", section.author) if section.author else self._owner.id,
                author=section.author or self._owner.display,
                name=section.name,
                status=section.status,
                created=now,
                updated=now,
                amount=section.amount,
                categories=section.categories,
                description=section.description,
                overview=section.overview,
                use_cases=section.use_cases,
                project=project.id if project is not None else uuid_of(seed, "template project", section.name),
                environment=environment or uuid_of(seed, "template environment", section.name),
                image=f"https://images.example.com/{identity[:8]}.png",
                video=f"https://videos.example.com/{identity[:8]}",
                project_configuration=section.configuration,
                build_resources={"cpu": 500, "memory": 1024},
                deployment_resources={"cpu": 200, "memory": 500, "replicas": 1},
                rejections=[(now + DAY, section.rejected)] if section.rejected else [],
            )

        def buy() -> None:
            bought = uuid_of(seed, "purchase", section.name)
            state.purchases[bought] = Purchase(bought, self._owner.id, identity, section.amount, state.now)

        self._schedule(f"{where}.made", section.made, make)
        if section.bought:
            self._schedule(f"{where}.bought", section.bought, buy)
