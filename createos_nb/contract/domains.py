"""Domains: host names of one's own, routed to environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from createos_nb.contract.operation import UNSET, Omittable, Record, Rows
from createos_nb.contract.resource import Resource, operation
from createos_nb.contract.row import Created, Made, ProjectId, Row, Text, Time, Updated, Whole, about
from createos_nb.contract.types import DomainRef, EnvironmentRef, HostName, ProjectRef
from createos_nb.naming import DOMAIN_STATES

if TYPE_CHECKING:
    import pandas as pd


class DnsRecords(Row, rename=None):
    """The DNS records that the owner of the domain has to set; the wire writes these two names in snake_case."""

    txt_records: Annotated[
        list[dict[str, Any]] | None, about("TXT records to set: name, relative to the domain, and value")
    ] = None
    a_records: Annotated[list[str] | None, about("addresses to set as A records of the domain itself (@)")] = None


class Domain(Row):
    """A host name of one's own."""

    id: Annotated[Text, about("id")] = None
    project_id: ProjectId = None
    name: Annotated[Text, about("the host name")] = None
    status: Annotated[Text, about("status on the wire", states=DOMAIN_STATES)] = None
    environment_id: Annotated[Text, about("id of the environment that it is routed to")] = None
    records: DnsRecords | None = None
    message: Annotated[Text, about("what the platform says of its state")] = None
    failed_verification_count: Annotated[Whole, about("failed DNS checks so far", unit="checks")] = None
    last_failed_verified_at: Annotated[Time, about("when a DNS check last failed", unit="UTC")] = None
    domain_certificate_id: Annotated[Text, about("id of its TLS certificate")] = None
    created_at: Created = None
    updated_at: Updated = None
    deleting_at: Annotated[Time, about("when its deletion began", unit="UTC")] = None


class Domains(Resource):
    """Host names of one's own, each routed to one environment or to none."""

    name = "domains"

    @operation(
        "ListDomains",
        "GET /v1/projects/{project_id}/domains",
        answer=Rows(Domain),
        failures="400 401 403 404 422 500",
    )
    def list(self, project: ProjectRef) -> pd.DataFrame:
        """Domains of a project, one row each, with the DNS records to set.

        Returns:
            One row a domain; `createos_nb.columns("domains.list")` says what each column means.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.domains.list("storefront")[["name", "state"]]
                                              name    state
            0        www.juniper-goods.example.com   active
            1    staging.juniper-goods.example.com   active
            2  wholesale.juniper-goods.example.com   active
            3            juniper-gifts.example.org    error
            4       shop.juniper-goods.example.net  pending
        """

    @operation(
        "CreateDomain",
        "POST /v1/projects/{project_id}/domains",
        answer=Record(Made),
        success=201,
        failures="400 401 403 404 422 500",
    )
    def create(self, project: ProjectRef, *, name: HostName, environment: EnvironmentRef | None = UNSET) -> pd.Series:
        """Attach a domain; it is pending until its DNS record is found.

        Returns:
            `id` of the domain.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.domains.create("orders-api", name="api.juniper-goods.example.com", environment="production")
            >>> client.domains.list("orders-api").set_index("name")["state"]
            name
            orders.juniper-goods.example.com     active
            api.juniper-goods.example.com       pending
            Name: state, dtype: str
        """

    @operation(
        "RefreshDomain",
        "POST /v1/projects/{project_id}/domains/{domain_id}/refresh",
        failures="400 401 403 404 422 500",
    )
    def refresh(self, project: ProjectRef, domain: DomainRef) -> str:
        """Have the DNS records of a pending domain looked for; what is found shows in its row later.

        `verify` waits for it.

        Examples:
            >>> client = createos_nb.simulate()
            >>> client.domains.refresh("storefront", "shop.juniper-goods.example.net")
            'domain is being refreshed'
        """

    @operation(
        "UpdateDomainEnvironment",
        "PUT /v1/projects/{project_id}/domains/{domain_id}/environment",
        failures="400 401 403 404 422 500",
    )
    def update_environment(
        self, project: ProjectRef, domain: DomainRef, *, environment: Annotated[EnvironmentRef | None, Omittable()]
    ) -> str:
        """Route an active domain to an environment that has a deployment, or to none (null).

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.domains.update_environment("storefront", "www.juniper-goods.example.com", environment="blue")
            >>> client.environments.get("storefront", "blue")["extra_custom_domains"]
            ['www.juniper-goods.example.com', 'wholesale.juniper-goods.example.com']
        """

    @operation(
        "DeleteDomain",
        "DELETE /v1/projects/{project_id}/domains/{domain_id}",
        failures="400 401 403 404 422 500",
    )
    def delete(self, project: ProjectRef, domain: DomainRef) -> str:
        """Detach a domain.

        Examples:
            >>> client = createos_nb.simulate()
            >>> _ = client.domains.delete("storefront", "juniper-gifts.example.org")
            >>> len(client.domains.list("storefront"))
            5
        """
