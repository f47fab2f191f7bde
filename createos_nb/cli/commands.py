"""What commands there are, and the help that lists them: nothing is loaded for it."""

from __future__ import annotations

import shutil
import textwrap
from typing import Final, NamedTuple

from createos_nb.cli.exit_codes import DETAILS

NAME: Final = "createos-nb"
DESCRIPTION: Final = "CreateOS from a terminal: what needs a whole fleet, a memory or a judgement."
_WIDTH: Final = 100
_WIDEST: Final = 120


class Command(NamedTuple):
    """A command.

    Attributes:
        name: What is typed.
        target: The module and the function, or the app of it.
        help: The first line of the function's docstring.
        group: The heading that it stands below.
        examples: What follows its name, each with what it is for.
        arguments: What its usage names beside options.
    """

    name: str
    target: str
    help: str
    group: str
    examples: tuple[tuple[str, str], ...] = ()
    arguments: str = ""


_LOOK, _CHANGE, _KEEP = "Look", "Change", "Watch and keep"
_NOTEBOOKS, _ACCOUNT, _SIMULATOR, _AGENTS = "Notebooks", "Account and shell", "Simulator", "Agents"
COMMANDS: Final = (
    Command(
        "status",
        "createos_nb.cli.status:status",
        "Say what runs where, how it does, and why, those in trouble first.",
        _LOOK,
        (
            ("", "the whole account"),
            ("storefront production", "one environment"),
            ("--scenario bad-release --json", "a simulated world, for a program"),
        ),
        arguments="[PROJECT [ENVIRONMENT]]",
    ),
    Command(
        "logs",
        "createos_nb.cli.logs:logs",
        "Read the runtime logs of an environment, a project or the account, searched.",
        _LOOK,
        (
            ("storefront production --level ERROR --since 1h", "errors of the last hour"),
            ("storefront production -f --search timeout", "as lines are written"),
            ("--search 're:5[0-9]{2}' --since 10min", "of the whole account"),
        ),
        arguments="[PROJECT [ENVIRONMENT]]",
    ),
    Command(
        "diagnose",
        "createos_nb.cli.diagnose:diagnose",
        "Say what is wrong with an environment, a project's builds or the account, and why.",
        _LOOK,
        (("storefront production", "an environment"), ("storefront", "its builds and domains")),
        arguments="[PROJECT [ENVIRONMENT]]",
    ),
    Command(
        "verdict",
        "createos_nb.cli.verdict:verdict",
        "Judge whether a new version is as healthy as the old one.",
        _LOOK,
        (
            ("storefront/blue storefront/green", "two environments at the same time"),
            ("before storefront/production --since 40min", "one environment, before and since a release"),
        ),
        arguments="OLD NEW",
    ),
    Command(
        "slo",
        "createos_nb.cli.slo:slo",
        "Say how environments stand against a service level objective.",
        _LOOK,
        (("storefront production --target 99.9", "one environment"), ("--window 7d", "the whole account")),
        arguments="[PROJECT [ENVIRONMENT]]",
    ),
    Command(
        "plan",
        "createos_nb.cli.plan:plan",
        "Plan a change with a runbook: show what it would do, and the digest; nothing is changed.",
        _CHANGE,
        (("", "lists the runbooks"), ("rollback storefront production", "the plan, and its digest")),
    ),
    Command(
        "apply",
        "createos_nb.cli.apply:apply",
        "Plan a change anew, and apply it if its digest is the one that was reviewed.",
        _CHANGE,
        (("rollback storefront production --confirm DIGEST --reason 'checkout fails'", "after createos-nb plan"),),
    ),
    Command(
        "undo",
        "createos_nb.cli.undo:undo",
        "Plan the undo of a run, and apply it if its digest is confirmed.",
        _CHANGE,
        (("last", "the plan that undoes the newest run"), ("last --confirm DIGEST --reason 'it was no help'", "")),
        arguments="RUN",
    ),
    Command(
        "verify",
        "createos_nb.cli.verify:verify",
        "Say whether what a run has changed was verified, and is still so, read now.",
        _CHANGE,
        (("last", "the newest run"),),
        arguments="RUN",
    ),
    Command(
        "runs",
        "createos_nb.cli.runs:runs",
        "List what was applied from this machine: when, what, why, by whom.",
        _CHANGE,
    ),
    Command(
        "watch",
        "createos_nb.cli.watch:watch",
        "Watch an account: print, and tell people of, each alert once, with its end.",
        _KEEP,
    ),
    Command(
        "check",
        "createos_nb.cli.check:check",
        "Say which of the documentation's best practices are held, which are broken, and what mends them.",
        _KEEP,
    ),
    Command(
        "sync",
        "createos_nb.cli.sync:sync",
        "Keep what is new of an account in its history, from cron or a scheduled workflow.",
        _KEEP,
        arguments="[PATH]",
    ),
    Command(
        "export-metrics",
        "createos_nb.cli.export_metrics:export_metrics",
        "Give the fleet's metrics to Prometheus (standard output, a textfile, a port) or OpenTelemetry.",
        _KEEP,
        arguments="[PROJECT …]",
    ),
    Command(
        "sql",
        "createos_nb.cli.sql:sql",
        "Query the history of an account with SQL.",
        _KEEP,
        (
            ("'show tables'", "what there is"),
            ('"select project, sum(count) from requests group by all" --csv', "requests by project"),
        ),
        arguments="QUERY",
    ),
    Command(
        "run",
        "createos_nb.cli.run:run",
        "Run a notebook on its simulated world or on the platform; without a name, list the notebooks.",
        _NOTEBOOKS,
        (
            ("42_rollback", "on its simulated world"),
            ("42_rollback --live -p project=storefront -p environment=production -p reason='checkout fails'", ""),
        ),
        arguments="[NOTEBOOK]",
    ),
    Command(
        "dashboard",
        "createos_nb.cli.dashboard:dashboard",
        "Serve the fleet and its panels as a dashboard on this machine.",
        _NOTEBOOKS,
        (("", "on a simulated world"), ("--live work", "on the platform, by the profile work")),
    ),
    Command(
        "demo",
        "createos_nb.cli.demo:demo",
        "Run the tour on a simulated platform and write createos-tour.html here.",
        _NOTEBOOKS,
    ),
    Command(
        "learn",
        "createos_nb.cli.learn:learn",
        "Open the lessons in JupyterLab, in a folder of your own.",
        _NOTEBOOKS,
        (
            ("", "all of them, from the first"),
            ("05-rollback", "one"),
            ("--list", "what there is, and how far you are"),
            ("--nbgrader course", "as the source of assignments for nbgrader"),
        ),
        arguments="[LESSON]",
    ),
    Command("serve", "createos_nb.cli.serve:serve", "Serve a simulated platform on this machine.", _SIMULATOR),
    Command(
        "listen",
        "createos_nb.cli.listen:listen",
        "Receive webhooks on this machine, verify them, and append them to a file.",
        _SIMULATOR,
    ),
    Command(
        "mcp",
        "createos_nb.cli.mcp:mcp",
        "Serve the toolkit to an agent as MCP tools: it reads, and with --allow-changes applies plans.",
        _AGENTS,
        (
            ("", "on standard input and output, as agents start it"),
            ("--scenario bad-release --allow-changes", "a simulated world, to try an agent on"),
            ("--http --port 8770", "for agents that connect by themselves"),
        ),
    ),
    Command(
        "drill",
        "createos_nb.cli.drill:drill",
        "Let a program take drills, incidents to rehearse on simulated worlds, and grade it.",
        _AGENTS,
        (
            ("families", "lists the kinds of incidents"),
            ("run bad_release --seeds 1:5 --agent 'python my_agent.py'", "five problems of one kind"),
            ("run all --agent 'python my_agent.py' --jobs 2 --report report.md", "of every kind"),
        ),
    ),
    Command(
        "login",
        "createos_nb.cli.login:login",
        "Keep an API key: in a profile of the config file, or in the system's keyring.",
        _ACCOUNT,
    ),
    Command("whoami", "createos_nb.cli.whoami:whoami", "Say which account, key and address are used.", _ACCOUNT),
    Command(
        "completion",
        "createos_nb.cli.completion:completion",
        "Print what makes a shell complete commands, options, and names that were read.",
        _ACCOUNT,
        (
            ("bash > ~/.local/share/bash-completion/completions/createos-nb", ""),
            ("zsh > ~/.zfunc/_createos-nb", "a folder of fpath"),
            ("fish > ~/.config/fish/completions/createos-nb.fish", ""),
        ),
        arguments="bash|zsh|fish",
    ),
)


