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
        """Connected GitHub accounts, one row each.

        Returns:
            One row an account.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.github.accounts()[["installation_id", "username"]]
               installation_id        username
            0         51830274   juniper-goods
            1         51830999  marlow-ashdown
        """

    @operation(
        "ListGithubInstallations",
        "GET /v1/app-installations/github/installations",
        answer=Rows(GithubAccount),
        failures="401 403 404",
        source="official CLI",
    )
    def installations(self) -> pd.DataFrame:
        """Connected GitHub accounts, at the address that the official command line reads.

        Returns:
            One row an account.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.github.installations()["username"].to_list()
            ['juniper-goods', 'marlow-ashdown']
        """

    @operation("InstallGithubApp", "POST /v1/app-installations/github", failures="400 401 403 404 409 500")
    def install_app(self, *, code: str, installation_id: int) -> str:
        """Finish connecting a GitHub account, with the code and installation id that the browser came back with.

        Args:
            code: The code of the browser's address.
            installation_id: The installation id of the browser's address.

        Raises:
            Invalid: The code was used already, or is another account's.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.github.install_app(code="1f0c7a", installation_id=51902266)
            Traceback (most recent call last):
                ...
            createos_nb.errors.Invalid: InstallGithubApp: code: invalid or used already ...
        """

    @operation(
        "ListGithubRepositories",
        "GET /v1/app-installations/github/accounts/{installation_id}/repositories",
        answer=Rows(GithubRepository),
        failures="400 401 404 500",
    )
    def repositories(self, installation: InstallationRef) -> pd.DataFrame:
        """Repositories that an account has granted, one row each.

        Returns:
            One row a repository.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.github.repositories("juniper-goods")[["full_name", "default_branch"]]
                              full_name default_branch
            0  juniper-goods/storefront           main
            1    juniper-goods/services           main
            2      juniper-goods/design           main
        """

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
        """Branches of a repository (`owner/name`), one row each.

        Args:
            repository: Owner and name, such as "juniper-goods/storefront".

        Returns:
            One row a branch.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.github.branches("juniper-goods", repository="juniper-goods/storefront")["name"].to_list()
            ['develop', 'feature/gift-cards', 'fix/cart-rounding', 'main', 'release', 'staging']
        """

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
        """Files and folders of a repository at a branch, one row each.

        `attrs["complete"]` is False when the answer was cut short.

        Args:
            repository: Owner and name, such as "juniper-goods/storefront".
            branch: A branch of the repository.
            tree_sha: A folder's hash, from an earlier answer; by default the repository's root.

        Returns:
            One row a file or folder.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.github.content("juniper-goods", repository="juniper-goods/storefront", branch="main").head(3)
                    path  type  size                                       sha
            0  README.md  blob  8900  7f4fa11f78c633e18f0386029e7b548681e5090f
            1        app  tree  <NA>  c44a6aa834a880b638636d3653cb936c72e0ffa4
            2    app/api  tree  <NA>  087151bf893f390fa3a925efa0ebdbf9c098b8f2
        """
