"""A program that takes drills: what it is given and what it can't find, how it answers, and how it is ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from createos_nb import training
from createos_nb.agents.call_journal import CallJournal
from createos_nb.agents.context import ToolContext
from createos_nb.agents.drill_link import DrillLink
from createos_nb.agents.examination import agent_process, one
from createos_nb.agents.examination.desk import Desk
from createos_nb.agents.examination.one import Terms, seeds_of, take_one
from createos_nb.agents.examination.result import Examination
from createos_nb.agents.examination.run import examine_command
from createos_nb.agents.server import AgentServer
from createos_nb.cli import main
from createos_nb.errors import ConfigurationError, InvalidInput, UnknownName
from createos_nb.training.drills.problem import make_problem

FAMILY = "auto_promotion_trap"
SEED = 918_273_645
SALT = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"

#: Everything that an agent can see: its environment, arguments, input and folder, and whatever its addresses answer.
LOOKS_EVERYWHERE = """
import itertools, json, os, sys, urllib.request, urllib.error
seen = [repr(dict(os.environ)), repr(sys.argv), sys.stdin.read(), os.getcwd()]
for folder, folders, files in os.walk(os.getcwd()):
    seen += [folder, repr(folders), repr(files)]
    seen += [open(os.path.join(folder, name), errors="replace").read() for name in files]
key = os.environ["CREATEOS_API_KEY"]

