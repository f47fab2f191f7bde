"""What the address of a page says: the environment that is chosen, and how it is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

#: Longer names are of no account.
_LONGEST: Final = 200
#: What a page can show.
PAGES: Final = ("fleet", "changes")


@dataclass(frozen=True)
class Address:
    """What a page shows.

    Attributes:
        project: the chosen one, "" for none.
        environment: the chosen one; "" means the first of the project.
        view: what it is opened as, such as "logs", "" for not at all.
        page: "fleet", or "changes" for the journal.
    """

    project: str = ""
    environment: str = ""
    view: str = ""
    page: str = "fleet"

    @classmethod
    def read(cls, values: Any) -> Address:
        """Return the address of a query; what makes no sense in it is left out.

        Args:
            values: names and values, as a browser sends them.

        Returns:
            The address.

        Examples:
            >>> from createos_nb.dashboard.address import Address
            >>> Address.read({"project": "storefront", "view": "roll-back", "page": 7})
            Address(project='storefront', environment='', view='roll-back', page='fleet')
        """
        given = values if isinstance(values, Mapping) else {}

        def text(name: str) -> str:
            value = given.get(name, "")
            return value if isinstance(value, str) and len(value) <= _LONGEST else ""

        project = text("project")
        page = text("page")
        return cls(
            project,
            text("environment") if project else "",
            text("view") if project else "",
            page if page in PAGES else PAGES[0],
        )

    def query(self) -> dict[str, str]:
        """Return what stands in the query of the page: nothing that goes without saying.

        Returns:
            Names and values.

        Examples:
            >>> from createos_nb.dashboard.address import Address
            >>> Address("storefront", "production", "logs").query()
            {'project': 'storefront', 'environment': 'production', 'view': 'logs'}
        """
        values = {name: value for name, value in asdict(self).items() if value}
        if self.page == PAGES[0]:
            del values["page"]
        return values


def slug(view: str) -> str:
    """Return the name of a view as it stands in an address.

    Args:
        view: What the fleet's panel calls it.

    Returns:
        The name.

    Examples:
        >>> from createos_nb.dashboard.address import slug
        >>> slug("roll back")
        'roll-back'
    """
    return view.strip().lower().replace(" ", "-")
