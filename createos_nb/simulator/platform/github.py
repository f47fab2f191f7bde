"""Serves `createos_nb.contract.github`; and what a project knows of its repository."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.ids import hex_of, number_of
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import Call, Payload, serves
from createos_nb.simulator.state import GithubAccount, Project, Repository

BRANCHES: Final = 30
"""Branches of a page when no size is given."""
ENTRIES: Final = 1_000
"""Entries of a file tree beyond which it is cut short."""


class Head(NamedTuple):
    """The newest commit of a branch; `commit` is empty where the repository can't be reached."""

    branch: str
    commit: str
    message: str


def repository_of(context: WorldContext, project: Project) -> Repository | None:
    """The repository that a project is built from, if its account has granted it."""
    reference = project.source.get("vcsInstallationId"), project.source.get("vcsRepoId")
    for account in context.state.github:
        for repository in account.repositories:
            if (str(account.installation), str(repository.id)) == reference and account.user:
                return repository
    return None


def head_of(context: WorldContext, project: Project, branch: str = "") -> Head:
    """The newest commit of a branch, by default the repository's own. Refuses an unknown branch (404)."""
    repository = repository_of(context, project)
    if repository is None:
        return Head(branch or "main", "", "")
    name = branch or repository.branch
    if name not in repository.heads:
        raise HttpError(404, f"branch {name} not found in the repository")
    return Head(name, *repository.heads[name])


def branch_in_body(content: bytes) -> str:
    """The branch that one official client sends in a JSON body; "" for none."""
    if not content.strip():
        return ""
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise HttpError(400, "the body is not valid JSON") from None
    branch = body.get("branch") if isinstance(body, dict) else None
    if branch is not None and not isinstance(branch, str):
        raise HttpError(400, "branch: expected str")
    return branch or ""


def _account_row(account: GithubAccount) -> dict[str, Any]:
    return {
        "installationId": account.installation,
        "username": account.username,
        "ownerId": account.owner,
        "avatarUrl": f"https://avatars.example.com/u/{account.owner}",
    }


@serves("ListConnectedGithubAccounts")
@serves("ListGithubInstallations")
def accounts(context: WorldContext, call: Call) -> Payload:
    """Connected accounts."""
    return [_account_row(account) for account in context.state.github if account.user == call.user]


@serves("InstallGithubApp")
def install_app(context: WorldContext, call: Call) -> Payload:
    """Finish connecting an account, with the code that the browser came back with."""
    body = call.body
    account = next((one for one in context.state.github if one.installation == body.installation_id), None)
    if account is None:
        raise HttpError(404, "installation not found")
    if account.user == call.user:
        raise HttpError(409, "this GitHub account is connected already")
    if account.user:
        raise HttpError(403, "this GitHub account is connected to somebody else")
    if body.code != code_of(context, account):
        raise HttpError(400, "code: invalid or used already")
    account.user = call.user
    context.record("GitHub connected", text=account.username)
    return "GitHub app installed successfully"


def code_of(context: WorldContext, account: GithubAccount) -> str:
    """The code that the browser would come back with."""
    return hex_of(20, context.state.seed, "github code", account.installation)


def _account(context: WorldContext, call: Call) -> GithubAccount:
    given = call.ids[0]
    for account in context.state.github:
        if str(account.installation) == given and account.user == call.user:
            return account
    if not given.isascii() or not given.isdigit():
        raise HttpError(400, "installation_id must be a whole number")
    raise HttpError(404, "GitHub installation not found")


def _repository(context: WorldContext, call: Call, name: str) -> tuple[GithubAccount, Repository]:
    account = _account(context, call)
    for repository in account.repositories:
        if name in (f"{account.username}/{repository.name}", repository.name):
            return account, repository
    raise HttpError(404, f"repository {name} not found, or not granted")


@serves("ListGithubRepositories")
def repositories(context: WorldContext, call: Call) -> Payload:
    """Repositories that an account has granted; two fields in both spellings that clients read."""
    account = _account(context, call)
    return [
        {
            "id": one.id,
            "name": one.name,
            "fullName": f"{account.username}/{one.name}",
            "full_name": f"{account.username}/{one.name}",
            "defaultBranch": one.branch,
            "default_branch": one.branch,
            "private": one.private,
        }
        for one in account.repositories
    ]


@serves("ListGithubRepositoryBranches")
def branches(context: WorldContext, call: Call) -> Payload:
    """A page of branches, by name."""
    query = call.query
    account, repository = _repository(context, call, query["repository"])
    wanted = query.get("protected")
    names = [
        name
        for name in sorted(repository.heads)
        if wanted is None or (name in repository.protected) == (wanted == "true")
    ]
    size, number = query.get("per_page", BRANCHES), query.get("page", 1)
    place = f"https://api.github.example.com/repos/{account.username}/{repository.name}/commits"
    return [
        {
            "name": name,
            "commit": {"sha": repository.heads[name][0], "url": f"{place}/{repository.heads[name][0]}"},
            "protected": name in repository.protected,
        }
        for name in names[(number - 1) * size : number * size]
    ]


@serves("GetGithubRepositoryContent")
def content(context: WorldContext, call: Call) -> Payload:
    """The file tree at a branch, or of one folder of it by the folder's id."""
    body = call.body
    _, repository = _repository(context, call, body.repository)
    head = repository.heads.get(body.branch)
    if head is None:
        raise HttpError(404, f"branch {body.branch} not found")
    entries = _tree(repository, head[0])
    root = hex_of(40, "tree", repository.id, head[0], "")
    wanted = "" if body.tree_sha is msgspec.UNSET else body.tree_sha
    if wanted and wanted != root:
        folder = next((one["path"] for one in entries if one["type"] == "tree" and one["sha"] == wanted), None)
        if folder is None:
            raise HttpError(404, "tree not found")
        inside = f"{folder}/"
        entries = [
            {**one, "path": one["path"].removeprefix(inside)} for one in entries if one["path"].startswith(inside)
        ]
        root = wanted
    return {"sha": root, "tree": entries[:ENTRIES], "truncated": len(entries) > ENTRIES}


def _tree(repository: Repository, commit: str) -> list[dict[str, Any]]:
    folders = {
        "/".join(path.split("/")[:depth]) for path in repository.files for depth in range(1, path.count("/") + 1)
    }
    entries: list[dict[str, Any]] = [
        {"path": path, "type": "tree", "sha": hex_of(40, "tree", repository.id, commit, path)} for path in folders
    ]
    for path in repository.files:
        size = 40 + number_of(9_000, "size", repository.id, path)
        sha = hex_of(40, "blob", repository.id, path)
        entries.append({"path": path, "type": "blob", "sha": sha, "size": size})
    return sorted(entries, key=lambda one: one["path"])