def epilogue(command: Command) -> str:
    """Return what stands below the help of a command.

    Args:
        command: The command.

    Returns:
        Its examples; "" without one.

    Examples:
        >>> from createos_nb.cli.commands import COMMANDS, epilogue
        >>> epilogue(COMMANDS[0]).splitlines()[:2]
        ['examples:', '  createos-nb status                                # the whole account']
    """
    lines = [(f"{NAME} {command.name} {words}".rstrip(), meaning) for words, meaning in command.examples]
    width = max((len(line) for line, meaning in lines if meaning), default=0)
    texts = [f"  {line:<{width}}  # {meaning}" if meaning else f"  {line}" for line, meaning in lines]
    examples = "\n".join(["examples:", *texts]) if texts else ""
    # how a notebook ends is the answer of many a script
    return f"{examples}\n\n{DETAILS}" if command.name == "run" else examples


def overview() -> str:
    """Return the help that lists all commands.

    Returns:
        The page, as wide as the terminal, at most 120 columns.

    Examples:
        >>> from createos_nb.cli.commands import overview
        >>> overview().splitlines()[0]
        'Usage: createos-nb COMMAND'
    """
    width = page_width()
    lines = [f"Usage: {NAME} COMMAND", "", *textwrap.wrap(DESCRIPTION, width)]
    for group in dict.fromkeys(command.group for command in COMMANDS):
        own = [command for command in COMMANDS if command.group == group]
        indent = max(len(command.name) for command in own) + 4
        lines += ["", f"{group}:"]
        for command in own:
            first = f"  {command.name:<{indent - 2}}"
            lines += textwrap.wrap(
                f"{first}{command.help}", width, subsequent_indent=" " * indent, drop_whitespace=True
            )
    lines += ["", f"{NAME} COMMAND --help says more of each; {NAME} --version says which version this is.", ""]
    return "\n".join(lines) + f"\n{DETAILS}"


def page_width() -> int:
    """Return how wide a page of help is.

    Returns:
        Columns: those of the terminal, at most 120.

    Examples:
        >>> from createos_nb.cli.commands import page_width
        >>> page_width() <= 120
        True
    """
    return min(shutil.get_terminal_size((_WIDTH, 24)).columns, _WIDEST)
