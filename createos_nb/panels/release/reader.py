"""Reading of a release: which side serves, the traffic of both, and the verdict; each poll reads only what is new."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.analysis.releases.decision import Terms
from createos_nb.analysis.releases.result import ReleaseVerdict
from createos_nb.display import human_duration
from createos_nb.errors import InvalidInput
from createos_nb.panels.release.lanes import Lane
from createos_nb.plans.errors import PASSING
from createos_nb.plans.release_monitor import MINUTE, EnvironmentTraffic, ReleaseTraffic
from createos_nb.plans.snapshot import Snapshot, id_of, name_of, version_of
from createos_nb.times import parse_duration, unix

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.contract.domains import Domain
    from createos_nb.contract.environments import Environment
    from createos_nb.contract.types import TimeLike

#: A change that is longer ago says nothing of a release of now.
_LONG_AGO: Final = 6 * 3600
#: What is watched where it is not known when the release was.
_LAST: Final = 3600


@dataclass(frozen=True, eq=False)
class ReleaseReading:
    """What is known of a release at one moment.

    Attributes:
        at: When it was read.
        begin: When the watch began.
        latest: When somebody has to decide, if it has not.
        since: Why it began then, in words.
        domain: The domain that leads to one of the sides; "" where none does.
        baseline: The side that served before, as its lane.
        candidate: The side with the new version, as its lane.
        earlier: Whether the candidate is compared with the level of the baseline before.
        verdict: The last verdict; None while no minute could be judged.
        missed: What could not be read; "" where all was.
    """

    at: pd.Timestamp
    begin: pd.Timestamp
    latest: pd.Timestamp
    since: str
    domain: str
    baseline: Lane
    candidate: Lane
    earlier: bool
    verdict: ReleaseVerdict | None
    missed: str

    @property
    def over(self) -> bool:
        """Return whether it was to be decided by now."""
        return self.at >= self.latest


class ReleaseReader:
    """Reads a release again and again.

    Where the domain leads to the new side, the old one has no users any more: the new one is then compared with the
    level of the old one before. Else both are compared as they serve at the same time.

    Args:
        client: An open client.
        project: Name or id of the project.
        blue: Name or id of the environment that served before: the baseline.
        green: Name or id of the environment with the new version: the candidate.
        domain: The domain that is looked at; "" for the one that was changed last among those of both sides.
        since: When the release was; None for when the domain or the new side was changed last.
        timeout: How long is watched at least, such as "1h", or seconds.
        terms: Parameters of the verdict: `alpha`, `beta`, `worse`.

    Raises:
        InvalidInput: An argument can't be used.
    """

    def __init__(
        self,
        client: Client,
        project: str,
        blue: str,
        green: str,
        *,
        domain: str = "",
        since: TimeLike | None = None,
        timeout: Any = "1h",
        **terms: float,
    ) -> None:
        if blue == green:
            raise InvalidInput("release watch: blue and green are two environments")
        try:
            Terms(**terms)
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"release watch: {error}") from error
        self.terms = {"alpha": 0.01, "beta": 0.01, "worse": 2.0, **terms}
        self._client, self._project, self._names, self._domain = client, project, (blue, green), domain
        self._timeout = parse_duration(timeout, "timeout")
        if self._timeout < MINUTE:
            raise InvalidInput("release watch: timeout= is at least a minute")
        self._since = since
        self._traffic: ReleaseTraffic | None = None
        self._of: tuple[Any, ...] = ()  # what the traffic is of
        self._begin, self._latest, self._why, self._earlier = 0, 0, "", False
        self._known = True  # when the release was
        self._verdict: ReleaseVerdict | None = None
        self._versions: dict[str, tuple[str, str]] = {}

    def read(self) -> ReleaseReading:
        """Read what has changed.

        Returns:
            The reading; what could not be read is named in it.

        Raises:
            UnknownName: There is no such project, environment or domain.
            CreateOSError: Environments or domains could not be read.
        """
        snapshot = Snapshot(self._client)
        owner = snapshot.find_project(self._project, "environments", "domains")
        blue, green = (snapshot.find_environment(owner, name) for name in self._names)
        if blue.id == green.id:
            raise InvalidInput(f"release watch: blue and green are both {name_of(blue)}")
        domain = self._find_domain(snapshot, owner, blue, green)
        now = float(self._client.transport.now())
        serving = None if domain is None else domain.environment_id
        self._prepare(id_of(owner), blue, green, domain, now)
        assert self._traffic is not None, "prepared above"
        missed = []
        try:
            verdict, why = self._traffic.poll(int(now))
            self._verdict = verdict if verdict is not None else self._verdict
            missed += [why] if why else []
        except PASSING as error:
            missed.append(f"requests could not be read: {str(error).splitlines()[0]}")
        lanes = []
        for environment, source in ((blue, self._traffic.baseline), (green, self._traffic.candidate)):
            traffic, before = source.frame, None
            if environment is blue and self._earlier:
                before = traffic
                traffic, why = self._standing_by(id_of(owner), blue, now)
                missed += [why] if why else []
            version, about = self._version(snapshot, id_of(owner), environment)
            serves = serving is not None and serving == environment.id
            lanes.append(Lane(name_of(environment), version, serves, traffic, about, before))
        return ReleaseReading(
            at=_moment(now),
            begin=_moment(self._begin),
            latest=_moment(self._latest),
            since=self._why,
            domain="" if domain is None else str(domain.name),
            baseline=lanes[0],
            candidate=lanes[1],
            earlier=self._earlier,
            verdict=self._verdict,
            missed="; ".join(missed),
        )

    def _find_domain(self, snapshot: Snapshot, owner: Any, blue: Environment, green: Environment) -> Domain | None:
        if self._domain:
            return snapshot.find_domain(owner, self._domain)
        sides = {blue.id, green.id}
        routed = [
            row for row in snapshot.domains(id_of(owner)) if row.environment_id in sides and row.status == "active"
        ]
        # both may have domains of their own: the one that was changed last is the one that was switched
        return max(routed, key=lambda row: (_unix_of(row.updated_at), str(row.name)), default=None)

    def _prepare(self, project: str, blue: Environment, green: Environment, domain: Domain | None, now: float) -> None:
        """Begin the watch, or begin it anew where what it is of has changed: another side serves."""
        earlier = domain is not None and domain.environment_id == green.id
        of = (blue.id, green.id, None if domain is None else domain.id, earlier)
        if of == self._of:
            return
        self._known = True
        begin, self._why = self._beginning(green, domain, now)
        self._begin = int(begin // MINUTE) * MINUTE
        # where no release is known of, there is as much time from now on
        asked = self._timeout if self._known else now - self._begin + self._timeout
        length = -(-int(max(asked, now - self._begin)) // MINUTE) * MINUTE
        self._latest = self._begin + length
        candidate = EnvironmentTraffic(self._client, project, id_of(green), self._begin)
        if earlier:
            baseline = EnvironmentTraffic(
                self._client, project, id_of(blue), self._begin - length, self._begin, lag=length
            )
        else:
            baseline = EnvironmentTraffic(self._client, project, id_of(blue), self._begin)
        self._traffic = ReleaseTraffic(baseline, candidate, 24 * 3600, True, dict(self.terms))
        self._of, self._earlier, self._verdict = of, earlier, None

    def _beginning(self, green: Environment, domain: Domain | None, now: float) -> tuple[float, str]:
        if self._since is not None:
            begin = unix(self._since, now, "since")
            if begin > now:
                raise InvalidInput(
                    "release watch: since= lies in the future: a watch begins with the release or after it"
                )
            return begin, "as it was asked for"
        if domain is not None and domain.environment_id == green.id:
            changed, what = _unix_of(domain.updated_at), f"when {domain.name} was changed last"
        else:
            changed, what = _unix_of(green.updated_at), f"when {name_of(green)} was changed last"
        if now - _LONG_AGO <= changed <= now:
            return changed, what
        self._known = False
        return now - _LAST, f"the last {human_duration(_LAST)}: the platform does not tell of a release since"

    def _standing_by(self, project: str, blue: Environment, now: float) -> tuple[pd.DataFrame | None, str]:
        """The traffic of the old side since the switch, which the verdict has no use for."""
        begin = min(self._begin, int(now) - MINUTE)
        try:
            return self._client.analytics.requests_over_time(project, id_of(blue), start=begin, end=int(now)), ""
        except PASSING as error:
            return None, f"requests of {name_of(blue)} could not be read: {str(error).splitlines()[0]}"

    def _version(self, snapshot: Snapshot, project: str, environment: Environment) -> tuple[str, str]:
        live = environment.project_deployment_id
        if not live:
            return "nothing is live", ""
        if live not in self._versions:
            try:
                deployment = snapshot.live_deployment(project, environment)
            except PASSING:
                return "version unknown", ""
            if deployment is None:
                return "version unknown", ""
            message = None if deployment.source is None else getattr(deployment.source, "commit_message", None)
            self._versions[live] = version_of(deployment), str(message or "").split("\n")[0]
        return self._versions[live]


def _moment(seconds: float) -> pd.Timestamp:
    return pd.Timestamp(round(seconds * 1e6), unit="us", tz="UTC")


def _unix_of(moment: Any) -> float:
    """A time of the platform in Unix seconds; minus infinity where there is none."""
    known = pd.to_datetime(moment, utc=True, errors="coerce")
    return -math.inf if pd.isna(known) else float(known.timestamp())
