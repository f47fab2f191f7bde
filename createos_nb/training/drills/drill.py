"""A drill: an incident to rehearse, from the alert to the score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from createos_nb.client.client import Client
from createos_nb.dtypes import TEXT
from createos_nb.errors import InvalidInput
from createos_nb.html import escaped, html_table
from createos_nb.http.retry import RetryPolicy
from createos_nb.redaction import Secret
from createos_nb.times import parse_duration
from createos_nb.training.drills.alert import Alert, alert_of
from createos_nb.training.drills.answers import Answers, read_submission
from createos_nb.training.drills.measures import measures_frame, score_frame
from createos_nb.training.drills.pace import DrillClock, Pace
from createos_nb.training.drills.problem import Problem, make_problem
from createos_nb.training.drills.recorder import Recorder
from createos_nb.training.drills.scoring import Scored, score

if TYPE_CHECKING:
    from createos_nb.lineage import Lineage
    from createos_nb.simulator.http.server import Server
    from createos_nb.simulator.scenario.fault_worlds import Difficulty
    from createos_nb.simulator.world.world import World
    from createos_nb.times import DurationLike
    from createos_nb.training.drills.page import Debriefing

_SECOND: Final = 1_000_000
#: Seconds of the world until the owner of an app has answered.
_ANSWERING: Final = 300


def drill(
    family: str | None = None,
    seed: int = 1,
    *,
    speed: float | None = None,
    seconds_per_call: float | None = None,
    lasts: DurationLike = "60min",
    difficulty: Difficulty | None = None,
    salt: str = "",
) -> Drill:
    """Begin a drill: a world in which something is wrong, or only seems to be, at the moment of the alert.

    Its time passes by calls: each request to the API takes `seconds_per_call` of the world, so that the same acts give
    the same score on any machine. With `speed` it passes by real time instead, for people. What the client waits for
    (a deployment, a plan) passes at once, and counts, either way.

    Args:
        family: which kind of incident, see `families`; None for one that the seed chooses, so that nobody knows.
        seed: makes one of any number of problems of that family: app, place, magnitude, times, decoys, bystanders.
        speed: seconds of the world in a real one, above 0 and up to 3600: for people.
        seconds_per_call: seconds of the world that each request takes, 0 to 3600 (default: 10): for agents.
        lasts: from the alert to the end, such as "60min"; what comes later does not count. At least 15 minutes.
        difficulty: "clear" or "faint" (by default, the seed decides).
        salt: a text that is mixed into the seed: who knows family and seed, and not the salt, can't make the same
            problem again.

    Returns:
        The drill.

    Raises:
        UnknownName: there is no such family.
        InvalidInput: a seed that is no whole number, both clocks, or a value out of range.

    Examples:
        >>> drill = createos_nb.training.drill("bad_release", seed=3)
        >>> drill.alert.source in ("monitor", "user", "colleague")
        True
        >>> len(drill.client.projects.list()) > 0
        True
    """
    pace = Pace(seconds_per_call, speed)
    seconds = parse_duration(lasts, "lasts")
    if seconds < 900:
        raise InvalidInput(f"lasts: at least 15 minutes, not {lasts!r}")
    return Drill(make_problem(family, seed, seconds=round(seconds), salt=salt, difficulty=difficulty), pace)


class DrillWorld:
    """The world of a drill, as its client knows it: there is no steering it, and no looking behind it.

    Attributes:
        scenario: what it is called where somebody asks for the name of a scenario; it tells nothing.
        seed: 0, whatever the drill's own is.
    """

    scenario: Final = "drill"
    seed: Final = 0

    def __init__(self, world: World, pace: Pace) -> None:
        self.__world, self.__pace = world, pace

    @property
    def now(self) -> pd.Timestamp:
        """The time in the world (UTC)."""
        self.__pace.sync(self.__world)
        return self.__world.now

    @property
    def id(self) -> str:
        """Which world this is."""
        return self.__world.id

    @property
    def lineage(self) -> Lineage:
        """Which world this is, and which past is its own."""
        return self.__world.lineage

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the world of a drill has no {name!r}: it is reached through drill.client alone")

    def __repr__(self) -> str:
        return "<World of a drill>"


class Drill:
    """An incident to rehearse; see `drill`.

    Attributes:
        alert: what a person would get.
        client: the normal client; its `world` can't be steered.

    Args:
        problem: the incident, as `drill` makes it up.
        pace: how its time passes.

    Examples:
        >>> drill = createos_nb.training.drill("capacity", seed=3)
        >>> drill.left, drill.clock
        (Timedelta('0 days 01:00:00'), '10 s a call')
    """

    def __init__(self, problem: Problem, pace: Pace) -> None:
        self.alert: Alert = alert_of(problem)
        self._problem, self._pace = problem, pace
        self._world = problem.world.fork()
        self._recorder = self._world.api = Recorder(self._world, pace, problem.end)
        self._answers, self._notes = Answers(), list[tuple[int, str]]()
        self._scored: Scored | None = None
        world = self._world
        self.client = Client(
            api_key=world.key,
            base_url=world.base_url,
            transport=world.transport(),
            clock=DrillClock(world, pace),
            world=DrillWorld(world, pace),
            account=world.account,
            rate_limit=False,
            retry=RetryPolicy(random=world.jitter()),
            timeout=None,
        )

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> pd.Timestamp:
        """The time in the world (UTC)."""
        self._pace.sync(self._world)
        return self._world.now

    @property
    def left(self) -> pd.Timedelta:
        """How much time is left of the drill; none once it is over."""
        return max(_time(self._problem.end) - self.now, pd.Timedelta(0))

    @property
    def over(self) -> bool:
        """Whether time is up, or the score was asked for."""
        return self._scored is not None or not self.left

    @property
    def clock(self) -> str:
        """How its time passes, in words."""
        return repr(self._pace)

    def wait(self, time: DurationLike = "1min") -> pd.Timestamp:
        """Let time pass in the world, at once.

        Args:
            time: how much, such as "5min", or seconds.

        Returns:
            The new time (UTC).

        Raises:
            InvalidInput: a negative or unreadable duration.

        Examples:
            >>> drill = createos_nb.training.drill("capacity", seed=3)
            >>> before = drill.now
            >>> drill.wait("5min") - before
            Timedelta('0 days 00:05:00')
        """
        self._pace.sync(self._world)
        self._world.move(round(parse_duration(time, "wait") * _SECOND))
        return self.now

    # --- answers ------------------------------------------------------------------------------------------------------

    def submit(
        self,
        *,
        cause: str | Sequence[str] | None = None,
        where: str | Sequence[str] | None = None,
        trouble: bool | None = None,
        note: str = "",
    ) -> None:
        """Answer: is something wrong, where, and why; in parts if need be. It says nothing of whether that is right.

        The last answer to each question counts, and its time is since when it has stood unchanged: who takes an answer
        back and gives it again has given it then. What is said before anything was read (of a place: of its project)
        counts from the reading on, and never without it; so a guess gains no time.

        Args:
            cause: a word of `createos_nb.causes.CAUSES`, several in a list where several things are wrong, or "none"
                where nothing is.
            where: "project/environment", or the project; of a domain or a key its name; "account". Several in a list.
            trouble: whether something is wrong at all; a cause or a place says so, too.
            note: a text for others, such as for the incident's channel; secrets in it count.

        Raises:
            InvalidInput: the drill is over, there is no answer in it, an unknown cause, or a contradiction.

        Examples:
            >>> drill = createos_nb.training.drill("bad_release", seed=3)
            >>> table = drill.client.projects.list()
            >>> drill.submit(trouble=True)
            >>> drill.submit(where=drill.alert.where, cause="bad_release")
            >>> drill.answers()["question"].tolist()
            ['trouble', 'trouble', 'where', 'cause']
        """
        self._check_running()
        now = self._world.state.now
        self._answers.submissions.append(read_submission(now, cause, where, trouble, note))
        if note:
            self._notes.append((now, note))

    def note(self, text: str) -> None:
        """Write something for others, such as into the incident's channel: it stands in the debriefing.

        Args:
            text: what is written; secrets in it count.

        Raises:
            InvalidInput: the drill is over, or it is no text.

        Examples:
            >>> drill = createos_nb.training.drill("capacity", seed=3)
            >>> drill.note("I am looking at the release of this morning.")
        """
        self._check_running()
        if not isinstance(text, str) or not text.strip():
            raise InvalidInput("note: a text")
        self._notes.append((self._world.state.now, text))

    def ask_owner(self, place: str, variable: str) -> Secret:
        """Ask the owner of an app for the right value of a run-time variable, which takes five minutes of the world.

        The owner knows the value that the app needs, of any variable that is asked for, and not what is wrong.

        Args:
            place: "project/environment".
            variable: its name.

        Returns:
            The value.

        Raises:
            UnknownName: there is no such project or environment.
            InvalidInput: the drill is over.

        Examples:
            >>> drill = createos_nb.training.drill("configuration_change", seed=3)
            >>> drill.ask_owner(drill.alert.where, "LOG_LEVEL")
            Secret(••••••)
        """
        self._check_running()
        _, environment = self._world.find_environment(place)
        self._world.move(_ANSWERING * _SECOND)
        facts = self._problem.truth.facts
        if variable == facts.get("variable") and place in self._problem.places:
            return Secret(facts.get("value_before", f"value-of-{variable.lower()}"))
        return Secret(environment.variables.get(variable, f"value-of-{variable.lower()}"))

    def answers(self) -> pd.DataFrame:
        """Return what was submitted, oldest first.

        Returns:
            A frame of `time` (UTC), `seconds` (float64, from the alert), `question` ("trouble", "where", "cause"),
            `answer` (str; several are separated by ", ").

        Examples:
            >>> drill = createos_nb.training.drill("capacity", seed=3)
            >>> drill.submit(cause="capacity")
            >>> drill.answers()["answer"].tolist()
            ['yes', 'capacity']
        """
        rows = []
        for one in self._answers.submissions:
            said = {
                "trouble": None if one.trouble is None else "yes" if one.trouble else "no",
                "where": None if one.where is None else ", ".join(one.where),
                "cause": None if one.cause is None else ", ".join(one.cause),
            }
            rows += [(one.at, self._seconds(one.at), name, text) for name, text in said.items() if text is not None]
        return _frame(rows, ["time", "seconds", "question", "answer"])

    def acts(self) -> pd.DataFrame:
        """Return the changes that were made, oldest first.

        Returns:
            A frame of `time` (UTC), `seconds` (float64, from the alert), `operation`, `where` (str).

        Examples:
            >>> drill = createos_nb.training.drill("capacity", seed=3)
            >>> len(drill.acts())
            0
        """
        rows = [(one.at, self._seconds(one.at), one.operation.name, one.place) for one in self._recorder.acts]
        return _frame(rows, ["time", "seconds", "operation", "where"])

    # --- the end ------------------------------------------------------------------------------------------------------

    def score(self) -> pd.DataFrame:
        """End the drill and say how it went: against doing nothing, and against an expert who knows the truth.

        The world was forked at the alert. One fork goes on without any act; in another an expert does, 180 seconds
        after the alert, what the ground truth calls for; and that of the trainee goes on from where it is. All three
        are run to the end of the drill and for twelve hours more, and requests are counted one by one from the same
        events. The first call ends the drill; later ones return the same.

        Returns:
            Five rows: `question`, `passed` (boolean; NA where it can't be said), `value` (Float64; NA where there is
            none) and `unit`. There is no total. `measures` has the rest.

            - `detected`: it was said rightly whether something is wrong. Seconds from the alert until that was said.
            - `localized`: each cause is named at one of its places, and no place that is not concerned; of a false
              alarm, none is. Seconds until then.
            - `cause`: the causes are named, and no others. Seconds until then.
            - `mitigated`: from ten minutes before the end to twelve hours after it no more requests fail around the
              cause than in the expert's fork, a tenth of what doing nothing would leave, and 2; what no request shows
              (a build, a key, a quota) is right again. NA where nothing here could mend it. Seconds until the last
              request failed beyond what may be left over, or until the last change that was needed.
            - `no_harm`: no more requests were harmed by the trainee's own acts than by the expert's, no healthy place
              was changed or got less, nothing was deleted that the expert left, and no secret was shown. Requests
              harmed.

        Examples:
            >>> drill = createos_nb.training.drill("false_alarm", seed=3)
            >>> table = drill.client.projects.list()
            >>> drill.submit(cause="none")
            >>> drill.score()["passed"].tolist()
            [True, True, True, <NA>, True]
        """
        return score_frame(self._result())

    def measures(self) -> pd.DataFrame:
        """End the drill, and return all that was measured.

        Returns:
            A frame of `measure`, `value` (Float64; NA where it can't be known), `unit` and `meaning`:
            `time_to_detect`, `time_to_localize`, `time_to_cause`, `time_to_mitigate` (seconds from the alert),
            `failed_requests`, `failed_requests_nothing`, `failed_requests_expert`, `avoidable_failed_requests`,
            `harmed_requests`, `harmed_requests_expert`, `changed_places`, `destroyed`, `changes`, `needless_changes`,
            `secrets_shown`, `requests`.

        Examples:
            >>> drill = createos_nb.training.drill("bad_release", seed=3)
            >>> table = drill.measures().set_index("measure")["value"]
            >>> bool(table["avoidable_failed_requests"] > 0), int(table["needless_changes"])
            (True, 0)
        """
        return measures_frame(self._result())

    def debrief(self) -> Debriefing:
        """End the drill, and return a page to keep: three courses on one axis of time, acts, questions and answers.

        It is written for a review that asks what happened and not who: `save` writes it to a file.

        Returns:
            The page, which a notebook shows.

        Examples:
            >>> drill = createos_nb.training.drill("bad_release", seed=3)
            >>> debriefing = drill.debrief()
            >>> path = debriefing.save("debriefing.html")
            >>> "What was the matter" in debriefing.html
            True
        """
        from createos_nb.training.drills.page import debrief  # matplotlib is loaded when the first page is made

        return debrief(self._problem, self._result(), self.alert, self._answers, self._notes)

    def serve(self, port: int = 0) -> Server:
        """Serve the world of this drill over HTTP, with REST and /mcp, for a trainee outside of this process.

        Its requests are recorded as those of `client` are, and its time passes in the same way. It can't be steered:
        there is no control token.

        Args:
            port: on 127.0.0.1; 0 for one that is free.

        Returns:
            A server that is not started yet: `with drill.serve() as served`.

        Examples:
            >>> drill = createos_nb.training.drill("capacity", seed=3)
            >>> with drill.serve() as served:
            ...     client = createos_nb.Client(api_key=served.key, base_url=served.url)
            ...     len(client.projects.list()) > 0
            True
        """
        from createos_nb.simulator import serve  # a drill in this process needs no server

        return serve(self._world, port, speed=self._pace.speed or 0)

    def _result(self) -> Scored:
        if self._scored is None:
            self._pace.sync(self._world)
            world = self._recorder.final or self._world
            notes = [text for _, text in self._notes]
            self._scored = score(self._problem, world, self._recorder, self._answers, notes)
        return self._scored

    def _check_running(self) -> None:
        if self._scored is not None:
            raise InvalidInput("the drill is over: its score was asked for")
        if not self.left:
            raise InvalidInput("the drill is over: time is up; drill.score() says how it went")

    def _seconds(self, at: int) -> float:
        return (at - self._problem.start) / _SECOND

    def __repr__(self) -> str:
        left = "over" if self.over else f"{int(self.left.total_seconds()) // 60} min left"
        return f"<Drill: {self.alert} ({left}, {self.clock})>"

    def _repr_html_(self) -> str:
        rows = [("time", f"{self.now:%Y-%m-%d %H:%M:%S} UTC"), ("left", str(self.left).removeprefix("0 days "))]
        table = html_table([*rows, ("clock", self.clock)], ("", ""))
        return f"{self.alert._repr_html_()}{table}<p>{escaped('drill.client, drill.submit(…), drill.score()')}</p>"


def _time(microseconds: int) -> pd.Timestamp:
    return pd.Timestamp(microseconds, unit="us", tz="UTC")


def _frame(rows: list[tuple[Any, ...]], columns: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns)
    frame["time"] = pd.to_datetime(frame["time"], unit="us", utc=True).astype("datetime64[us, UTC]")
    texts = {name: TEXT for name in columns if name not in ("time", "seconds")}
    return frame.astype({"seconds": "float64", **texts})
