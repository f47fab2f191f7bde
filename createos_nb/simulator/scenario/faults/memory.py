"""The process needs more memory than it has, at once or in the course of hours."""

from __future__ import annotations

from createos_nb.simulator.scenario.drafts.draft import HOUR, MINUTE, Draft
from createos_nb.simulator.scenario.drafts.fault import fault
from createos_nb.simulator.scenario.drafts.finding import Finding
from createos_nb.simulator.scenario.drafts.stacks import Stack


def _programs(stack: Stack) -> bool:
    return bool(stack.errors)


@fault("out_of_memory")
def out_of_memory(draft: Draft) -> None:
    """A release needs memory for each request, more than there is when many come."""
    began = draft.minutes(12, 20 * 60)
    app = draft.app(_programs, since=began, memory=draft.random.choice((500, 512)), rpm=(50, 240))
    lost = draft.between((0.2, 0.5), (0.1, 0.16))
    draft.come_by_day(app, began)
    rate = draft.rate(app)
    idle = 140
    room = (app.environment.memory - idle) * app.environment.replicas
    need = round(room / (rate * (1 - lost)), 2)
    enough = (1024 - idle) * app.environment.replicas / need > 1.6 * draft.rate(app)
    draft.innocent_change(app, began)
    release = app.release(began, behavior=draft.worse(app, memory=idle, memory_per_rpm=need))
    back = app.last_good(release)
    draft.found(
        Finding(
            "out_of_memory",
            app.place,
            began,
            f"{app.name}: since the last release requests need more memory than the replicas have.",
            "Give the environment more memory, or assign the version before it again.",
            app,
            release,
            "scale" if enough else "rollback",
            {"memory": 1024} if enough else {"to": back},
        )
    )
    draft.expects_errors(app, began, 0.3, 75, over=HOUR)
    killed = f"OOMKilled, memory limit of {app.environment.memory} MB exceeded"
    draft.expects("The log says that memory ran out", app, over=2 * HOUR, log=killed)


@fault("out_of_memory", faint=False)
def out_of_memory_at_start(draft: Draft) -> None:
    """A release needs more memory than the limit before it has served anybody: it is killed again and again."""
    began = draft.minutes(8, 10 * 60)
    app = draft.app(_programs, since=began, memory=draft.random.choice((500, 512, 768)))
    need = app.environment.memory + draft.random.randint(10, 120)
    draft.innocent_change(app, began)
    release = app.release(began, behavior=draft.worse(app, memory=need, boot=draft.random.randint(4, 20)))
    draft.found(
        Finding(
            "out_of_memory",
            app.place,
            began,
            f"{app.name}: the last release needs {need} MB, and a replica has {app.environment.memory}.",
            "Give the environment more memory, or assign the version before it again.",
            app,
            release,
            "scale",
            {"memory": 1024},
        )
    )
    draft.expects_errors(app, began, 30, 100)
    draft.expects("The log says that memory ran out", app, over=HOUR, log="OOMKilled, memory limit of")
    draft.expects("It is said to crash", app, release=release, status="crashing")


@fault("memory_leak")
def memory_leak(draft: Draft) -> None:
    """A release keeps what it has seen: memory fills in the course of hours, the process is killed, and begins anew."""
    random = draft.random
    cycle = int(draft.between((1.2 * HOUR, 3 * HOUR), (5 * HOUR, 9 * HOUR)))
    lives = 1 if draft.faint else random.choice((1, 2, 3))
    # A log reaches 5,000 lines back: the kill, or what the process said on its way there, stands in it.
    began = int(cycle * lives + random.uniform(0.3, 0.6) * HOUR) // MINUTE * MINUTE
    app = draft.app(_programs, since=began, rpm=(6, 22), replicas=random.choice((1, 2)))
    memory = random.randint(130, 260)
    leak = round((app.environment.memory - memory) * 3600 / cycle, 2)
    draft.innocent_change(app, began)
    boot = random.randint(60, 150)
    release = app.release(began, behavior=draft.worse(app, memory=memory, leak=leak, boot=boot))
    draft.facts |= {"leak_mb_per_hour": leak, "hours_until_killed": round(cycle / HOUR, 1)}
    draft.found(
        Finding(
            "memory_leak",
            app.place,
            began,
            f"{app.name}: the last release grows by {leak:g} MB an hour until it is killed.",
            "Assign the version before it again; more memory only makes it rarer.",
            app,
            release,
            "rollback",
            {"to": app.last_good(release)},
        )
    )
    draft.expects("Before, hardly anything fails", app, before=began + 3 * MINUTE, over=3 * HOUR, errors=[0.0, 1.0])
    draft.expects("The log tells of memory that fills", app, over=3 * HOUR, log=f"{app.environment.memory} MB")
