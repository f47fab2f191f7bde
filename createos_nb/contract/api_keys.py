"""API keys: what opens this API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from createos_nb.contract.operation import UNSET, Record, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Availability, Created, Row, Text, Time, Updated, UserId, about
from createos_nb.contract.types import ApiKeyRef, Expiry, KeyName, PlainDescription

if TYPE_CHECKING:
    import pandas as pd


class ApiKey(Row):
    """An API key, without its secret."""

    id: Annotated[Text, about("id")] = None
    name: Annotated[Text, about("its name")] = None
    description: Annotated[Text, about("what it is for")] = None
    expired_at: Annotated[Time, about("when it ends or ended", unit="UTC")] = None
    revoked_at: Annotated[Time, about("when it was revoked", unit="UTC")] = None
    user_id: UserId = None
    created_at: Created = None
    updated_at: Updated = None


class NewKey(Row):
    """A new key, the only time that its secret is given."""

    id: Annotated[Text, about("id")] = None
    secret: Annotated[Text, about("the key itself: masked, `.reveal()` gives it")] = None


class ApiKeys(Resource):
    """Keys that open this API: make, rename, revoke."""

    name = "api_keys"

    @operation("ListAPIKeys", "GET /v1/api-keys", answer=Rows(ApiKey), failures="401 404 500")
    def list(self) -> pd.DataFrame:
        """API keys without their secrets, one row each.

        Returns:
            One row a key; times in UTC.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.api_keys.list()[["name", "expired_at"]].head(2)
                         name                expired_at
            0       notebooks 2026-12-27 09:00:00+00:00
            1  ci-deployments 2026-03-07 09:00:00+00:00
        """

    @operation("CreateAPIKey", "POST /v1/api-keys", answer=Record(NewKey), success=201, failures="400 401 500")
    def create(self, *, name: KeyName, expiry_at: Expiry, description: PlainDescription | None = UNSET) -> pd.Series:
        """Make a key; its secret is in this answer and in no later one.

        The secret is masked: `.reveal()` gives it.

        Returns:
            `id` and the masked secret of the key.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.api_keys.create(name="dashboard", expiry_at="+90d")
            id        d4d42070-bef8-4147-80b1-2df0e7c8dd0f
            secret                                  ••••••
            dtype: object
        """

    @operation("UpdateAPIKey", "PUT /v1/api-keys/{api_key_id}", failures="400 401 404 500")
    def update(self, api_key: ApiKeyRef, *, name: KeyName, description: PlainDescription | None = UNSET) -> str:
        """Rename or describe a key.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.api_keys.update("status-board", name="office-board")
            >>> client.api_keys.list()["name"].to_list()
            ['notebooks', 'ci-deployments', 'office-board', 'old-laptop']
        """

    @operation("RevokeAPIKey", "DELETE /v1/api-keys/{api_key_id}", failures="400 401 404 500")
    def revoke(self, api_key: ApiKeyRef) -> str:
        """Revoke a key; it stops working and can't be brought back.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.api_keys.revoke("ci-deployments")
            'API key revoked successfully'
        """

    @operation(
        "CheckAPIKeyUniqueName",
        "POST /v1/api-keys/available-unique-name",
        effect="read",
        answer=Record(Availability),
        failures="400 401 500",
    )
    def check_unique_name(self, *, unique_name: KeyName) -> pd.Series:
        """Ask whether the name of a key is free.

        Returns:
            `is_available`.

        Examples:
            >>> client = createos_nb.simulate()
            >>> bool(client.api_keys.check_unique_name(unique_name="notebooks")["is_available"])
            False
        """
