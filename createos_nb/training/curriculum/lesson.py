"""A lesson: a world with a task, checked by what came of it."""

from __future__ import annotations

import atexit
import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.client.connect.simulate import simulate
from createos_nb.display import format_time, is_missing
from createos_nb.dtypes import TEXT
from createos_nb.errors import CreateOSError, InvalidInput, UnknownName
from createos_nb.html import escaped, html_table
from createos_nb.process_lock import LockHeld, ProcessLock
from createos_nb.redaction import Secret
from createos_nb.simulator.scenario.builder import open_world
from createos_nb.simulator.world.world import World
from createos_nb.storage import private_folder
from createos_nb.training.curriculum.checking import Finding, Reading, look
from createos_nb.training.curriculum.facts import known_runs
from createos_nb.training.curriculum.harm import Snapshot, compare, look_over
from createos_nb.training.curriculum.hint import Hint, Note
from createos_nb.training.curriculum.progress import Progress, ProgressStore, default_folder
from createos_nb.training.curriculum.reader import LessonSource, read_lesson
from createos_nb.training.curriculum.report import Report, TaskState
from createos_nb.training.curriculum.worlds import lesson_world, world_digest

if TYPE_CHECKING:
    from createos_nb.client.client import Client
    from createos_nb.times import DurationLike
    from createos_nb.training.curriculum.schema import CheckSection, TaskSection

_NO_TIME: Final = "the clock of this world can't be moved from here: its time passes by itself"


def lesson(name: str | Path, *, fresh: bool = False, keep: bool = True, client: Client | None = None) -> Lesson:
    """Open a lesson: a simulated world in which something is to be found out or done.

    What was done is kept, world included, in `CREATEOS_NB_LESSONS` or a folder of the user's data: the same call takes
    the lesson up where it was left, in another kernel too.

    Args:
        name: such as "05-rollback", see `lessons`; its number, such as "5"; or the path of a file of your own.
        fresh: begin anew, and forget what was kept.
        keep: False: begin anew, keep nothing, and leave alone what is kept, as graders and tests do.
        client: of the lesson's world that somebody serves, such as `createos-nb serve --class 20 --lesson 05-rollback`;
            by default the world is simulated in this process.

    Returns:
        The lesson.

    Raises:
        UnknownName: there is no such lesson.
        InvalidInput: a mistake in the file, with its line and field; the lesson is open in another kernel; what was
            kept can't be read; or the client is of another world.

    Examples:
        >>> lesson = createos_nb.training.lesson("01-first-listing")
        >>> note = lesson.answer("projects", 8)
        >>> lesson.check().right
        ['projects']
        >>> createos_nb.training.lesson("01-first-listing").answers()["answer"].tolist()
        ['8']
    """
    source = read_lesson(name)
    store = ProgressStore(default_folder() / source.name) if keep else None
    return Lesson(source, store, fresh=fresh, client=client)


