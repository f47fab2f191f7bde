"""Webhooks as a client offers them: also the deliveries of an endpoint as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from createos_nb import contract
from createos_nb.contract.webhooks import WebhookDelivery
from createos_nb.frames import Builder
from createos_nb.frames.read import unexpected_payload

if TYPE_CHECKING:
    import pandas as pd

    from createos_nb.client.session import Session


class Webhooks(contract.Webhooks):
    """Addresses that are told of events by a signed POST, and their deliveries."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.execute)
        self._session = session

    def deliveries(self, webhook_endpoint: str) -> pd.DataFrame:
        """Return the recent deliveries of an endpoint, newest first: what was sent, how often, and why it failed.

        How many the platform keeps is not documented; the simulator keeps a hundred that are over, and all that are
        still to be made. The words of `status` are the platform's own; the simulator's are pending, delivered, failed.

        Args:
            webhook_endpoint: An endpoint: its address or id.

        Returns:
            One row a delivery; times in UTC; `payload` is what was sent, as decoded JSON.

        Raises:
            UnknownName: No endpoint has that address; the message lists those there are.

        Examples:
            >>> client = createos_nb.simulate()
            >>> url = "https://hooks.example.com/createos"
            >>> _ = client.webhooks.create(url=url, events=["deployment.assign"])
            >>> _ = client.environments.assign_deployment("storefront", "staging", deployment=17)
            >>> client.webhooks.deliveries(url)[["event_action", "status", "attempts"]]
                    event_action   status  attempts
            0  deployment.assign  pending         0
        """
        operation = contract.find("GetWebhookEndpoint")
        arguments = {"webhook_endpoint": webhook_endpoint}

        def run(values: Mapping[str, Any]) -> pd.DataFrame:
            payload = self._session.call(operation.name, values)
            rows = payload.get("deliveries") if isinstance(payload, dict) else payload
            if rows is not None and not isinstance(rows, list):
                raise unexpected_payload(operation, "an array of deliveries", rows)
            builder = Builder(WebhookDelivery)
            builder.add_raw(rows or [])
            return self._session.with_attrs(builder.frame(), operation, arguments)

        return self._session.with_ids(operation, arguments, run)
