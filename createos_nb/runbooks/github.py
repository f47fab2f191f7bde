"""Connecting a GitHub account, which begins in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from createos_nb.errors import InvalidInput
from createos_nb.plans.apply import make_plan
from createos_nb.plans.context import TransientInputs
from createos_nb.plans.plan import Plan
from createos_nb.plans.snapshot import Snapshot
from createos_nb.plans.steps.base import Target
from createos_nb.plans.steps.github import ConnectGithub
from createos_nb.redaction import Secret

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.steps.base import Step

_HOW: Final = (
    "open the GitHub settings of the platform in the browser, authorize its app there, grant it the repositories, and "
    "paste the address that the browser comes back with: it ends in ?code=…&installation_id=…"
)


def connect_github(client: Client, address: str | Secret) -> Plan:
    """Finish connecting a GitHub account, with the address that the browser came back with, and verify the account.

    The connection begins in the browser: open the GitHub settings of the platform, authorize its app, and grant it the
    repositories. No operation of the API tells the address of those settings.

    Args:
        client: an open client, of the platform or of a simulated world.
        address: the address that the browser came back with, with its code and installation_id; the code serves once,
            and no journal holds it.

    Returns:
        A plan of one step; of none where the account is connected. Nothing is changed before `apply`.

    Raises:
        InvalidInput: the address has no code or no installation_id; the text says where it comes from.

    Examples:
        >>> client = createos_nb.simulate()
        >>> code = client.world.github_code("juniper-labs")  # the browser brings it
        >>> back = f"https://example.com/github?code={code}&installation_id=51902266"
        >>> plan = createos_nb.runbooks.connect_github(client, back)
        >>> plan.apply().checks.result
        'PASS'
        >>> client.github.accounts()["username"].to_list()
        ['juniper-goods', 'marlow-ashdown', 'juniper-labs']
    """
    text = address.reveal() if isinstance(address, Secret) else address
    query = parse_qs(urlsplit(text.strip()).query) if isinstance(text, str) else {}
    code, installation = (query.get(name, [""])[-1] for name in ("code", "installation_id"))
    if not code or not (installation.isascii() and installation.isdigit()):
        raise InvalidInput(f"connect_github: the address names no code or no installation_id: {_HOW}")
    snapshot = Snapshot(client)
    target = Target(project="", project_name="", thing=installation, thing_name=f"installation {installation}")
    step = ConnectGithub(target=target, why="asked for", before={"connected": False}, after={"connected": True})
    there = step.read(snapshot, {})["connected"]
    steps: list[Step] = [] if there else [step]
    return make_plan(
        snapshot,
        step.what,
        steps,
        runbook="connect_github",
        arguments={"installation": installation},
        inputs={} if there else {0: TransientInputs(source=Secret(code))},
    )