class Lesson:
    """A lesson that is open; see `lesson`.

    Attributes:
        name: of the lesson.
        client: the normal client, of the lesson's world.
        taken_up: whether it goes on from what was kept.

    Args:
        source: the lesson's file.
        store: where progress is kept; None: nowhere.
        fresh: forget what is kept.
        client: of the lesson's world that somebody serves.

    Examples:
        >>> lesson = createos_nb.training.lesson("05-rollback", keep=False)
        >>> lesson.title
        'Roll back, and stop what brings the bug back'
    """

    def __init__(
        self, source: LessonSource, store: ProgressStore | None, *, fresh: bool = False, client: Client | None = None
    ) -> None:
        self.name, self._source, self._store = source.name, source, store
        self._tasks = {task.name: task for task in source.content.tasks}
        if store is not None:
            _hold(store)
            if fresh:
                store.forget()
        kept = store.read() if store is not None else None
        digest = world_digest(source)
        if client is not None and client.world is not None:
            # what was kept belongs to that very world
            digest += f" {client.world.id}"
        if kept is not None and (kept.digest != digest or (client is None and not _has_world(store))):
            # the lesson has become another one, or only its answers are left
            kept = None
        self._world: World | None = None
        if client is None:
            if kept is not None and store is not None:
                self._world = open_world(store.world)
            else:
                self._world = lesson_world(source)
            client = simulate(self._world)
        else:
            self._check_world(client)
        self.client = client
        self.taken_up = kept is not None
        self._progress = kept or Progress(digest=digest, begun=time.time(), before=_before(source, digest, client))
        if store is not None:
            self._save()
            if self._world is not None:
                self._world.on_write = lambda *_: self._save_world()
            _SAVED_AT_EXIT.append(self)

    def _check_world(self, client: Client) -> None:
        expected = self._source.content.world.scenario
        scenario = None if client.world is None else client.world.scenario
        if scenario is not None and scenario != expected:
            raise InvalidInput(f"the lesson {self.name} needs the world {expected}, and this is {scenario}")
        if not client.simulated:
            raise InvalidInput("a lesson is taken in a simulated world; this client speaks to the platform")

    # --- what is to be done -------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What it is called."""
        return self._source.content.title

    @property
    def goal(self) -> list[str]:
        """What one will be able to do."""
        return list(self._source.content.goal)

    def tasks(self) -> pd.DataFrame:
        """Return the tasks, in their order.

        Returns:
            A frame of `task` (its name), `title` (str), `right` (bool: at the last check), `hints` (int64: shown so
            far), `left` (int64: hints that are left).

        Examples:
            >>> lesson = createos_nb.training.lesson("01-first-listing", keep=False)
            >>> lesson.tasks()["task"].iloc[0]
            'projects'
        """
        rows = []
        for task in self._tasks.values():
            shown = self._progress.hints.get(task.name, 0)
            rows.append((task.name, task.title, task.name in self._progress.right, shown, len(task.hints) - shown))
        frame = pd.DataFrame(rows, columns=["task", "title", "right", "hints", "left"])
        return frame.astype({"task": TEXT, "title": TEXT, "right": "bool", "hints": "int64", "left": "int64"})

    # --- answers ------------------------------------------------------------------------------------------------------

    def answer(self, name: str, value: Any) -> Note:
        """Give an answer; the last one counts. It says nothing of whether that is right: `check` does.

        Args:
            name: of the answer, as the task asks for it.
            value: a number, a text, True or False, or a list; a version may be 6 or "v6". The three dots that stand in
                the page are none: nothing is noted.

        Returns:
            What was noted; it shows itself as text.

        Raises:
            UnknownName: the lesson asks for no such answer.
            InvalidInput: the answer is missing, or a secret.

        Examples:
            >>> lesson = createos_nb.training.lesson("01-first-listing", keep=False)
            >>> lesson.answer("projects", 8)
            projects: 8 is noted; lesson.check("projects") says whether it is right
            >>> lesson.answer("live", ...)
            live: put your answer in place of the dots
        """
        asked = self._asked()
        if name not in asked:
            raise UnknownName("answer", name, asked, f"the lesson {self.name}")
        if value is ... or (isinstance(value, list) and ... in value):
            return Note(f"{name}: put your answer in place of the dots")
        if is_missing(value):
            raise InvalidInput(f"{name}: the answer is missing: it is {value!r}")
        if isinstance(value, Secret):
            raise InvalidInput(f"{name}: no answer is a secret")
        if isinstance(value, pd.Series | pd.Index) or hasattr(value, "tolist"):
            value = value.tolist()
        self._progress.answers[name] = value = list(value) if isinstance(value, tuple | set) else value
        self._save()
        task = next(task for task in self._tasks.values() if name in [check.answer for check in task.checks])
        return Note(f"{name}: {value} is noted; lesson.check({task.name!r}) says whether it is right".replace("'", '"'))

    def answers(self) -> pd.DataFrame:
        """Return the answers so far.

        Returns:
            A frame of `name`, `answer` (str).

        Examples:
            >>> lesson = createos_nb.training.lesson("01-first-listing", keep=False)
            >>> note = lesson.answer("projects", 8)
            >>> lesson.answers().values.tolist()
            [['projects', '8']]
        """
        rows = [(name, str(value)) for name, value in self._progress.answers.items()]
        return pd.DataFrame(rows, columns=["name", "answer"]).astype(TEXT)

    def _asked(self) -> list[str]:
        checks = [check for task in self._tasks.values() for check in task.checks]
        return list(dict.fromkeys(check.answer for check in checks if check.answer))

    # --- help ---------------------------------------------------------------------------------------------------------

    def hint(self, task: str | None = None) -> Hint:
        """Show one hint more; once there is none left, the last one again.

        Args:
            task: the task; by default the first one that was not right at the last check.

        Returns:
            The hint; it shows itself as text.

        Raises:
            UnknownName: there is no such task.

        Examples:
            >>> lesson = createos_nb.training.lesson("01-first-listing", keep=False)
            >>> lesson.hint().number
            1
        """
        if task is None:
            left = [name for name in self._tasks if name not in self._progress.right]
            task = left[0] if left else next(reversed(self._tasks))
        chosen = self._task(task)
        number = min(self._progress.hints.get(task, 0) + 1, len(chosen.hints))
        self._progress.hints[task] = number
        self._save()
        return Hint(chosen.title, chosen.hints[number - 1], number, len(chosen.hints))

    def _task(self, name: str) -> TaskSection:
        if name not in self._tasks:
            raise UnknownName("task", name, self._tasks, f"the lesson {self.name}")
        return self._tasks[name]

    def wait(self, time: DurationLike) -> pd.Timestamp:
        """Let time pass in the world, at once.

        Args:
            time: how much, such as "40min", or seconds.

        Returns:
            The new time (UTC).

        Raises:
            InvalidInput: an unreadable duration, or the clock can't be moved from here.

        Examples:
            >>> lesson = createos_nb.training.lesson("01-first-listing", keep=False)
            >>> lesson.wait("1h") - lesson.client.now
            Timedelta('0 days 00:00:00')
        """
        if self.client.world is None:
            raise InvalidInput(_NO_TIME)
        now = self.client.world.advance(time)
        self._save_world()
        return pd.Timestamp(now)

    # --- what came of it ----------------------------------------------------------------------------------------------

    def check(self, task: str | None = None) -> Report:
        """Say what is right, what is missing, and what was harmed: by the world, and by the answers.

        Args:
            task: only this one; by default all.

        Returns:
            The report; it shows itself as a table.

        Raises:
            UnknownName: there is no such task.

        Examples:
            >>> lesson = createos_nb.training.lesson("01-first-listing", keep=False)
            >>> note = lesson.answer("projects", 13)
            >>> print(lesson.check("projects").missing["projects"])
            13 is the number of environments: a project has one or more.
        """
        chosen = list(self._tasks.values()) if task is None else [self._task(task)]
        self._note_runs()
        reading = Reading(self.client, self._progress.runs)
        states = [self._state(one, reading) for one in chosen]
        report = Report(states, self._harm(reading), self._next(states))
        right = set(report.right) | (set(self._progress.right) - {one.name for one in chosen})
        self._progress.right = [name for name in self._tasks if name in right]
        self._progress.last = time.time()
        self._progress.passed |= task is None and report.passed
        self._save()
        return report

    def state_of(self, task: str) -> TaskState:
        """Return what became of a task, without a look at what was harmed; nothing is kept.

        Args:
            task: its name.

        Returns:
            The state.

        Raises:
            UnknownName: there is no such task.

        Examples:
            >>> createos_nb.training.lesson("01-first-listing", keep=False).state_of("projects").state
            'missing'
        """
        self._note_runs()
        return self._state(self._task(task), Reading(self.client, self._progress.runs))

    def _state(self, task: TaskSection, reading: Reading) -> TaskState:
        finding = _of_all(task.checks, reading, self._progress.answers)
        return TaskState(task.name, task.title, finding.state, finding.reason, task.points)

    def _harm(self, reading: Reading) -> list[str]:
        content = self._source.content
        harm = compare(self._progress.before, look_over(self.client), content.world.may_change)
        for section in content.harm:
            finding = look(section, reading, self._progress.answers)
            if finding.state == "missing":
                harm.append(finding.reason)
        return harm

    def _next(self, states: list[TaskState]) -> str:
        missing = next((one for one in states if one.state != "right"), None)
        if missing is not None:
            return f'A hint: lesson.hint("{missing.name}")'
        checked = {one.name for one in states}
        left = [one for one in self._tasks.values() if one.name not in checked | set(self._progress.right)]
        if left:
            return f"Next: {left[0].title}"
        link = self._source.content.next[0]
        return f"Read next: {link.text}"

    def _note_runs(self) -> None:
        """Keep which plans were applied: the journals of an embedded world end with their process."""
        for run in known_runs(self.client):
            if run not in self._progress.runs:
                self._progress.runs.append(run)

    # --- what is kept -------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        if self._store is not None:
            self._store.write(self._progress)
            self._save_world()

    def _save_world(self) -> None:
        if self._store is not None and self._world is not None:
            private_folder(self._store.folder)
            self._world.save(self._store.world)

    def save_at_exit(self) -> None:
        """Keep what is not kept yet, such as a clock that was moved, or runs whose journals go with this process.

        Examples:
            >>> createos_nb.training.lesson("01-first-listing", keep=False).save_at_exit()
        """
        self._note_runs()
        self._save()

    def __repr__(self) -> str:
        return "\n".join([self._head(), *(f"  {mark}  {title}" for mark, title in self._marks())])

    def _repr_html_(self) -> str:
        rows = [(mark, title) for mark, title in self._marks()]
        return f"<p>{escaped(self._head())}</p>{html_table(rows, ('', 'task'))}"

    def _head(self) -> str:
        done = len(self._progress.right)
        how = f"taken up where it was: {done} of {len(self._tasks)} right" if self.taken_up else "begun"
        return f"{self.title}: {how}; it is {format_time(self.client.now)} UTC there"

    def _marks(self) -> Iterator[tuple[str, str]]:
        for name, task in self._tasks.items():
            yield ("right" if name in self._progress.right else "to do"), task.title


