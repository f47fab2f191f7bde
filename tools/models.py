"""The models of a simulated world as a page: each with its parameters, defaults, limits and units, made from the code.

python -m tools.models      write data/models.md
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from inspect import cleandoc
from textwrap import wrap
from typing import Any, Final

import msgspec

from createos_nb.contract.creation import SOURCE
from createos_nb.data_files import folder
from createos_nb.simulator.http.mcp_project import TOOL
from createos_nb.simulator.platform.cronjobs import TIMEOUT as RUN_TIMEOUT
from createos_nb.simulator.settings import DURATIONS, WorldSettings
from createos_nb.simulator.traffic import (
    Behavior,
    Bot,
    BuildBehavior,
    Call,
    Failing,
    Incident,
    Page,
    Profile,
    Scheduled,
)
from createos_nb.simulator.traffic.build_logs import LONGEST_BUILD
from createos_nb.simulator.traffic.process_events import BACK_OFF, FILLING, LONGEST_BACK_OFF, OUT_OF_ROTATION, STABLE
from createos_nb.simulator.traffic.runtime_logs import HEALTH_CHECK
from createos_nb.simulator.traffic.scheduled import PROMPT
from createos_nb.simulator.traffic.serving_state import ASLEEP, DOWN, NOTHING_LIVE, SLOWEST, THROTTLED, TIMEOUT
from createos_nb.simulator.traffic.shape import STEP
from createos_nb.simulator.traffic.timeline import INCIDENT_STEP

FILE: Final = "models.md"
UNITS: Final[dict[str, str]] = {
    "Profile.rpm": "requests/min",
    "Profile.utc_offset": "min",
    "Profile.growth": "share/week",
    "Profile.clients": "visitors",
    "Page.ms": "ms",
    "Page.size": "bytes",
    "Bot.rpm": "requests/min",
    "Bot.duty": "share of hours",
    "Failing.share": "share of requests",
    "Behavior.slow": "factor",
    "Behavior.boot": "s",
    "Behavior.slow_start": "s",
    "Behavior.slow_start_errors": "share of requests",
    "Behavior.crash_after": "s",
    "Behavior.memory": "MB",
    "Behavior.leak": "MB/h",
    "Behavior.memory_per_rpm": "MB min/request",
    "Behavior.cpu_ms": "ms of a core",
    "Incident.start": "Unix s",
    "Incident.end": "Unix s",
    "Incident.rate": "factor",
    "Incident.ramp": "s",
    "Incident.fade": "s",
    "Incident.slow": "factor",
    "Incident.stolen": "share of the CPU",
    "Scheduled.start": "Unix s",
    "Scheduled.end": "Unix s",
    "Call.start": "Unix s",
    "Call.end": "Unix s",
    "Call.timeout": "s",
    "Call.backoff": "s",
    "Call.max_backoff": "s",
    "Call.retry_budget": "retries/call",
    "BuildBehavior.queue": "s",
    "BuildBehavior.slow": "factor",
    "BuildBehavior.slow_dockerfile": "factor",
}
"""Units of parameters; what is not in here has none."""
_NAMED: Final = re.compile(r"^([a-z_]+(?:, [a-z_]+)*)(?: \([^)]*\))?: (.*)$")


def meanings(kind: type) -> dict[str, str]:
    """What each attribute of a class means, as its docstring says."""
    attributes = cleandoc(kind.__doc__ or "").partition("Attributes:\n")[2]
    lines = attributes.partition("\nExamples:\n")[0].splitlines()
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        match = _NAMED.match(line.strip()) if line.startswith("    ") and not line.startswith("     ") else None
        if match:
            # "projects, api_keys, apps, environments, drafts: …" is said of each of them.
            names = match[1].split(", ")
            found.update(dict.fromkeys(names, match[2]))
        elif line.strip():
            for name in names:
                found[name] += " " + line.strip()
    return found


def _shown(value: Any) -> str:
    if isinstance(value, tuple | list) and len(value) > 3:
        return f"{len(value)} of them"
    return f"`{value!r}`"


def _default(kind: type, name: str) -> str:
    one = next(one for one in fields(kind) if one.name == name)
    if one.default is not MISSING:
        return _shown(one.default)
    return _shown(one.default_factory()) if one.default_factory is not MISSING else "to be given"


def table(kind: type) -> list[str]:
    """The parameters of a model as rows of a table."""
    said, limits = meanings(kind), getattr(kind, "LIMITS", {})
    lines = ["| parameter | default | limits | unit | |", "| --- | --- | --- | --- | --- |"]
    for one in fields(kind):
        least, most = limits.get(one.name, (None, None))
        within = "" if least is None else f"{least:,} to {most:,}"
        unit = UNITS.get(f"{kind.__name__}.{one.name}", "")
        lines.append(f"| `{one.name}` | {_default(kind, one.name)} | {within} | {unit} | {said[one.name]} |")
    return [*lines, ""]


def _seconds(value: int) -> str:
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if value and not value % size:
            return f"{value // size} {name}"
    return f"{value} s"


def settings() -> list[str]:
    """The settings of a world as rows of a table."""
    said = meanings(WorldSettings)
    lines = ["| setting | default | least | |", "| --- | --- | --- | --- |"]
    for one in msgspec.structs.fields(WorldSettings):
        info = msgspec.inspect.type_info(one.type)
        least = getattr(info, "ge", "")
        shown = f"{one.default:,}" if isinstance(one.default, int) else _shown(one.default)
        if one.name in DURATIONS:
            shown = _seconds(one.default)
        lines.append(f"| `{one.name}` | {shown} | {least} | {said[one.name]} |")
    return [*lines, ""]


def markdown() -> str:
    """The whole page."""
    lines: list[str] = []
    for title, text, kinds in _MODELS:
        lines += [f"## {title}", "", *_filled(text), ""]
        for kind in kinds:
            if len(kinds) > 1:
                lines += [f"`{kind.__name__}`", ""]
            lines += table(kind)
    return "\n".join([*_filled(_HEAD), "", *lines, *_filled(_SETTINGS), "", *settings()])


def _filled(text: str) -> list[str]:
    """Paragraphs, each broken anew: figures in them have another length than their names."""
    found: list[str] = []
    for paragraph in cleandoc(text).split("\n\n"):
        found += [*wrap(paragraph, 120, break_on_hyphens=False, break_long_words=False), ""]
    return found[:-1]


_HEAD: Final = """
    # Models

    What a simulated world makes up, and how. Made from the code by `python -m tools.models`; a test
    holds this page against it, and shows for every parameter and setting that it has an effect and that its limits
    hold.

    Every figure and every log line of an environment comes from one set of requests, which is worked out from the
    seed for whatever window is asked for. A request belongs to one minute and one millisecond, has a method, a path,
    a status, a duration, a size, a client and a User-Agent. Counts are decided by whole numbers alone, so that the
    same seed gives the same bytes on every machine. What is done to a world at a time never changes what was before.

    Profiles, behaviors and sources stand in a scenario's file (`[profiles.NAME]`, `[behaviors.NAME]`,
    `[sources.NAME]`, `[[incidents]]`, `[[calls]]`), or are given to `world.traffic(…)`, `world.set_behavior(…)`,
    `world.push(…)`, `world.incident(…)` and `world.connect(…)`.