def ask(url, body=None, **more):
    headers = {"X-API-Key": key, "Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(url, body and json.dumps(body).encode(), {**headers, **more})
    try:
        with urllib.request.urlopen(request) as answer:
            status, text, given = answer.status, answer.read().decode(errors="replace"), answer.headers
    except urllib.error.HTTPError as error:
        status, text, given = error.code, error.read().decode(errors="replace"), error.headers
    seen.append(f"{url} {status} {given} {text}")
    try:
        return json.loads(text)
    except ValueError:
        return None

api, desk, mcp = (os.environ[f"CREATEOS_{name}_URL"] for name in ("API", "DRILL", "MCP"))
document = ask(f"{api}/openapi.json")
ids = {}
for path, methods in document["paths"].items():
    if "get" in methods and "{" not in path and "transfer" not in path:
        found = ask(f"{api}{path}?limit=20")
projects = [one["id"] for one in ask(f"{api}/v1/projects?limit=20")["data"]["data"]]
for project in projects:
    for what in ("", "/environments", "/deployments?limit=20", "/domains", "/cronjobs", "/transfer/history"):
        found = ask(f"{api}/v1/projects/{project}{what}")
        rows = (found or {}).get("data") or []
        rows = rows.get("data", []) if isinstance(rows, dict) else rows
        for row in rows if isinstance(rows, list) else []:
            if what == "/environments":
                ask(f"{api}/v1/projects/{project}/environments/{row['id']}/logs?since-seconds=3600")
                ask(f"{api}/v1/projects/{project}/environments/{row['id']}/analytics")
            if what.startswith("/deployments"):
                ask(f"{api}/v1/projects/{project}/deployments/{row['id']}/build-logs")
for path in ("/", "/_world", "/_world/", "/_world/state", "/_world/scenario", "/_world/truth", "/_world/forks",
             "/_drill", "/~/", "/score", "/debug", "/.well-known/", "/metrics"):
    for address in (api, desk):
        ask(f"{address}{path}")
        ask(f"{address}{path}", {"x": 1})
        ask(f"{address}{path}", Authorization="Bearer guess")
for method in ("initialize", "tools/list", "resources/list", "prompts/list", "server/discover"):
    parameters = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    ask(mcp, {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters if method == "initialize" else {}})
print(json.dumps({"trouble": True}))
sys.stderr.write(json.dumps("\\n".join(seen)))
"""


def terms(code: str, **more: Any) -> Terms:
    given = {"salt": SALT, "timeout": 60.0, "lasts": "60min", "seconds_per_call": 1.0, **more}
    return Terms((sys.executable, "-I", "-c", code), **given)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> str:
    """What an agent finds that looks everywhere."""
    said: list[str] = []
    real = agent_process._kept

    def kept(stream: Any, tail: list[str]) -> None:
        said.append(stream.read())

    monkeypatch.setattr(agent_process, "_kept", kept)
    result = take_one(FAMILY, SEED, terms(LOOKS_EVERYWHERE))
    assert real is not kept
    assert result["ended"] == "finished", said
    return str(json.loads(said[0]))


def test_nothing_that_an_agent_can_reach_tells_what_is_the_matter(seen: str) -> None:
    problem = make_problem(FAMILY, SEED, seconds=3600, salt=f"{SALT} {FAMILY}")
    truth = problem.truth
    # it did look: at each kind of address, at logs, and at what it may know
    for word in ("/v1/projects", "inputSchema", "AssignDeployment", "left_seconds", "build-logs", "alert: "):
        assert word in seen, word
    assert len(seen) > 300_000
    secret = {
        "family": FAMILY,
        "its words": FAMILY.replace("_", "-"),
        "seed": str(SEED),
        "the world's seed": str(problem.world.state.seed),
        "the same in hexadecimal": f"{problem.world.state.seed:x}",
        "salt": SALT,
        "root cause": truth.root_cause,
        "fix": truth.fix,
        **{f"template {name}": name for name in problem.family.symptoms if "_" in name},
    }
    found = [name for name, text in secret.items() if text and text in seen]
    assert not found
    assert "ground_truth" not in seen
    assert "control token" not in seen.replace("CREATEOS_NB_WORLD_TOKEN", "")


def test_no_address_steers_the_world_without_a_token(seen: str) -> None:
    for path in ("/_world", "/_world/state", "/_world/forks", "/score"):
        answers = [line for line in seen.splitlines() if f"{path} " in line and line.startswith("http")]
        assert answers, path
        assert {line.split(" ")[1] for line in answers} <= {"401", "403", "404", "405"}, path


def test_its_environment_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not for an agent")
    monkeypatch.setenv("MODEL_KEY", "for an agent")
    given = agent_process.environment_for(Path("work"), {"CREATEOS_API_KEY": "k"}, ["MODEL_KEY"])
    assert "AWS_SECRET_ACCESS_KEY" not in given
    assert given["MODEL_KEY"] == "for an agent"
    assert set(given) - {"PATH", "LANG", "LC_ALL", "LC_CTYPE"} == {
        "CREATEOS_API_KEY",
        "HOME",
        "MODEL_KEY",
        "PYTHONDONTWRITEBYTECODE",
        "TMPDIR",
    }
    with pytest.raises(InvalidInput, match="the drill sets it"):
        agent_process.environment_for(Path("work"), {"CREATEOS_API_KEY": "k"}, ["CREATEOS_API_KEY"])
    with pytest.raises(InvalidInput, match="it is not set here"):
        agent_process.environment_for(Path("work"), {}, ["NO_SUCH_VARIABLE"])


def test_another_salt_is_another_world_and_the_same_one_is_the_same() -> None:
    def world(salt: str) -> tuple[Any, ...]:
        problem = make_problem("capacity", 1, seconds=3600, salt=salt)
        names = [project.name for project in problem.world.state.projects.values()]
        return names, problem.start, problem.world.state.seed

    assert world("a") == world("a")
    assert len({str(world(salt)) for salt in ("a", "b", "c", "")}) == 4
    assert len({world(salt)[1] for salt in ("a", "b", "c", "")}) == 4


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_line_of_json_is_an_answer_and_other_lines_are_not() -> None:
    code = """
import json, os, sys
where = dict(line.split(": ", 1) for line in sys.stdin.read().splitlines())["where"]
print("thinking"), print("[1, 2]"), print('{"other": 1}'), print('{"cause": "no such cause"}')
print(json.dumps({"cause": "capacity", "where": where, "note": "a crowd"}))
"""
    result = take_one("capacity", 3, terms(code))
    assert [(row["question"], row["answer"]) for row in result["answers"]] == [
        ("trouble", "yes"),
        ("where", training.drill("capacity", 3, salt=f"{SALT} capacity").alert.where),
        ("cause", "capacity"),
    ]
    assert (result["ended"], result["exit_code"], result["schema"]) == ("finished", 0, "createos-nb/drill/1")


@pytest.fixture
def at_desk() -> Any:
    drill = training.drill("capacity", 3)
    with drill.serve() as served, Desk(drill, served.key) as desk:
        yield drill, desk, DrillLink(desk.url, served.key)


def test_an_answer_at_the_desk_counts_when_it_is_given(at_desk: Any) -> None:
    drill, _, link = at_desk
    found = link.alert()
    assert (found["text"], found["where"]) == (drill.alert.text, drill.alert.where)
    assert found["left_seconds"] == 3600
    drill.wait("5min")
    assert link.submit(cause="capacity", where=drill.alert.where)["at"] == drill.now.isoformat()
    assert set(drill.answers()["seconds"]) == {300.0}
    with pytest.raises(InvalidInput, match="cause: there is no 'capacty'; did you mean capacity"):
        link.submit(cause="capacty")
    with pytest.raises(InvalidInput, match="send the key"):
        DrillLink(link.url, "another key").alert()
    with pytest.raises(ConfigurationError, match="CREATEOS_DRILL_URL"):
        DrillLink("https://drills.example.com:1", "key")


def test_an_answer_after_the_end_counts_for_nothing(at_desk: Any) -> None:
    drill, desk, link = at_desk
    desk.close()
    assert link.submit(cause="capacity") == {}
    assert len(drill.answers()) == 0


def test_the_owner_is_asked_at_the_desk_and_it_takes_its_time(at_desk: Any) -> None:
    drill, _, link = at_desk
    value = link.ask_owner(drill.alert.where, "LOG_LEVEL")
    assert value == drill.ask_owner(drill.alert.where, "LOG_LEVEL")
    assert (drill.now - drill.alert.time).total_seconds() == 600


def test_an_agent_of_the_toolkit_answers_by_a_tool(at_desk: Any, tmp_path: Path) -> None:
    from mcp.client import Client

    drill, _, link = at_desk
    journal = CallJournal(tmp_path / "calls.jsonl")
    server = AgentServer(ToolContext(drill.client, drill=link), journal)

    async def session() -> dict[str, Any]:
        async with Client(server.server()) as client:
            found = {one.name: one for one in (await client.list_tools()).tools}
            hints = found["submit"].annotations
            assert hints is not None
            assert (hints.read_only_hint, hints.destructive_hint) == (False, False)
            told = (await client.call_tool("alert", {})).structured_content
            assert told is not None
            done = await client.call_tool("submit", {"cause": "capacity", "where": told["where"]})
            wrong = await client.call_tool("submit", {"cause": "capacty"})
            assert wrong.is_error
            return dict(done.structured_content or {})

    with start_blocking_portal() as portal:
        assert portal.call(session)["at"]
    assert drill.answers()["answer"].tolist() == ["yes", drill.alert.where, "capacity"]
    journal.close()


# --- the end ----------------------------------------------------------------------------------------------------------


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pid: int) -> bool:
    """Whether it is, or is soon: whoever is killed ends a moment later."""
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


#: Starts another process, says which, and neither of them ends when it is asked to.
STAYS = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code])
sys.stderr.write(f"{os.getpid()} {child.pid}\\n"), sys.stderr.flush()
time.sleep(60)
"""


@pytest.fixture
def taken(tmp_path: Path) -> Callable[..., agent_process.Taken]:
    def taken(code: str, *, timeout: float = 30.0, over: Callable[[], bool] = lambda: False) -> agent_process.Taken:
        environment = agent_process.environment_for(tmp_path, {})
        words = [sys.executable, "-c", code]
        return agent_process.take(
            words, tmp_path, environment, "alert", timeout=timeout, over=over, submit=lambda answer: None
        )

    return taken


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")
def test_whoever_does_not_end_is_killed_with_what_it_has_started(
    taken: Callable[..., agent_process.Taken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_process, "_GRACE", 0.2)
    found = taken(STAYS, timeout=1.5)
    assert (found.ended, found.code) == ("timeout", None)
    assert found.seconds < 10
    pids = [int(word) for word in found.errors.split()]
    assert len(pids) == 2
    assert all(map(gone, pids))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes as Linux shows them")
def test_what_an_agent_leaves_behind_ends_with_it(taken: Callable[..., agent_process.Taken]) -> None:
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
sys.stderr.write(str(child.pid))
"""
    found = taken(code)
    assert (found.ended, found.code) == ("finished", 0)
    assert gone(int(found.errors))


def test_it_ends_when_the_drill_is_over(taken: Callable[..., agent_process.Taken]) -> None:
    begun = time.monotonic()
    found = taken("import time; time.sleep(60)", over=lambda: time.monotonic() - begun > 0.3)
    assert found.ended == "drill over"
    assert found.seconds < 10


def test_time_is_up_by_calls(tmp_path: Path) -> None:
    code = """
import os, time, urllib.request
while True:
    url = os.environ["CREATEOS_API_URL"] + "/v1/projects?limit=1"
    request = urllib.request.Request(url, headers={"X-API-Key": os.environ["CREATEOS_API_KEY"]})
    urllib.request.urlopen(request).read()
"""
    result = take_one("false_alarm", 3, terms(code, seconds_per_call=300.0, lasts="20min"))
    assert result["ended"] == "drill over"
    assert result["measures"]["requests"] <= 4


def test_a_program_that_fails_says_why() -> None:
    result = take_one("false_alarm", 3, terms("raise SystemExit('no model is configured')"))
    assert (result["ended"], result["exit_code"]) == ("failed", 1)
    assert result["errors"] == "no model is configured\n"


def test_a_flood_of_words_stops_nobody(taken: Callable[..., agent_process.Taken]) -> None:
    found = taken("import sys\nfor n in range(200): print('x' * 100_000), sys.stderr.write('y' * 10_000)")
    assert found.ended == "finished"
    assert len(found.errors) <= 4_000


# --- many -------------------------------------------------------------------------------------------------------------

#: An agent that looks at the projects, and says that nothing is wrong.
SAYS_NONE = """
import os, urllib.request
url = os.environ["CREATEOS_API_URL"] + "/v1/projects?limit=1"
request = urllib.request.Request(url, headers={"X-API-Key": os.environ["CREATEOS_API_KEY"]})
with urllib.request.urlopen(request) as answer:
    answer.read()
print('{"cause": "none"}')
"""


@pytest.mark.slow
def test_several_at_a_time_give_what_one_after_the_other_gives() -> None:
    options: dict[str, Any] = {"salt": "repeat", "timeout": "60s"}
    words = [sys.executable, "-I", "-c", SAYS_NONE]
    told: list[int] = []
    apart = examine_command(
        words, "false_alarm", [1, 2], jobs=2, on_result=lambda one: told.append(one["seed"]), **options
    )
    assert told == [1, 2]
    together = examine_command(words, "false_alarm", [1, 2], **options)
    columns = ["family", "seed", "question", "passed", "value"]
    assert apart.frame()[columns].equals(together.frame()[columns])
    assert apart.frame()["passed"].sum() >= 4


def test_each_run_draws_its_own_salt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "createos_nb.agents.examination.run.take_one",
        lambda family, seed, terms: {"salt": terms.salt, "score": [], "measures": {}},
    )
    words = [sys.executable, "-c", ""]
    salts = {examine_command(words, "capacity", [1]).salt for _ in range(3)}
    assert len(salts) == 3
    assert all(len(salt) == 32 for salt in salts)
    assert examine_command(words, "capacity", [1], salt="mine").salt == "mine"


@pytest.mark.parametrize(
    ("text", "seeds"), [("1:3", [1, 2, 3]), ("7", [7]), ("1:2,9,2:3", [1, 2, 9, 3]), (" 4 , 5 ", [4, 5])]
)
def test_seeds_include_both_ends(text: str, seeds: list[int]) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "a", "1:", "3:1", "-1", "1-5", "1:2:3", "1.5"])
def test_other_seeds_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="--seeds"):
        seeds_of(text)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"families": "no such family"}, UnknownName),
        ({"seeds": []}, InvalidInput),
        ({"jobs": 0}, InvalidInput),
        ({"timeout": "0s"}, InvalidInput),
        ({"lasts": "5min"}, InvalidInput),
        ({"seconds_per_call": 9e9}, InvalidInput),
        ({"pass_env": ["NO_SUCH_VARIABLE"]}, InvalidInput),
        ({"command": "no-such-program"}, InvalidInput),
        ({"command": "'"}, InvalidInput),
        ({"command": ""}, InvalidInput),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_before_the_first_drill(
    options: dict[str, Any], error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one, "take_one", lambda *_: pytest.fail("a drill was begun"))
    with pytest.raises(error):
        examine_command(**{"command": f"{sys.executable} -V", **options})


def test_a_file_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my_agent.py").write_text("print(1)")
    assert agent_process.words_of(f"{sys.executable} my_agent.py --fast")[1:] == [
        str(tmp_path / "my_agent.py"),
        "--fast",
    ]


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_writes_a_line_for_each_drill_and_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("agent.py").write_text(SAYS_NONE)
    words = ["--agent", f"{sys.executable} agent.py", "--seeds", "1:2", "--report", "report.md"]
    assert main(["drill", "run", "false_alarm", "--json", *words]) == 0
    *drills, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["family"], one["seed"], one["ended"]) for one in drills] == [
        ("false_alarm", 1, "finished"),
        ("false_alarm", 2, "finished"),
    ]
    # a program that reads these lines while it is examined does not learn the salt
    assert last["salt"] not in json.dumps(drills)
    report = Path("report.md").read_text()
    assert f"salt: `{last['salt']}`" in report
    assert "| false_alarm | 2 | 2 |" in report


def test_a_program_that_fails_in_every_drill_ends_the_command_with_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    report = tmp_path / "report.md"
    agent = f"{sys.executable} -c 'raise SystemExit(3)'"
    assert main(["drill", "run", "false_alarm", "--seeds", "1", "--agent", agent, "--report", str(report)]) == 1
    assert "false_alarm 1 ended with 3" in capsys.readouterr().err
    assert "- false_alarm 1: failed, exit code 3" in report.read_text()


def test_a_report_of_nothing_is_a_report() -> None:
    assert "drills: 0" in Examination("agent", "salt", 1.0, "60min", 10.0, []).report()


# --- the agents that are shipped --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [pytest.param("script", marks=pytest.mark.slow), "diagnose", pytest.param("random", marks=pytest.mark.slow)]
)
def test_a_reference_agent_takes_a_drill(name: str) -> None:
    words = tuple(agent_process.words_of(name))
    result = take_one("capacity", 3, Terms(words, SALT, 120.0, "60min", 10.0))
    assert result["ended"] == "finished", result["errors"]
    assert result["answers"]
    if name == "diagnose":
        assert all(row["passed"] for row in result["score"])


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_who_is_interrupted_leaves_no_agent_behind(tmp_path: Path) -> None:
    code = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    words = ["drill", "run", "false_alarm", "--seeds", "1", "--agent", f'{sys.executable} -c "{code}"']
    program = f"import sys; from createos_nb.cli import main; sys.exit(main({words!r}))"
    process = subprocess.Popen([sys.executable, "-c", program], start_new_session=True, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert gone(int((tmp_path / "pid").read_text()))
