"""The release verdict over all traffic since a release, as it is asked for at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from createos_nb.errors import InvalidInput
from createos_nb.plans.gates import check_terms
from createos_nb.plans.release_monitor import EnvironmentTraffic, ReleaseTraffic
from createos_nb.times import parse_duration, unix

if TYPE_CHECKING:
    from createos_nb.analysis.releases.result import ReleaseVerdict
    from createos_nb.client.client import Client

_MINUTE: Final = 60


def judge_release(
    client: Client,
    project: str,
    old: str | None,
    new: str,
    since: str,
    *,
    history: str = "1d",
    worse: float = 2.0,
    alpha: float = 0.01,
    beta: float = 0.01,
) -> tuple[ReleaseVerdict | None, str]:
    """Judge whether a new version is as healthy as the old one, over all traffic since the release.

    Args:
        client: the account.
        project: a project: its unique name or id.
        old: the environment that serves beside it; None for the new one itself, before the release.
        new: the environment with the new version.
        since: when the release was, such as "-40min" or a time.
        history: how long before the release the old one is read, which tells noise from trouble.
        worse: the ratio of error rates that is to be found.
        alpha: how often a good release may be rolled back, a probability.
        beta: how often a bad release may be promoted, a probability.

    Returns:
        The verdict, None where there is too little traffic of both; and what could not be read, "" where nothing.

    Raises:
        InvalidInput: an argument can't be used.

    Examples:
        >>> from createos_nb.plans.release_judgement import judge_release
        >>> client = createos_nb.simulate("bad-release")
        >>> verdict, missing = judge_release(client, "storefront", None, "production", "-40min")
        >>> verdict.decision, missing
        ('rollback', '')
    """
    options: dict[str, Any] = {
        "alpha": alpha,
        "beta": beta,
        "worse": worse,
        "errors": ("5xx", "4xx"),
        "negligible": 2e-4,
    }
    check_terms(options)
    seconds = parse_duration(history, "--history")
    now = client.transport.now()
    begin = int(unix(since, now, "--since") // _MINUTE) * _MINUTE
    if begin > now:
        raise InvalidInput("--since lies in the future: give when the release was")
    candidate = EnvironmentTraffic(client, project, new, begin)
    if old is None:
        back = int(-(-(now - begin) // _MINUTE)) * _MINUTE
        baseline = EnvironmentTraffic(client, project, new, begin - back, begin, lag=back)
    elif old == new:
        raise InvalidInput(f"OLD and NEW are both {new}: give the word before as OLD to compare it with itself")
    else:
        baseline = EnvironmentTraffic(client, project, old, begin)
    return ReleaseTraffic(baseline, candidate, int(seconds), True, options).poll(int(now))
