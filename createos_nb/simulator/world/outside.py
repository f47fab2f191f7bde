"""What lies outside the platform and decides what it answers: other people's accounts, GitHub, DNS, the scanner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput, UnknownName
from createos_nb.simulator.platform import name_servers, security
from createos_nb.simulator.platform.github import code_of
from createos_nb.simulator.state import DnsOutcome, DnsRecord, DnsType
from createos_nb.simulator.times import SECOND, MomentLike, duration
from createos_nb.simulator.world import calls
from createos_nb.simulator.world.base import BaseWorld
from createos_nb.simulator.world.events import deployment_of
from createos_nb.times import DurationLike

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.simulator.state import Domain, Project, User


class OutsideWorld(BaseWorld):
    """A world with what the platform only hears of: who else there is, and what GitHub, DNS and the scanner answer."""

    def accounts(self) -> pd.DataFrame:
        """Return the accounts of this world; `key_of` gives the key of each.

        Returns:
            A frame of `username`, `email` and `display_name`, the account that the scenario is about first.

        Examples:
            >>> createos_nb.simulate().world.accounts()["username"].tolist()
            ['marlow', 'tamsin']
        """
        import pandas as pd

        users = list(self.state.users.values())
        columns = {
            "username": [user.username for user in users],
            "email": [user.email for user in users],
            "display_name": [user.display for user in users],
        }
        return pd.DataFrame({name: pd.Series(values, dtype=TEXT) for name, values in columns.items()})

    def key_of(self, username: str) -> str:
        """Return an API key of another account of this world.

        Args:
            username: name of the user whose account it is.

        Returns:
            The key.

        Raises:
            UnknownName: there is no such user; the text lists those there are.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.key_of(world.account) == world.key
            True
        """
        return self._user(username).secret

    def access_token_of(self, username: str) -> str:
        """Return an access token of another account of this world.

        Args:
            username: name of the user whose account it is.

        Returns:
            The token.

        Raises:
            UnknownName: there is no such user; the text lists those there are.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> world.access_token_of(world.account) == world.access_token
            True
        """
        return self._user(username).token

    def _user(self, username: str) -> User:
        users = {user.username: user for user in self.state.users.values()}
        if username not in users:
            raise UnknownName("user", username, users)
        return users[username]

    def github_accounts(self) -> pd.DataFrame:
        """Return the GitHub accounts of this world, those included that nobody has connected yet.

        Returns:
            A frame of `username`, `installation_id` (int64) and `connected_to`, the user's name; "" where it is not
            connected.

        Examples:
            >>> accounts = createos_nb.simulate().world.github_accounts()
            >>> accounts.loc[accounts["connected_to"] == "", "username"].tolist()
            ['juniper-labs']
        """
        import pandas as pd

        accounts, users = self.state.github, self.state.users
        connected = [users[account.user].username if account.user else "" for account in accounts]
        return pd.DataFrame(
            {
                "username": pd.Series([account.username for account in accounts], dtype=TEXT),
                "installation_id": pd.Series([account.installation for account in accounts], dtype="int64"),
                "connected_to": pd.Series(connected, dtype=TEXT),
            }
        )

    def github_code(self, username: str) -> str:
        """Return the code with which a browser comes back from GitHub, for `client.github.install_app`.

        Args:
            username: name of the GitHub account.

        Returns:
            The code.

        Raises:
            UnknownName: there is no such account; the text lists those there are.

        Examples:
            >>> client = createos_nb.simulate()
            >>> code = client.world.github_code("juniper-labs")
            >>> client.github.install_app(code=code, installation_id=51902266)
            'GitHub app installed successfully'
        """
        accounts = {account.username: account for account in self.state.github}
        if username not in accounts:
            raise UnknownName("GitHub account", username, accounts)
        return code_of(self, accounts[username])

    def connect(
        self,
        caller: str,
        callee: str,
        *,
        path: str = "*",
        method: str = "GET",
        endpoint: str = "/",
        count: int = 1,
        timeout: float = 5.0,
        retries: int = 0,
        backoff: float = 0.1,
        max_backoff: float = 10.0,
        retry_budget: float | None = None,
        status: int = 0,
        name: str = "",
        start: MomentLike = "now",
        lasts: DurationLike | None = None,
    ) -> str:
        """Let pages of an environment call another environment, so that its errors, waiting and load go on from there.

        The callee gets one request for each attempt, on top of its visitors, from an address of the caller's. A page
        whose call fails after the last retry fails, too, and the caller's log names the callee's host.

        Args:
            caller: the environment that calls, as "project/environment".
            callee: the environment that is called.
            path: pages that call: an exact path, a prefix that ends in "*" ("/api/*"), or "*" for all.
            method: of the request to the callee.
            endpoint: path of that request.
            count: how many such calls a page makes, all of them at once, 1 to 20.
            timeout: seconds that an attempt is waited for.
            retries: how many more attempts follow one that failed, 0 to 10.
            backoff: seconds before the first retry; each wait is twice as long as the one before.
            max_backoff: the longest of these waits, seconds.
            retry_budget: retries per first attempt that are let through on average; None: all.
            status: what the page answers where a call failed; 0: 504 after a time-out, else 502.
            name: names its random stream; by default "call-1", "call-2", …
            start: when, not before now.
            lasts: how long, such as "20min" or seconds; None: until `disconnect`.

        Returns:
            Its name.

        Raises:
            UnknownName: no such project or environment.
            InvalidInput: calls would go in a circle, a name that is in use, a start in the past, or a value out of
                range.

        Examples:
            >>> client = createos_nb.simulate()
            >>> world = client.world
            >>> world.connect("storefront/production", "orders-api/production", path="/checkout", endpoint="/orders")
            'call-1'
            >>> world.set_behavior("orders-api", 4, errors=[{"status": 500, "share": 1.0}])
            >>> time = world.advance("30min")
            >>> errors = client.analytics.top_error_paths("storefront", "production", start="-20min")
            >>> errors.loc[errors["path"] == "/checkout", "status"].tolist()
            ['502']
        """
        fields = {
            "path": path,
            "method": method,
            "endpoint": endpoint,
            "count": count,
            "timeout": timeout,
            "retries": retries,
            "backoff": backoff,
            "max_backoff": max_backoff,
            "retry_budget": retry_budget,
            "status": status,
        }
        with self.lock:
            return calls.connect(self, caller, callee, name, start, lasts, fields)

    def disconnect(self, name: str) -> None:
        """End a call now: nothing is called any more, and nothing fails or waits by it.

        Args:
            name: what `connect` returned.

        Raises:
            UnknownName: there is no such call.

        Examples:
            >>> world = createos_nb.simulate().world
            >>> name = world.connect("storefront/production", "orders-api/production", path="/checkout")
            >>> world.disconnect(name)
            >>> world.events()["what"].iloc[-1]
            'calls end'
        """
        with self.lock:
            calls.disconnect(self, name)

    def set_dns(self, domain: str, *, found: bool = True, after: DurationLike = 0) -> None:
        """Let the owner of a domain that is not verified yet set its DNS records, or take them away.

        The name servers of its zone have them at once; everybody else, the platform included, when they have spread.
        What `set_dns_record` has said of them is forgotten.

        Args:
            domain: name or id.
            found: whether whoever looks finds them.
            after: how long it takes until they have spread, such as "10min" or seconds.

        Raises:
            UnknownName: there is no such domain.
            InvalidInput: the domain is verified already, or `after` is no duration.

        Examples:
            >>> client = createos_nb.simulate("dns-pending")
            >>> client.world.set_dns("shop.juniper-goods.example.net")
            >>> client.domains.refresh("storefront", "shop.juniper-goods.example.net")
            'domain is being refreshed'
            >>> time = client.world.advance("5s")
            >>> client.domains.list("storefront").set_index("name").loc["shop.juniper-goods.example.net", "status"]
            'issuing'
        """
        wait = duration(after, "after")
        if wait < 0:
            raise InvalidInput(f"after={after!r} is in the past: give how long it takes from now on")
        with self.lock:
            project, one = self._domain(domain)
            if one.status not in ("pending", "error"):
                raise InvalidInput(f"the domain {one.name} is {one.status}: its DNS records were found already")
            one.resolves_at = self.state.now + wait if found else 0
            one.dns_set_at = self.state.now if found else 0
            one.dns = []
            text = f"{one.name}: {'found' if found else 'not found'}"
            self.record("DNS changed", project, text + (f" after {wait / SECOND:g} s" if found and wait else ""))

    def set_dns_record(
        self,
        domain: str,
        type: DnsType,
        values: Sequence[str] = (),
        *,
        outcome: DnsOutcome = "found",
        server: str = "",
        cname: str = "",
        seconds: float = 0,
    ) -> None:
        """Let name servers answer otherwise about a record of a domain: wrongly, in part, late, or not at all.

        It holds until `set_dns`, also for the platform's own check.

        Args:
            domain: name or id.
            type: "TXT", which the domain is verified by, or "A".
            values: what they answer.
            outcome: "found", "no record" (the name has none of that type), "no such name", "timeout" or "refused".
            server: which one: "resolver.simulator.invalid", which everybody asks and the platform too, or one of the
                zone, "ns1.simulator.invalid" and "ns2.simulator.invalid"; "" for all.
            cname: the name that it is said to be another name of.
            seconds: how long they take to answer.

        Raises:
            UnknownName: there is no such domain or name server.
            InvalidInput: the outcome is "found" and no value is given, or the other way round.

        Examples:
            >>> client = createos_nb.simulate()
            >>> domain = "shop.juniper-goods.example.net"
            >>> client.world.set_dns_record(domain, "A", ["203.0.113.7"])
            >>> client.domains.look_up("storefront", domain).set_index("type")["found"]["A"]
            '203.0.113.7'
        """
        choices = (*get_args(DnsType), *get_args(DnsOutcome))
        if type not in choices or outcome not in choices:
            raise InvalidInput(f"type={type!r}, outcome={outcome!r}: give one of each of {', '.join(choices)}")
        if (outcome == "found") != bool(values):
            raise InvalidInput(f"values={list(values)!r} and outcome={outcome!r}: values belong to what is found")
        if isinstance(values, str):
            raise InvalidInput("values= is a list of texts")
        servers = (name_servers.RESOLVER, *name_servers.AUTHORITATIVE)
        if server and server not in servers:
            raise UnknownName("name server", server, servers)
        with self.lock:
            project, one = self._domain(domain)
            record = DnsRecord(type, outcome, list(values), server, cname, float(seconds))
            one.dns = [*one.dns, record]
            text = f"{one.name}: {type} {', '.join(values) or outcome}"
            self.record("DNS changed", project, text + (f" at {server}" if server else ""))

    def _domain(self, name: str) -> tuple[Project, Domain]:
        known = []
        for project in self.state.projects.values():
            for domain in project.domains.values():
                if name in (domain.name, domain.id):
                    return project, domain
                known.append(domain.name)
        raise UnknownName("domain", name, known)

    def fail_scan(self, project: str, version: int | str) -> None:
        """Let the security scan of a deployment fail: the one that runs, else the one that is started next.

        Args:
            project: name or id.
            version: number or id of the deployment.

        Raises:
            UnknownName: no such project or deployment.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.world.fail_scan("storefront", 16)
            >>> client.security.trigger_scan("storefront", 16)
            'Security scan triggered successfully'
            >>> time = client.world.advance("10min")
            >>> client.security.scan("storefront", 16)["status"]
            'failed'
        """
        with self.lock:
            here = self.find_project(project)
            security.fail_scan(self, here, deployment_of(self, here, version))
