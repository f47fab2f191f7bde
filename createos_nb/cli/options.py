"""Options that many commands share: which account or world, and in which form a table is printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Group, Parameter

from createos_nb.cli import names
from createos_nb.cli.current_client import current
from createos_nb.client.connect.live import LIVE, live_profile
from createos_nb.errors import InvalidInput

if TYPE_CHECKING:
    from createos_nb.client.client import Client

_ACCOUNT: Final = Group("Account", sort_key=20)
_FORM: Final = Group("Output", sort_key=30)

#: Positional names, completed from what was read last.
Project = Annotated[str, Parameter(completer=names.complete_projects)]
Environment = Annotated[str, Parameter(completer=names.complete_environments)]
#: A switch without its opposite.
Flag = Annotated[bool, Parameter(negative="", show_default=False)]
#: A time or duration, which may begin with a minus.
Time = Annotated[str, Parameter(metavar="TIME", allow_leading_hyphen=True)]


@Parameter(name="*", group=_ACCOUNT)
@dataclass(frozen=True)
class Place:
    """Which account or simulated world a command works on.

    Attributes:
        scenario: a simulated world, made anew by this command.
        profile: a profile of the config file.
        world: either, as notebooks name it, or the address of a served world.

    Examples:
        >>> from createos_nb.cli.options import Place
        >>> Place(scenario="bad-release").target, Place(profile="work").target, Place().target
        ('bad-release', 'live:work', 'live')
    """

    scenario: Annotated[
        str | None,
        Parameter(
            metavar="NAME",
            completer=names.complete_scenarios,
            help="on a simulated world, which is made anew by each command and ends with it",
        ),
    ] = None
    profile: Annotated[
        str | None,
        Parameter(
            metavar="NAME",
            completer=names.complete_profiles,
            help="on the account of that profile (default: the account that a key is found for)",
        ),
    ] = None
    world: Annotated[
        str | None,
        Parameter(
            metavar="NAME",
            completer=names.complete_scenarios,
            help="the same in one word: live, live:PROFILE, a scenario, or the address of a world that is served "
            "with --control",
        ),
    ] = None

    @property
    def target(self) -> str:
        """Return what `createos_nb.open_account` takes.

        Returns:
            "live", "live:PROFILE", the name of a scenario, or an address.

        Raises:
            InvalidInput: More than one is given.

        Examples:
            >>> from createos_nb.cli.options import Place
            >>> Place(world="live").target
            'live'
        """
        given = {
            name: value
            for name, value in (("--scenario", self.scenario), ("--profile", self.profile), ("--world", self.world))
            if value is not None
        }
        if len(given) > 1:
            raise InvalidInput(f"give one of {' and '.join(given)}: a command works on one account")
        if self.scenario is not None:
            if not self.scenario.strip() or live_profile(self.scenario) is not None:
                raise InvalidInput("--scenario takes the name of a simulated world, such as bad-release")
            return self.scenario
        if self.profile is not None:
            if not self.profile.strip():
                raise InvalidInput("--profile takes the name of a profile of the config file")
            return f"{LIVE}:{self.profile}"
        return self.world or LIVE

    @property
    def words(self) -> list[str]:
        """Return the options that name it again.

        Returns:
            What follows a command; nothing for the account that a key is found for.

        Examples:
            >>> from createos_nb.cli.options import Place
            >>> Place(scenario="bad-release").words
            ['--scenario', 'bad-release']
        """
        given = (("--scenario", self.scenario), ("--profile", self.profile), ("--world", self.world))
        return [word for option, value in given if value is not None for word in (option, value)]


@Parameter(name="*", group=_FORM)
@dataclass(frozen=True)
class Form:
    """In which form a table is printed: for people, as JSON, or as CSV.

    Attributes:
        json: as JSON.
        csv: as CSV.

    Raises:
        InvalidInput: Both are asked for.

    Examples:
        >>> from createos_nb.cli.options import Form
        >>> Form(json=True).plain
        False
    """

    json: Annotated[
        bool, Parameter(negative="", show_default=False, help='as JSON: {"schema", "complete", "rows"}')
    ] = False
    csv: Annotated[bool, Parameter(negative="", show_default=False, help="as CSV, with a line of names first")] = False

    def __post_init__(self) -> None:
        if self.json and self.csv:
            raise InvalidInput("give --json or --csv, not both")

    @property
    def plain(self) -> bool:
        """Whether it is for people."""
        return not (self.json or self.csv)


#: Where nothing is said.
HERE: Final = Place()
FOR_PEOPLE: Final = Form()


@contextmanager
def opened(place: Place, *, read_only: bool = True) -> Iterator[Client]:
    """Open the account or world of a command; the names that it reads are kept for completion.

    Args:
        place: Which one.
        read_only: Refuse every operation that changes something.

    Yields:
        The client, closed after the block; in a notebook the one that is open there, if no account is named.

    Raises:
        InvalidInput: There is no such world.
        ConfigurationError: No key is found.

    Examples:
        >>> from createos_nb.cli.options import Place, opened
        >>> with opened(Place(scenario="bad-release")) as client:
        ...     client.simulated
        True
    """
    from createos_nb.client.connect.open_account import open_account

    target = place.target
    open_one = current()
    if open_one is not None and place == HERE:
        yield open_one
        return
    with open_account(target, read_only=read_only) as client:
        try:
            yield client
        finally:
            names.remember(client, target)