_BEFORE: Final[dict[str, Snapshot]] = {}


def _before(source: LessonSource, digest: str, client: Client) -> Snapshot:
    """Return the account as the lesson begins; the worlds that this process opens begin alike."""
    if not client.embedded:
        return look_over(client)
    key = f"{source.path} {digest}"
    if key not in _BEFORE:
        _BEFORE[key] = look_over(client)
    return _BEFORE[key]


def _of_all(checks: list[CheckSection], reading: Reading, answers: dict[str, Any]) -> Finding:
    """Return the first finding that is not right; what is not known comes after what is missing."""
    findings = [look(check, reading, answers) for check in checks]
    for state in ("missing", "unknown"):
        for finding in findings:
            if finding.state == state:
                return finding
    return Finding("right")


def _has_world(store: ProgressStore | None) -> bool:
    return store is not None and store.world.is_file()


_LOCKS: Final[dict[Path, ProcessLock]] = {}
_SAVED_AT_EXIT: Final[list[Lesson]] = []


def _hold(store: ProgressStore) -> None:
    """Keep other kernels from the lesson until this one ends. Raises `InvalidInput` where another one has it."""
    path = store.folder / "lesson.lock"
    if path in _LOCKS:
        return
    lock = ProcessLock(private_folder(store.folder) / "lesson.lock")
    try:
        lock.acquire(f"process {os.getpid()}")
    except LockHeld as held:
        raise InvalidInput(
            f"the lesson {store.folder.name} is open in another kernel ({held.holder}): shut that one down, "
            "or take it with keep=False, which keeps nothing"
        ) from None
    _LOCKS[path] = lock


def _save_all(owner: int) -> None:
    if os.getpid() != owner:  # a forked child ends as well, and its parent goes on
        return
    for one in _SAVED_AT_EXIT:
        with contextlib.suppress(CreateOSError, OSError):
            one.save_at_exit()


atexit.register(_save_all, os.getpid())
