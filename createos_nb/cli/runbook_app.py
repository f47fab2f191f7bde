"""A command for each runbook, made from its signature: of `plan` and of `apply`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from cyclopts import App, Group, Parameter

from createos_nb.cli.commands import COMMANDS, NAME, epilogue
from createos_nb.cli.options import FOR_PEOPLE, HERE, Form, Place, Time
from createos_nb.cli.runbook_arguments import Argument, arguments_of
from createos_nb.errors import InvalidInput
from createos_nb.recipes.all_runbooks import find_runbooks

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.plans.plan import Plan

_APPLYING: Final = Group("Applying", sort_key=15)


@Parameter(name="*", group=_APPLYING)
@dataclass(frozen=True)
class Confirmation:
    """What confirms a plan: what was seen, and why it is applied.

    Attributes:
        confirm: the digest that was reviewed.
        reason: why, which the journal keeps.
        irreversible: the typed name of what is destroyed or given away.
        override_freeze: why it can't wait for the end of a freeze.
        timeout: how long each wait may take.
        secrets: where to write what the platform shows once.

    Examples:
        >>> from createos_nb.cli.runbook_app import Confirmation
        >>> Confirmation(confirm="0123456789ab").reason is None
        True
    """

    confirm: Annotated[
        str | None, Parameter(metavar="DIGEST", help="the digest that createos-nb plan has shown; another is refused")
    ] = None
    reason: Annotated[
        str | None, Parameter(metavar="TEXT", help="why: the journal keeps it; needed where users are reached")
    ] = None
    irreversible: Annotated[
        str | None,
        Parameter(
            metavar="NAME", help="for a plan that can't be undone: type the name that it asks for, beside --confirm"
        ),
    ] = None
    override_freeze: Annotated[
        str | None, Parameter(metavar="TEXT", help="why it can't wait for the end of a freeze: the journal keeps it")
    ] = None
    timeout: Annotated[
        Time | None,
        Parameter(help="how long each wait may take (default: 15min for a deployment, 5min for all else)"),
    ] = None
    secrets: Annotated[
        Path | None,
        Parameter(
            metavar="FILE",
            help="write what the platform shows once, such as the token of a transfer, into this new file, which only "
            "you can read",
        ),
    ] = None


UNCONFIRMED: Final = Confirmation()


class Call(NamedTuple):
    """A runbook that is called from the command line.

    Attributes:
        words: Its name and arguments, as they are typed; a secret is never in them.
        make: Makes the plan.
    """

    words: list[str]
    make: Callable[[Client], Plan]


#: What a command does with a call.
Act = Callable[[Call, Place, Form, Confirmation], int]


def make_runbook_app(name: str, act: Act, *, confirms: bool) -> App:
    """Return the app of a command that has a command for each runbook.

    Args:
        name: The command's name.
        act: What it does with the call of a runbook.
        confirms: Whether it takes a confirmation.

    Returns:
        The app.

    Examples:
        >>> from createos_nb.cli import main
        >>> main(["plan", "scale", "--help"])
        Usage: createos-nb plan scale PROJECT ENVIRONMENT [OPTIONS]
        ...
        0
    """
    command = next(one for one in COMMANDS if one.name == name)
    usage = f"Usage: {NAME} {name} RUNBOOK [OPTIONS]"
    app = App(name=name, help=command.help, usage=usage, help_epilogue=epilogue(command), help_flags=["--help", "-h"])
    runbooks = Group("Runbooks", sort_key=0)
    for runbook, function in sorted(find_runbooks().items()):
        try:
            arguments = arguments_of(function)
        except InvalidInput:
            continue  # it takes what nobody can type
        typed = runbook.replace("_", "-")
        needed = [argument.name.upper() for argument in arguments.values() if argument.positional and argument.required]
        needed += [f"[{one.name.upper()}]" for one in arguments.values() if one.positional and not one.required]
        needed += [f"--{one.option} …" for one in arguments.values() if one.required and not one.positional]
        app.command(
            _command(runbook, function, arguments, act, confirms=confirms),
            name=typed,
            group=runbooks,
            usage=" ".join(["Usage:", NAME, name, typed, *needed, "[OPTIONS]"]),
            help_epilogue="",
        )
    return app


def _command(
    name: str, runbook: Callable[..., Plan], arguments: Mapping[str, Argument], act: Act, *, confirms: bool
) -> Callable[..., int]:
    own = {"place": (Place, HERE), "form": (Form, FOR_PEOPLE)} | (
        {"confirmation": (Confirmation, UNCONFIRMED)} if confirms else {}
    )
    ordered = sorted(arguments.values(), key=lambda one: (not one.positional, one.positional and not one.required))
    parameters = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD if one.positional else inspect.Parameter.KEYWORD_ONLY,
            default=one.default,
            annotation=one.annotation,
        )
        for one in ordered
    ]
    parameters += [
        inspect.Parameter(f"its_{key}", inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for key, (kind, default) in own.items()
    ]
    signature = inspect.Signature(parameters, return_annotation=int)

    def command(*positional: Any, **named: Any) -> int:
        bound = signature.bind(*positional, **named)
        bound.apply_defaults()
        given = {key: bound.arguments[key] for key in arguments}
        words = [name.replace("_", "-")]
        for key, argument in arguments.items():
            words += argument.words(given[key])

        def make(client: Client) -> Plan:
            values = {key: arguments[key].read(value) for key, value in given.items() if value is not None}
            return runbook(client, **values)

        place, form = bound.arguments["its_place"], bound.arguments["its_form"]
        return act(Call(words, make), place, form, bound.arguments.get("its_confirmation", UNCONFIRMED))

    command.__doc__, command.__name__, command.__module__ = inspect.getdoc(runbook), name, __name__
    command.__signature__ = signature  # type: ignore[attr-defined]  # what inspect.signature looks for
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command
