"""The account: whose key this is, and what it may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from createos_nb.contract.operation import Record
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Created, Row, Text, Time, Updated, Whole, about

if TYPE_CHECKING:
    import pandas as pd


class User(Row):
    """A user of the platform."""

    id: Annotated[Text, about("id")] = None
    email: Annotated[Text, about("address of the user")] = None
    username: Annotated[Text, about("name at login")] = None
    display_name: Annotated[Text, about("name for people")] = None
    profile_image_path: Annotated[Text, about("picture of the user")] = None
    suspended_at: Annotated[Time, about("when the account was suspended", unit="UTC")] = None
    created_at: Created = None
    updated_at: Updated = None


class Quota(Row):
    """A limit of an account."""

    current: Annotated[Whole, about("in use (the documentation says used)")] = None
    max: Annotated[Whole, about("allowed (the documentation says limit)")] = None
    remaining: Annotated[Whole, about("left")] = None


class Quotas(Row):
    """Used and allowed counts."""

    projects: Quota | None = None
    api_keys: Quota | None = None


class Account(Resource):
    """Whose key this is, and what the account may use."""

    name = "account"

    @operation("GetCurrentUser", "GET /v1/users/me", answer=Record(User), failures="401 403 500")
    def current_user(self) -> pd.Series:
        """The user whose key this is.

        Returns:
            id, e-mail address, name and times of the account.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.account.current_user()["email"]
            'marlow@juniper-goods.example.com'
        """

    @operation("GetQuotas", "GET /v1/quotas", answer=Record(Quotas), failures="401 403 500")
    def quotas(self) -> pd.Series:
        """Used, allowed and remaining counts of projects and API keys.

        Returns:
            One figure a label, such as `projects_remaining`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.account.quotas().head(3)
            projects_current       8
            projects_max          20
            projects_remaining    12
            dtype: object
        """