"""
_SETTINGS: Final = """
    ## Settings of a world

    `createos_nb.simulate("storefront", idle="30min")`, or `[settings]` in a scenario's file. Durations are whole
    seconds, or a text such as "15min". Rate limits are off unless they are set. The DNS record of a domain is found
    after `dns_delay` (on the platform: up to 48 h), where a scenario says nothing of that domain. A bucket of requests
    over time begins at a multiple of its width since 1970.
"""
_MODELS: Final[tuple[tuple[str, str, tuple[type, ...]], ...]] = (
    (
        "Who comes",
        f"""
        The mean of a minute is `rpm` × the hour of the day × the day of the week (both scaled so that the mean over a
        week is `rpm`; between full hours it is interpolated) × growth × (1 + slow noise + noise of days), never below
        a sixteenth of the shape. The slow noise is a first-order autoregression in steps of {STEP} minutes that
        begins anew a day before each day, so that a window in the middle of a year costs no more than one at its end.
        The number of requests in a minute is Poisson, around that mean times a gamma-like factor for the minute
        (`overdispersion`). They fall to the pages by their weights, and within the minute evenly. Durations and sizes
        have a long tail around the medians that a page names.

        A bot is one client with paths and a rate of its own; no load keeps it out.
        """,
        (Profile, Page, Bot),
    ),
    (
        "How a version behaves",
        f"""
        *Errors by path.* Each `Failing` takes its share of the requests of its paths that the ones before have left.

        *Slow start.* After each start of a process, and after waking, requests take four times as long, in quarters
        of `slow_start` falling to normal, and `slow_start_errors` of them get 503.

        *Leak and OOM.* The process grows by `leak` from `memory` up to the limit of the environment, complains at
        {FILLING[0]}, {FILLING[1]} and {FILLING[2]} % of the way, is killed (exit code 137) and started again. Each
        replica does so on its own; while one is dead, its share of the requests gets {DOWN} for {OUT_OF_ROTATION} s,
        then the others take over.

        *Crash loop.* A process that ends is started again after {BACK_OFF} s, then 2, 4, … times that, at most
        {LONGEST_BACK_OFF} s; after {STABLE // 60} minutes of running the waits begin anew. A deployment whose
        processes end within {STABLE // 60} minutes, by a crash or because they never fit into the memory, is
        `crashing` until it is mended; one that ran longer is only restarted, and stays `deployed`. Meanwhile requests
        get {DOWN}. All replicas of a version crash together. The logs stay.

        *Wrong port.* Where `listens` is not the port of the settings, every request gets {DOWN} and a health check
        fails every {HEALTH_CHECK} s, until one of the two is mended.

        *Variables.* A push or an image may name variables that it `requires`, without which its process ends at its
        start, and the `values` with which it runs as it should; with others it behaves as `otherwise` says. What counts
        is what was set when the deployment was made.

        *CPU.* All replicas together do `replicas` × `cpu` / 1000 × 60,000 / `cpu_ms` requests a minute. Durations
        grow by 1 / (1 - load), at most {SLOWEST} times; what is beyond that gets {THROTTLED} after {TIMEOUT // 1000}
        s.

        *Memory under load.* (`limit` - `memory`) × `replicas` / `memory_per_rpm` requests a minute fit; what is
        beyond is lost with {DOWN}, and the log tells of the kill.
        """,
        (Behavior, Failing),
    ),
    (
        "Sleep and wake",
        f"""
        A deployment that nobody asked for during the setting `idle` falls asleep, to the second. Requests of every
        kind keep it awake: visitors, bots, cron jobs, the gateway's. While it sleeps, everybody gets {ASLEEP},
        whoever asks: only waking it (`deployments.wakeup`) wakes it. That takes the setting `waking`, during which it
        is still {ASLEEP}, with `Retry-After`; then comes the slow start. Where nothing is live at all, requests get
        {NOTHING_LIVE}.
        """,
        (),
    ),
    (
        "What comes from outside",
        f"""
        An incident changes the number of visitors (a crowd, a lost upstream), lets requests fail (a provider), slows
        all down, or takes CPU away (a neighbour). All environments that it reaches see the same ups and downs, in
        steps of {INCIDENT_STEP // 60} minutes. In a scenario's file it is given with times instead of Unix seconds,
        and with its environments.
        """,
        (Incident,),
    ),
    (
        "Projects that call each other",
        f"""
        A request that the program answers (not one that it or the gateway refuses) makes the calls of its page when
        it arrives, all of them at once. Each attempt is a request at the callee, with a path, a status, a duration,
        a size, the caller's own client and its User-Agent, on top of the visitors: the callee's requests by a
        caller are the caller's requests × `count` + retries, to the last one. The callee's page of that path and
        method says how long an answer takes; where there is none, {Page(path="/").ms} ms.

        An attempt fails by 5xx, by the {NOTHING_LIVE} of what is not deployed, or by `timeout`; any other answer is
        taken as it is. After `timeout` the caller goes away, and the callee does the work all the same: its log
        shows the answer that nobody waited for. A failed attempt is followed by another after `backoff`, then twice
        as long each time, at most `max_backoff`, less up to a half by chance, until `retries` are spent. Then the
        page fails with `status`, and its log names `host`. The page's own duration is its own work and the longest
        of its waits. So errors, waiting and load go on from call to call; a circle of calls is refused, also one
        that is closed by calls that have ended.

        What a request and its attempts come to is decided by what holds everywhere when it arrives: a retry some
        seconds later meets what was live then. So nothing that is done later reaches back. An attempt itself counts
        in the second in which it is made.

        *Load.* CPU and memory are loaded by the mean of the visitors and the calls of a minute: the visitors of all
        callers × the share that calls × `count` × (1 + f + f² + … for each retry), where f is the share of the
        attempts that failed in the minute before, and a retry budget is the most that is added. Bots and cron jobs
        make calls as visitors do, and their calls load nothing, as they themselves don't. Of a duration the mean's
        own spread counts, of what is waited for behind it the mean.

        *A storm of retries.* That share of the minute before is the only memory. Where a callee is at its limit,
        its answers come too late, the late ones are asked for again, and these keep it at its limit after what
        began it has passed: until fewer come, more replicas serve, or nobody retries. How it stood at the begin of
        a day follows from the days before. They are worked out with two bounds, as if nothing and as if everything
        had failed; where both come to the same, which they do in the first quiet hour, nothing before counts, and
        no more is looked at. So a window costs the same in the first week and in the last, unless a storm goes on
        for days. Everything is in whole numbers, and the same for every window.

        A request through the gateway makes its calls, too. Those of a replayed log make none. What calls is not
        authenticated, goes straight to the environment (no domain, no region between), and is not limited in number
        but by time-out and retries: connections and queues of the caller are not modelled.
        """,
        (Call,),
    ),
    (
        "Cron jobs",
        f"""
        A run of a job of type `http` is a request to its environment, sent within {PROMPT} ms after the minute that
        is due: it stands in the analytics and in the log like any other, with the User-Agent `createos-cron/1.0`, and
        keeps a deployment awake, and needs CPU and memory like any other (`cpu_ms`, `memory_per_rpm`). A run fails with
        4xx, 5xx and after `timeoutInSeconds` ({RUN_TIMEOUT} where none is set). Pauses, changes and deletions count
        from then on. A job of type `artifact` asks for nothing.
        """,
        (Scheduled,),
    ),
    (
        "Builds",
        f"""
        A build has stages (queue, clone or unpack, detect with Build AI, install, build, push, deploy), each with a
        median that runtime and framework decide and a spread of 20 %. Where the source and the project's settings
        don't fit, it fails in the stage where it would, and the last line says why: a repository that can't be read
        (a wrong repository id), a directory without the file that a build begins with (a monorepo), a private package
        whose token is missing in the buildVars (also where it stands among the runEnvs), a variable that only the
        build needs, a package that does not exist, an error in the code or in the Dockerfile, an app that does not
        answer on its port. After {LONGEST_BUILD // 60} minutes it is ended. Where the source says nothing of
        directories, those of the repository's files serve. Images are not built.
        """,
        (BuildBehavior,),
    ),
    (
        "Logs",
        """
        Two reads of a log that reach back to the same moment differ at their end only: the earlier text is the
        beginning of the later one, in whole lines, each with its line break. So nothing is written of a time before
        the present: what an environment's processes say begins when they are live there, though they were started
        some seconds before, and a deployment's own log goes on from its own address into the environments. Where more
        lines were written than the setting `log_lines`, the newest are given and the oldest left out; which of them
        the platform leaves out is not documented. A build log grows line by line while the build runs.
        """,
        (),
    ),
    (
        "Addresses",
        f"""
        An environment, a deployment and a project have an address under the setting `base_domain`; the one before,
        `createos.io`, is unreachable since April 2026, as the platform's guides say. Read `extra.endpoint`, as every
        address may change. The project's own, its name, is that of its first environment; while nothing was assigned
        there, it answers for the newest deployment that is live. Every request counts in analytics and logs.

        A project whose run-time variables hold `MCP_TRANSPORT` and `MCP_PATH` is an MCP server, as the
        documentation's pattern makes one. No code of it runs: under that path a minimal server answers over
        streamable HTTP, without sessions and streams, with one tool (`{TOOL}`), and says that it is simulated.
        """,
        (),
    ),
    (
        "Which rules come from where",
        f"""
        The operations, their fields, limits and statuses are those of the platform's own schemas, and what its two
        official clients send and read. What the documentation says beside them (lifecycle, quotas, what may be done
        when) holds in both dialects.

        In the production dialect, creating a project is stricter than the schemas. One source says so: {SOURCE},
        whose authors tried it on the running platform. A vcs project is refused with 400 for an empty text as a
        command or `buildDir`, without a port, without a runtime and a framework (a framework alone is taken), with
        the runtime `static`, and with fewer than all three commands unless Build AI, a framework or a Dockerfile
        supplies them. The client leaves empty fields out and warns of the rest (`CreationWarning`), whatever it talks
        to. The documented dialect takes what the schemas take. Projects of a scenario's file may be older than
        these rules.

        `RefreshDomain` answers "domain is being refreshed", as in the platform's own example; how long the check takes
        is not documented and is the setting `verifying`. The names of DNS records are relative to the domain, as the
        official client prints them.

        `directoryPath` `"."`, `"./"`, `"/"`, an empty text, null and none at all are the top of the repository.
        """,
        (),
    ),
    (
        "What is not modelled",
        """
        A visitor who gets an error does not come again sooner. There is no latency between regions and no cache. A
        deployment that is live in no environment has one replica with 200 millicores and 500 MB at its own address.
        Profiles of several domains that lead to one environment add up, with the pages and the hours of the
        largest. The API has no series of CPU, memory or durations, so a world gives none: they show in logs,
        statuses and the answers of the gateway.
        """,
        (),
    ),
)


if __name__ == "__main__":
    (folder("data") / FILE).write_text(markdown(), encoding="utf-8")
