"""A release as a person reads it: the verdict in a sentence, what is still needed, and what was decided when."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from createos_nb.analysis.releases.decision import DOUBT, LEAST_REQUESTS, PROMOTE, ROLLBACK, TRAFFIC, UNJUDGED, WATCH
from createos_nb.analysis.releases.wording import number
from createos_nb.display import human_duration
from createos_nb.dtypes import TEXT
from createos_nb.html import Html, escaped
from createos_nb.panels.icons import icon
from createos_nb.panels.release.lanes import failing_share
from createos_nb.panels.release.reader import ReleaseReading

#: The words, icons and colours of decisions.
DECISIONS: Final = {
    ROLLBACK: ("Bad release", "failed", "down"),
    PROMOTE: ("Promote", "passed", "ok"),
    WATCH: ("Keep watching", "running", "running"),
    TRAFFIC: ("Not enough traffic", "pending", "pending"),
    UNJUDGED: ("Can't be judged", "unknown", "unknown"),
}
#: What a verdict's own sentence begins with, and what stands among the decisions.
_ROLL_BACK: Final = "Roll back"
_NO_VERDICT: Final = ("NO DATA", "unknown", "unknown")
_WORDS: Final = tuple(word for word, *_ in DECISIONS.values())
#: Changes of the decision that are listed, the newest.
_MOST_CHANGES: Final = 5
_COUNTS: Final = ("old_requests", "old_errors", "new_requests", "new_errors")
#: Seconds of the exposure that a promotion needs, as `release_verdict` has it by default.
EXPOSURE: Final = 1200


def decision_of(reading: ReleaseReading) -> str:
    """Return the decision of a reading; "NO DATA" while no minute could be judged."""
    return "NO DATA" if reading.verdict is None else reading.verdict.decision


def verdict_html(reading: ReleaseReading) -> Html:
    """Return the verdict: its word with an icon, a sentence with two figures, and below it all that there is to say."""
    word, shape, color = DECISIONS.get(decision_of(reading), _NO_VERDICT)
    verdict = reading.verdict
    more = "" if verdict is None else _named(_rest(verdict.sentence), reading)
    if reading.earlier:
        more += (
            f" Compared with the level of {reading.baseline.name} before the switch: what else began since (an "
            "incident, other visitors) would look the same."
        )
    missed = f'<div class="createos-warning">incomplete: {escaped(reading.missed)}</div>' if reading.missed else ""
    detail = f'<div class="createos-verdict-more">{escaped(more.strip())}</div>' if more.strip() else ""
    return Html(
        '<div class="createos-release-verdict" role="status">'
        f'<span class="createos-state createos-is-{color}">{icon(shape)}'
        f"<span>{word}</span></span> <span>{escaped(headline(reading))}</span></div>{detail}{missed}"
    )


def headline(reading: ReleaseReading) -> str:
    """Return the finding in one sentence."""
    verdict, new, old = reading.verdict, reading.candidate, reading.baseline
    if verdict is None:
        return f"No minute since {reading.begin:%H:%M} could be judged yet."
    counts: dict[Any, Any] = verdict.by_class.loc[verdict.errors, list(_COUNTS)].to_dict()
    sides = [(counts[f"{side}_errors"], counts[f"{side}_requests"]) for side in ("new", "old")]
    for side, (_, requests) in zip((new, old), sides, strict=True):
        if not requests:
            return f"{side.name} had no requests that could be compared."
    figures = [failing_share(errors, requests) for errors, requests in sides]
    before = "before" if reading.earlier else f"of {old.name}"
    kind = verdict.errors
    return f"{figures[0]} of the requests of {new.name} {_live(new.version)}fail with {kind}; {before}, {figures[1]}."


def _live(version: str) -> str:
    return f"({version}) " if version[:1] == "v" and version[1:].isdigit() else ""


def _rest(sentence: str) -> str:
    """The sentence of a verdict without the word that stands before it already."""
    word, colon, rest = sentence.partition(": ")
    return f"{rest[:1].upper()}{rest[1:]}" if colon and word in (_ROLL_BACK, *_WORDS) else sentence


def _named(text: str, reading: ReleaseReading) -> str:
    """Say blue and green where the verdict, which knows no names, says baseline and candidate."""
    for word, name in (("candidate", reading.candidate.name), ("baseline", reading.baseline.name)):
        for before in (f"the {word}", f"The {word}"):
            text = text.replace(before, name)
        text = text.replace(word, name)
    return text


def needed(reading: ReleaseReading, alpha: float, beta: float) -> list[tuple[str, str, str]]:
    """Return what a promotion still needs, as rows of a result ("PASS", "NO DATA", "FAIL"), a claim and a figure."""
    verdict = reading.verdict
    if verdict is None:
        return [("NO DATA", "A minute in which both sides served", "none yet")]
    path = verdict.path
    served = path["judged"] & path["new_requests"].gt(0).fillna(False)
    minutes = int(served.sum()) * verdict.bucket_seconds
    requests = int(path.loc[served, "new_requests"].sum())
    well = float(path["evidence_promote"].iloc[-1])
    rows = [
        (_result(well >= 1 / beta), "Evidence to promote", f"{number(well)} of {number(1 / beta)}"),
        (_result(minutes >= EXPOSURE), f"{human_duration(EXPOSURE)} with users on both sides", human_duration(minutes)),
        (
            _result(requests >= LEAST_REQUESTS),
            f"{LEAST_REQUESTS} requests of {reading.candidate.name}",
            f"{requests:,}",
        ),
    ]
    if reading.earlier:
        rows[1] = (rows[1][0], f"{human_duration(EXPOSURE)} with users on {reading.candidate.name}", rows[1][2])
    for name, evidence in verdict.by_class["evidence"].items():
        if evidence >= DOUBT:
            rows.append(
                ("FAIL", f"No doubt about {name}", f"evidence {number(float(evidence))}, less than {DOUBT:g} needed")
            )
    regressed = list(verdict.single_path.index[verdict.single_path["regressed"]]) if len(verdict.single_path) else []
    if regressed:
        rows.append(("FAIL", "No path that fails more often", ", ".join(map(str, regressed[:3]))))
    return rows


def _result(holds: bool) -> str:
    return "PASS" if holds else "open"


_RESULTS: Final = {
    "PASS": ("passed", "ok", "PASS"),
    "FAIL": ("failed", "down", "FAIL"),
    "open": ("not reached", "running", "still needed"),
    "NO DATA": ("unknown", "unknown", "NO DATA"),
}


def needed_html(reading: ReleaseReading, alpha: float, beta: float) -> Html:
    """Return what a promotion still needs, as a list."""
    decision = decision_of(reading)
    if decision == ROLLBACK:
        return Html(
            f"<h4>Decided</h4><p>Roll back. Nothing is changed by itself. {escaped(reading.candidate.name)} is judged "
            "anew when it serves another version.</p>"
        )
    items = "".join(
        f'<li><span class="createos-is-{_RESULTS[result][1]}" role="img" aria-label="{_RESULTS[result][2]}">'
        f"{icon(_RESULTS[result][0])}</span><span>{escaped(claim)} "
        f'<span class="createos-quiet">{escaped(figure)}</span></span></li>'
        for result, claim, figure in needed(reading, alpha, beta)
    )
    title = "Holds as long as" if decision == PROMOTE else "Needed to promote"
    return Html(f'<h4>{title}</h4><ul class="createos-needed">{items}</ul>')


def decisions(reading: ReleaseReading) -> pd.DataFrame:
    """Return what was decided, and what is to be.

    Returns:
        One row a decision: `time` (when it was known, UTC), `decision`, `done` (False for what is to come).
    """
    rows: list[tuple[Any, str, bool]] = [(reading.begin, f"Watched from here: {reading.since}", True)]
    verdict = reading.verdict
    if verdict is not None:
        path = verdict.path
        changed = path["decision"].ne(path["decision"].shift())
        bucket = pd.Timedelta(seconds=verdict.bucket_seconds)
        words = {decision: word for decision, (word, *_) in DECISIONS.items()} | {ROLLBACK: _ROLL_BACK}
        rows += [(moment + bucket, words[path["decision"][moment]], True) for moment in path.index[changed]]
    decision = decision_of(reading)
    if decision == PROMOTE:
        rows.append((reading.latest, "Until then at least it is watched; it may still be rolled back", reading.over))
    elif decision != ROLLBACK:
        word = "Was to be decided: you decide" if reading.over else "At the latest: if undecided, you decide"
        rows.append((reading.latest, word, reading.over))
    frame = pd.DataFrame(rows, columns=["time", "decision", "done"])
    return frame.astype({"time": "datetime64[us, UTC]", "decision": TEXT, "done": "bool"})


def decisions_html(reading: ReleaseReading) -> Html:
    """Return the decisions so far and the next one, as a list."""
    frame = decisions(reading)
    first, changes = frame.iloc[:1], frame.iloc[1:]
    left_out = max(len(changes) - _MOST_CHANGES - 1, 0)
    shapes = {word: (shape, color) for word, shape, color in DECISIONS.values()}
    # past decisions: nothing goes on in them
    shapes |= {_ROLL_BACK: ("failed", "down"), DECISIONS[WATCH][0]: ("done", "unknown")}
    items = []
    for row in pd.concat([first, changes.iloc[left_out:]]).itertuples():
        shape, color = shapes.get(str(row.decision), ("done", "ok") if row.done else ("not reached", "unknown"))
        quiet = "" if row.done else ' class="createos-quiet"'
        items.append(
            f'<li{quiet}><time>{row.time:%H:%M}</time><span class="createos-is-{color}">{icon(shape)}</span>'
            f"<span>{escaped(row.decision)}</span></li>"
        )
    if left_out:
        items.insert(
            1, f'<li class="createos-quiet"><time></time><span></span><span>{left_out} changes between</span></li>'
        )
    title = '<h4>Decisions <span class="createos-quiet">UTC</span></h4>'
    return Html(f'{title}<ol class="createos-decisions">{"".join(items)}</ol>')


def what_to_do(reading: ReleaseReading) -> str:
    """Return what is to be done now, in one sentence."""
    decision, new, old = decision_of(reading), reading.candidate, reading.baseline
    if new.version == old.version and not reading.earlier and _live(new.version):
        return f"Both run {new.version}: there is no release to judge between them any more."
    if decision == ROLLBACK:
        if new.serves:
            return f"Users are on {new.name}: switch {reading.domain} back to {old.name}."
        return f"Users are not on {new.name}: nothing is to be switched. Don't promote {new.version}."
    if decision == PROMOTE:
        if new.serves or not reading.domain:
            return "Nothing to do. The watch goes on, and takes a promotion back where it no longer holds."
        return f"{new.name} may take over: users are still on {old.name}."
    if reading.over:
        return "It was to be decided by now, and is not. Nothing is changed by itself: you decide."
    return f"Nothing to do. Nothing is changed by itself; it is decided by {reading.latest:%H:%M} UTC, or you decide."
