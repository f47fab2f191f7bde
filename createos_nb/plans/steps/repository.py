"""What building from a repository needs: a connected GitHub account that has granted it, and a branch that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from createos_nb.errors import CreateOSError
from createos_nb.plans.steps.step import Precondition

if TYPE_CHECKING:
    from createos_nb.plans.present import Present, Row

_CONNECT = "connect it in the browser: the platform's GitHub settings; client.github.accounts() shows what is connected"


def preconditions(present: Present, project: str, branch: str = "") -> list[Precondition]:
    """GitHub is connected, the repository is granted and has the branch; unknown where GitHub can't be asked."""
    source = present.project(project).get("source") or {}
    installation, repository = str(source.get("vcsInstallationId") or ""), str(source.get("vcsRepoId") or "")
    connected = "the project's GitHub account is connected"
    granted = "its repository is granted"
    try:
        accounts = present.github_accounts()
    except CreateOSError as error:
        return [Precondition(connected, "unknown", _said(error))]
    account = next((row for row in accounts if str(row.get("installationId")) == installation), None)
    if account is None:
        there = ", ".join(str(row.get("username")) for row in accounts) or "none"
        detail = f"installation {installation or 'none'} is not among the connected accounts ({there}): {_CONNECT}"
        return [Precondition(connected, "fails", detail)]
    found = [Precondition(connected, "holds", str(account.get("username") or ""))]
    try:
        rows = present.repositories(installation)
    except CreateOSError as error:
        return [*found, Precondition(granted, "unknown", _said(error))]
    row = next((one for one in rows if str(one.get("id")) == repository), None)
    if row is None:
        detail = f"{account.get('username')} has not granted repository {repository}: grant it in GitHub's settings"
        return [*found, Precondition(granted, "fails", detail)]
    name = _name(row)
    found.append(Precondition(granted, "holds", name))
    return [*found, _branch(present, installation, name, branch)] if branch and name else found


def _branch(present: Present, installation: str, repository: str, branch: str) -> Precondition:
    what = f"branch {branch} is there"
    try:
        names = present.branches(installation, repository)
    except CreateOSError as error:
        return Precondition(what, "unknown", _said(error))
    if branch in names:
        return Precondition(what, "holds", "")
    return Precondition(what, "fails", f"{repository} has: {', '.join(names[:12])}")


def _name(row: Row) -> str:
    """The wire spells it in two ways."""
    return str(row.get("fullName") or row.get("full_name") or "")


def _said(error: Any) -> str:
    return f"GitHub can't be asked: {getattr(error, 'reason', '') or error}".split("\n", 1)[0]
