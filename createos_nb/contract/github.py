"""GitHub: connected accounts, their repositories, branches and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import field

from createos_nb.contract.operation import UNSET, NumberedPage, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Flag, Row, Text, Whole, about
from createos_nb.contract.types import InstallationRef, Limit

if TYPE_CHECKING:
    import pandas as pd


class GithubAccount(Row):
    """A connected GitHub account."""

    installation_id: Annotated[Whole, about("id of the installation of the platform's GitHub app")] = None
    username: Annotated[Text, about("name of the account (the documentation says accountName)")] = None
    owner_id: Annotated[Whole, about("GitHub's id of the account")] = None
    avatar_url: Annotated[Text, about("picture of the account")] = None


class GithubRepository(Row):
    """A repository that an installation can reach. The wire spells two fields in two ways; both are read."""

    id: Annotated[Whole, about("GitHub's id of the repository; a project's source takes it as text")] = None
    name: Annotated[Text, about("name without its owner")] = None
    full_name: Annotated[Text, about("owner and name")] = None
    default_branch: Annotated[Text, about("branch that it shows first")] = None
    private: Annotated[Flag, about("only members see it")] = None
    full_name_again: Annotated[Text, about("full_name, second spelling", alias="full_name")] = field(
        default=None, name="full_name"
    )
    default_branch_again: Annotated[Text, about("default_branch, second spelling", alias="default_branch")] = field(
        default=None, name="default_branch"
    )


class Commit(Row):
    """The newest commit of a branch."""

    sha: Annotated[Text, about("id of the newest commit")] = None
    url: Annotated[Text, about("address of the newest commit")] = None


class GithubBranch(Row):
    """A branch."""

    name: Annotated[Text, about("name of the branch")] = None
    commit: Commit | None = None
    protected: Annotated[Flag, about("GitHub protects it")] = None


class TreeEntry(Row):
    """A file or folder of a repository."""

    path: Annotated[Text, about("path from the root of the repository")] = None
    type: Annotated[Text, about("blob (a file) or tree (a folder)")] = None
    size: Annotated[Whole, about("size of the file", unit="bytes")] = None
    sha: Annotated[Text, about("git's id of it")] = None


class Github(Resource):
    """Connected GitHub accounts, their repositories, branches and files."""

    name = "github"

    @operation(
        "ListConnectedGithubAccounts",
        "GET /v1/app-installations/github/accounts",
        answer=Rows(GithubAccount),
        failures="401 500",
    )
    def accounts(self) -> pd.DataFrame:
        """Connected GitHub accounts, one row each."""

    @operation(
        "ListGithubInstallations",
        "GET /v1/app-installations/github/installations",
        answer=Rows(GithubAccount),
        failures="401 403 404",
        source="official CLI",
    )
    def installations(self) -> pd.DataFrame:
        """The same rows as `accounts`, at the address that the official command line reads."""

    @operation("InstallGithubApp", "POST /v1/app-installations/github", failures="400 401 403 404 409 500")
    def install_app(self, *, code: str, installation_id: int) -> str:
        """Finish connecting a GitHub account, with the code and installation id that the browser came back with."""

    @operation(
        "ListGithubRepositories",
        "GET /v1/app-installations/github/accounts/{installation_id}/repositories",
        answer=Rows(GithubRepository),
        failures="400 401 404 500",
    )
    def repositories(self, installation: InstallationRef) -> pd.DataFrame:
        """Repositories that an account has granted, one row each."""

    @operation(
        "ListGithubRepositoryBranches",
        "GET /v1/app-installations/github/accounts/{installation_id}/repositories/branches",
        answer=NumberedPage(GithubBranch),
        failures="400 401 404 500",
    )
    def branches(
        self,
        installation: InstallationRef,
        *,
        repository: str,
        protected: Literal["true", "false"] = UNSET,
        limit: Limit | None = None,
    ) -> pd.DataFrame:
        """Branches of a repository (`owner/name`), one row each."""

    @operation(
        "GetGithubRepositoryContent",
        "POST /v1/app-installations/github/accounts/{installation_id}/repositories/content",
        effect="read",
        answer=Rows(TreeEntry, inside="tree"),
        failures="400 401 404 500",
    )
    def content(
        self, installation: InstallationRef, *, repository: str, branch: str, tree_sha: str = UNSET
    ) -> pd.DataFrame:
        """Files and folders of a repository at a branch, one row each; `attrs["complete"]` is False when cut short."""
