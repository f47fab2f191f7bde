"""Serves `createos_nb.contract.github`; and what a project knows of its repository."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from createos_nb.contract import github
from createos_nb.contract.github import Commit, GithubBranch, GithubRepository, TreeEntry
from createos_nb.contract.row import Row
from createos_nb.simulator.context import WorldContext
from createos_nb.simulator.ids import hex_of, number_of
from createos_nb.simulator.platform.errors import HttpError
from createos_nb.simulator.platform.registry import BodyCall, Call, Payload, serves
from createos_nb.simulator.platform.validation import value_or
from createos_nb.simulator.state import GithubAccount, Project, Repository

BRANCHES: Final = 30
"""Branches of a page when no size is given."""
ENTRIES: Final = 1_000
"""Entries of a file tree beyond which it is cut short."""


class Installation(Struct, kw_only=True):
    """Body of `InstallGithubApp`."""

    code: str
    installation_id: int


class TreeRequest(Struct, kw_only=True):
    """Body of `GetGithubRepositoryContent`."""

    repository: str
    branch: str
    tree_sha: str | UnsetType = UNSET


class FolderEntry(TreeEntry, omit_defaults=True):
    """A file or folder; a folder comes without a size."""


class Tree(Row):
    """A file tree, or one folder of it."""

    sha: str
    tree: list[FolderEntry]
    truncated: bool


class Head(NamedTuple):
    """The newest commit of a branch; `commit` is empty where the repository can't be reached."""

    branch: str
    commit: str
    message: str


def repository_of(context: WorldContext, project: Project) -> Repository | None:
    """Return the repository that a project is built from, if its account has granted it."""
    reference = project.source.get("vcsInstallationId"), project.source.get("vcsRepoId")
    for account in context.state.github:
        for repository in account.repositories:
            if (str(account.installation), str(repository.id)) == reference and account.user:
                return repository
    return None


def head_of(context: WorldContext, project: Project, branch: str = "") -> Head:
    """Return the newest commit of a branch, by default the repository's own. Refuses an unknown branch (404)."""
    repository = repository_of(context, project)
    if repository is None:
        return Head(branch or "main", "", "")
    name = branch or repository.branch
    if name not in repository.heads:
        raise HttpError(404, f"branch {name} not found in the repository")
    return Head(name, *repository.heads[name])


def branch_in_body(content: bytes) -> str:
    """Return the branch that one official client sends in a JSON body; "" for none."""
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


def _account_row(account: GithubAccount) -> github.GithubAccount:
    return github.GithubAccount(
        installation_id=account.installation,
        username=account.username,
        owner_id=account.owner,
        avatar_url=f"https://avatars.example.com/u/{account.owner}",
    )


@serves("ListConnectedGithubAccounts")
@serves("ListGithubInstallations")
def accounts(context: WorldContext, call: Call) -> Payload:
    """Return connected accounts."""
    return [_account_row(account) for account in context.state.github if account.user == call.user]


@serves("InstallGithubApp", Installation)
def install_app(context: WorldContext, call: BodyCall[Installation]) -> Payload:
    """Finish connecting an account, with the code that the browser came back with."""
    body = call.body
    account = next((known for known in context.state.github if known.installation == body.installation_id), None)
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
    """Return the code that the browser would come back with."""
    return hex_of(20, context.state.seed, "github code", account.installation)


def _account(context: WorldContext, call: Call) -> GithubAccount:
    identity = call.ids[0]
    for account in context.state.github:
        if str(account.installation) == identity and account.user == call.user:
            return account
    if not identity.isascii() or not identity.isdigit():
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
    """Return the repositories that an account has granted; two fields in both spellings that clients read."""
    account = _account(context, call)
    return [
        GithubRepository(
            id=repository.id,
            name=repository.name,
            full_name=f"{account.username}/{repository.name}",
            default_branch=repository.branch,
            private=repository.private,
            full_name_again=f"{account.username}/{repository.name}",
            default_branch_again=repository.branch,
        )
        for repository in account.repositories
    ]


@serves("ListGithubRepositoryBranches")
def branches(context: WorldContext, call: Call) -> Payload:
    """Return a page of branches, by name."""
    query = call.query
    account, repository = _repository(context, call, query["repository"])
    protected = query.get("protected")
    names = [
        name
        for name in sorted(repository.heads)
        if protected is None or (name in repository.protected) == (protected == "true")
    ]
    size, number = query.get("per_page", BRANCHES), query.get("page", 1)
    commits = f"https://api.github.example.com/repos/{account.username}/{repository.name}/commits"
    return [
        GithubBranch(
            name=name,
            commit=Commit(sha=repository.heads[name][0], url=f"{commits}/{repository.heads[name][0]}"),
            protected=name in repository.protected,
        )
        for name in names[(number - 1) * size : number * size]
    ]


@serves("GetGithubRepositoryContent", TreeRequest)
def content(context: WorldContext, call: BodyCall[TreeRequest]) -> Payload:
    """Return the file tree at a branch, or of one folder of it by the folder's id."""
    body = call.body
    _, repository = _repository(context, call, body.repository)
    head = repository.heads.get(body.branch)
    if head is None:
        raise HttpError(404, f"branch {body.branch} not found")
    sha = _folder_sha(repository, head[0], "")
    folder_sha = value_or(body.tree_sha, "")
    inside = ""
    if folder_sha and folder_sha != sha:
        folder = next(
            (path for path in _folders(repository) if _folder_sha(repository, head[0], path) == folder_sha), None
        )
        if folder is None:
            raise HttpError(404, "tree not found")
        sha, inside = folder_sha, f"{folder}/"
    entries = _tree(repository, head[0], inside)
    return Tree(sha=sha, tree=entries[:ENTRIES], truncated=len(entries) > ENTRIES)


def _folders(repository: Repository) -> set[str]:
    return {"/".join(path.split("/")[:depth]) for path in repository.files for depth in range(1, path.count("/") + 1)}


def _folder_sha(repository: Repository, commit: str, path: str) -> str:
    return hex_of(40, "tree", repository.id, commit, path)


def _tree(repository: Repository, commit: str, inside: str) -> list[FolderEntry]:
    """Return what is inside a folder ("" or a path with "/" at its end), at any depth; paths begin at the folder."""
    sha_and_size: dict[str, tuple[str, int | None]] = {
        path: (_folder_sha(repository, commit, path), None) for path in _folders(repository)
    }
    for path in repository.files:
        size = 40 + number_of(9_000, "size", repository.id, path)
        sha_and_size[path] = hex_of(40, "blob", repository.id, path), size
    return [
        FolderEntry(path=path.removeprefix(inside), type="tree" if size is None else "blob", sha=sha, size=size)
        for path, (sha, size) in sorted(sha_and_size.items())
        if path.startswith(inside)
    ]
