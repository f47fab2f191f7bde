"""The client: all resources of the platform bound to one account."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import pandas as pd

from createos_nb import contract
from createos_nb.client.analytics import Analytics
from createos_nb.client.domains import Domains
from createos_nb.client.environments import Environments
from createos_nb.client.fleet import Fleet
from createos_nb.client.session import Session
from createos_nb.client.webhooks import Webhooks
from createos_nb.clock import Clock
from createos_nb.contract.resource import Resource
from createos_nb.errors import ConfigurationError
from createos_nb.frames.reference import operations_frame
from createos_nb.html import code, escaped, html_table
from createos_nb.http.rate_limit import RateLimit, chosen_limit
from createos_nb.http.retry import RetryPolicy
from createos_nb.http.server_clock import ServerClock
from createos_nb.http.settings import host, stays_in_process
from createos_nb.http.tls import Verify
from createos_nb.http.transport import Transport
from createos_nb.http.types import BaseTransport, Timeout
from createos_nb.naming import nearest
from createos_nb.process import ProcessBound
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.client.deployments import Deployments
    from createos_nb.client.security import Security
    from createos_nb.client.templates import Templates
    from createos_nb.times import DurationLike

#: Where the platform is.
PLATFORM_URL: Final = "https://api-createos.nodeops.network"


class Client(ProcessBound):
    """One account of the platform, or of a simulated one.

    A context manager; safe from several threads. `connect` finds the key by itself, `simulate` needs none.

    Args:
        api_key: The account's key.
        access_token: A token in place of the key.
        base_url: Where the platform is.
        transport: Any httpx transport, in place of the network.
        read_only: Refuse whatever changes something, before anything is sent.
        timeout: For one request, from its first byte to the last of its answer: seconds, or a text such as "90s"; of an
            `httpx.Timeout` that tells its parts apart, their sum; None for no end.
        transfer_timeout: Likewise, for one upload or download as a whole. Within any `timeout` it, or a log, which may
            take five minutes, must move at least 4 KiB a second.
        max_answer_bytes: Of an answer, decoded: a larger one is `ResponseTooLarge`; None for no limit. A file has the
            `max_bytes` of its call.
        verify: True, False, the path of certificates, or an `ssl.SSLContext`.
        rate_limit: A `RateLimit`, or False; by default the documented figures on the platform's host, none elsewhere.
        retry: When and how often what failed is sent again.
        concurrency: Requests at a time where a list has many pages.
        clock: What waits are measured on; by default that of the other side.
        world: The simulated world that answers: in this process, or a served one that is steered.
        account: The account's name, where it is known already.

    Raises:
        ConfigurationError: There is no key, or there are two.

    Examples:
        >>> world = createos_nb.simulate().world
        >>> with createos_nb.Client(api_key=world.key, transport=world.transport()) as client:
        ...     print(client.account.current_user()["username"])
        marlow
    """

    def __init__(
        self,
        *,
        api_key: str | Secret | None = None,
        access_token: str | Secret | None = None,
        base_url: str = PLATFORM_URL,
        transport: BaseTransport | None = None,
        read_only: bool = False,
        timeout: DurationLike | Timeout | None = 30.0,
        transfer_timeout: DurationLike | None = 3600.0,
        max_answer_bytes: int | None = 64_000_000,
        verify: Verify = True,
        rate_limit: RateLimit | bool | None = None,
        retry: RetryPolicy | None = None,
        concurrency: int = 16,
        clock: Clock | None = None,
        world: Any = None,
        account: str | None = None,
    ) -> None:
        if not api_key and not access_token:
            raise ConfigurationError(
                "a client needs api_key= or access_token=; connect() finds one, and simulate() needs none"
            )
        if api_key and access_token:
            raise ConfigurationError("give api_key= or access_token=, not both")
        # so that a traceback that shows variables shows dots
        api_key, access_token = Secret(api_key or ""), Secret(access_token or "")
        self.world = world
        #: The world that answers is in this process, and ends with it.
        self.embedded = world is not None and transport is not None
        on_platform = not stays_in_process(transport) and host(base_url) == host(PLATFORM_URL)
        self.transport = Transport(
            base_url,
            api_key=api_key,
            access_token=access_token,
            timeout=timeout,
            transfer_timeout=transfer_timeout,
            max_answer_bytes=max_answer_bytes,
            verify=verify,
            transport=transport,
            clock=clock,
            limit=chosen_limit(rate_limit, on_platform=on_platform),
            retry=retry,
            concurrency=concurrency,
        )
        self._account = account
        # a world that is steered gets its requests in the same order on every run; and one in this process answers
        # without waiting: threads would wait for each other alone, and take longer
        at_a_time = concurrency if world is None else 1
        #: Executes the operations: what reads much of an account takes it instead of the client.
        self.session = Session(self.transport, read_only=read_only, concurrency=at_a_time, where=lambda: self.where)

    # --- the resources ------------------------------------------------------------------------------------------------

    @cached_property
    def account(self) -> contract.Account:
        """Whose key this is, and what the account may use."""
        return contract.Account(self.session.execute)

    @cached_property
    def analytics(self) -> Analytics:
        """Requests to an environment and how they were answered."""
        return Analytics(self.session)

    @cached_property
    def api_keys(self) -> contract.ApiKeys:
        """Keys that open this API: make, rename, revoke."""
        return contract.ApiKeys(self.session.execute)

    @cached_property
    def apps(self) -> contract.Apps:
        """Groups of projects and services that belong together."""
        return contract.Apps(self.session.execute)

    @cached_property
    def cronjobs(self) -> contract.Cronjobs:
        """Requests to an environment on a schedule; at most four a project."""
        return contract.Cronjobs(self.session.execute)

    @cached_property
    def deployments(self) -> Deployments:
        """The versions of a project, newest first, and their logs."""
        from createos_nb.client.deployments import Deployments  # loaded when first used

        return Deployments(self.session)

    @cached_property
    def domains(self) -> Domains:
        """Host names of one's own, each routed to one environment or to none."""
        return Domains(self.session)

    @cached_property
    def environments(self) -> Environments:
        """The environments of a project (production, staging, …), each with a live deployment."""
        return Environments(self.session)

    @cached_property
    def github(self) -> contract.Github:
        """Connected GitHub accounts, their repositories, branches and files."""
        return contract.Github(self.session.execute)

    @cached_property
    def projects(self) -> contract.Projects:
        """Projects: deployed from a repository (vcs), an image or uploaded files."""
        return contract.Projects(self.session.execute)

    @cached_property
    def security(self) -> Security:
        """Vulnerability scans of deployments."""
        from createos_nb.client.security import Security  # loaded when first used

        return Security(self.session)

    @cached_property
    def templates(self) -> Templates:
        """The marketplace of projects to start from: offer, buy, deploy."""
        from createos_nb.client.templates import Templates  # loaded when first used

        return Templates(self.session)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Addresses that are told of events by a signed POST, and their deliveries."""
        return Webhooks(self.session)

    @cached_property
    def fleet(self) -> Fleet:
        """All projects at once."""
        return Fleet(self.session)

    def call(
        self,
        operation: str,
        /,
        *,
        body: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        **values: Any,
    ) -> Any:
        """Send any operation by the platform's own name: ids only, one request, one page.

        Names are taken as the platform's documentation spells them or in snake_case (`uniqueName` or `unique_name`),
        also inside `settings`, `source` and `resources`; keys of your own maps (`runEnvs`, `buildVars`, `headers`)
        are sent as they are. Values are the platform's to judge.

        Args:
            operation: The platform's name, such as "ListProjects".
            body: Fields of the JSON body, as the documentation shows it; the rest is given beside it.
            extra: Fields that this version does not know, sent as they are, also inside of those that it knows; only
                where something changes.
            values: Parameters of the path, the query and the body. What is left out is not sent; None sends null.

        Returns:
            The payload with the wire's names. What is secret in it is a `Secret`: it prints as dots, `.reveal()` gives
            its text, and it is sent as it is by another call.

        Raises:
            UnknownField: The operation, or an object in the body, has no such field; the message names the nearest.
            InvalidInput: There is no such operation, a field is given twice, or one is missing.

        Examples:
            >>> client = createos_nb.simulate()
            >>> page = client.call("ListProjects", limit=2)
            >>> [project["uniqueName"] for project in page["data"]], page["pagination"]["total"]
            (['shop-assistant', 'landing-pages'], 8)

            As the documentation writes it:

            >>> body = {
            ...     "uniqueName": "gift-cards",
            ...     "displayName": "Gift cards",
            ...     "type": "image",
            ...     "settings": {"port": 8080, "runEnvs": {"log_level": "info"}},
            ... }
            >>> created = client.call("CreateProject", body=body)
            >>> client.call("GetProject", project_id=created["id"])["settings"]["port"]
            8080
        """
        return self.session.call(operation, values, body, extra)

    def operations(self) -> pd.DataFrame:
        """Return all operations of the platform.

        Returns:
            One row an operation: operation, call, method, path, effect ("read", "write" or "destroy"), summary,
            parameters (optional ones in brackets), source.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.operations().query("effect == 'destroy'")["call"].head(3).to_list()
            ['api_keys.revoke', 'apps.delete', 'cronjobs.delete']
        """
        return operations_frame()

    def log(self) -> pd.DataFrame:
        """Return the requests of this client, oldest first, the newest 10,000; no bodies, no secrets.

        Returns:
            One row for each attempt: time, operation, method, path, status, duration (s), attempt, bytes.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.projects.list()
            >>> client.log()[["operation", "status"]]
                  operation  status
            0  ListProjects     200
        """
        return self.transport.log.frame()

    def probe(self, address: str, *, timeout: DurationLike | None = None) -> pd.Series:
        """Send one GET to an address, without the key and without following redirects, and return its answer.

        On a simulator its own addresses answer, and the request counts in analytics and logs; one in this process, or
        that is steered, lets the world's time pass meanwhile.

        Args:
            address: An endpoint or a domain, with a path or without, such as "https://storefront.createos.nodeops.network/healthz";
                a bare host means https.
            timeout: Seconds, or a text such as "5s"; by default the client's.

        Returns:
            `url`, `status` (int), `ok` (2xx or 3xx), `version` (that answered, where it says so: simulators do), `ms`
            (on a simulator in this process, or that is steered, the world's), `bytes`, `content_type`, `headers` (a
            dict, names in lower case), `text` (the beginning), `error`, `time` (UTC), `simulated`. Where there is no
            answer `status` is None and `error` says why.

        Raises:
            InvalidInput: It is no address of HTTP.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.probe("storefront.createos.nodeops.network")[["status", "ok", "version"]]
            status      200
            ok         True
            version      17
            Name: probe, dtype: object
        """
        from createos_nb.client.probe import probe  # loaded when first used

        inside = self.embedded
        if not inside and not self.simulated and host(self.base_url) != host(PLATFORM_URL):
            self.whoami()  # whether a simulator answers at the base URL is known from its first answer
        return probe(self.transport, address, inside=inside, served=self.simulated and not inside, timeout=timeout)

    def sharing(self, *, read_only: bool) -> Client:
        """Return a client of the same account over the same connections, limits and log, with its own `read_only`.

        What names stand for is known to both. Closing one closes both.

        Args:
            read_only: Refuse whatever changes something, before anything is sent.

        Returns:
            The other client.

        Examples:
            >>> client = createos_nb.simulate()
            >>> reader = client.sharing(read_only=True)
            >>> len(reader.projects.list()), len(client.log())
            (8, 1)
            >>> reader.projects.delete("storefront")
            Traceback (most recent call last):
            createos_nb.errors.ReadOnlyError: DeleteProject changes something (destroy); this client was opened with ...
        """
        other = object.__new__(type(self))
        other.world, other.embedded, other.transport = self.world, self.embedded, self.transport
        other._account = self._account
        other.session = self.session.sharing(read_only=read_only, where=lambda: other.where)
        return other

    # --- who and where ------------------------------------------------------------------------------------------------

    @property
    def read_only(self) -> bool:
        """Whether whatever changes something is refused, before anything is sent."""
        return self.session.read_only

    @property
    def base_url(self) -> str:
        """Where the platform is, or the simulator."""
        return str(self.transport.base)

    @property
    def clock(self) -> ServerClock:
        """The other side's clock, on which waits are measured: that of the platform, or of a world."""
        return self.transport.server_clock

    @property
    def now(self) -> pd.Timestamp:
        """Return the time of the platform or world (UTC): `start="-1h"` is counted from it, not from the local clock.

        Learned from the answers; where nothing was answered yet it is asked for, once.
        """
        return pd.Timestamp(self.transport.now(), unit="s", tz="UTC").as_unit("us")

    @property
    def simulated(self) -> bool:
        """Return whether a simulator answers: embedded, or served (its answers say so)."""
        return self.world is not None or self.transport.simulated

    @property
    def where(self) -> str:
        """Account, base URL, and PLATFORM or SIMULATOR."""
        kind = "SIMULATOR" if self.simulated else "PLATFORM"
        return f"{kind} {self.base_url} · account {self._account or 'not asked yet'}"

    def whoami(self) -> str:
        """Return the account's name, its e-mail address; asked for once.

        Returns:
            The e-mail address; on a simulator, the user's name.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.whoami()
            'marlow'
        """
        if self._account is None:
            self._account = str(self.account.current_user()["email"])
        return self._account

    if not TYPE_CHECKING:  # to checkers a client has its resources and nothing else

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or hasattr(type(self), name) or "transport" not in vars(self):
                raise AttributeError(name)
            known = [attribute for attribute in dir(type(self)) if not attribute.startswith("_")]
            suggestion = nearest(name, known) or ";"
            raise AttributeError(f"a client has no {name!r}{suggestion} print(client) lists what it has")

    def use_api_key(self, api_key: str | Secret) -> None:
        """Send all requests from now on with another API key of the same account.

        `runbooks.rotate_key` does so where the key that it revokes is the client's own.

        Args:
            api_key: The key; it is not checked before it is used.

        Raises:
            ConfigurationError: No request can carry it.

        Examples:
            >>> client = createos_nb.simulate()
            >>> new = client.api_keys.create(name="dashboard", expiry_at="+90d")
            >>> client.use_api_key(new["secret"])
            >>> client.api_keys.list()["name"].iloc[-1]
            'dashboard'
        """
        self.transport.use_api_key(Secret(api_key))

    def close(self) -> None:
        """Close the connections.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.close()
        """
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _resources(self) -> list[Resource]:
        return [getattr(self, name) for name in RESOURCES]

    def __repr__(self) -> str:
        if "transport" not in vars(self):  # a traceback that shows variables meets one that could not be opened
            return "CreateOS client: not opened"
        mode = ", read-only" if self.read_only else ""
        head = f"CreateOS client: {self.where}{mode}"
        lines = [f"  client.{n.name:<13} {(type(n).__doc__ or '').strip().splitlines()[0]}" for n in self._resources()]
        return "\n".join(
            [head, *lines, "  client.fleet         All projects at once.", "  client.operations()  client.log()"]
        )

    def _repr_html_(self) -> str:
        rows = (
            (code(f"client.{resource.name}"), (type(resource).__doc__ or "").strip().splitlines()[0])
            for resource in self._resources()
        )
        mode = " · read-only" if self.read_only else ""
        return f"<p><b>CreateOS</b> · {escaped(self.where)}{mode}</p>{html_table(rows)}"


#: The resources of a client.
RESOURCES: Final = (
    "projects",
    "deployments",
    "environments",
    "domains",
    "github",
    "analytics",
    "security",
    "apps",
    "api_keys",
    "cronjobs",
    "templates",
    "webhooks",
    "account",
)
