"""An ordinary process is silent under `python -W error`: no warning, no exception that nobody can catch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from createos_nb import panels

#: Reads all lists, applies a plan and takes it back, draws. What is opened is left to the end of the process.
WORK = """
import gc, sys
import matplotlib
matplotlib.use("agg")
import createos_nb
from createos_nb import Secret, analysis, contract, plots, runbooks

def lists(client):
    given = {"project": "storefront", "environment": "production"}
    read = 0
    for one in contract.OPERATIONS.values():
        needed = [p.name for p in one.signature.parameters.values() if p.default is p.empty]
        if one.effect == "read" and set(needed) <= set(given):
            found = getattr(getattr(client, one.resource), one.call_name)(**{name: given[name] for name in needed})
            repr(found), found._repr_html_() if hasattr(found, "_repr_html_") else None
            read += 1
    for name in ("projects", "environments", "deployments", "domains", "requests_over_time", "overview", "changes"):
        repr(getattr(client.fleet, name)())
    return read

def plan(client):
    made = runbooks.set_variables(client, "storefront", "production", {"A": Secret("a value")}, redeploy=False)
    made._repr_html_()
    receipt = made.apply(confirm=made.confirmation, reason="a test")
    receipt._repr_html_()
    undo = receipt.undo()
    undo.apply(confirm=undo.confirmation, reason="a test")._repr_html_()

def draw(client):
    requests = client.analytics.requests_over_time("storefront", "production", start="-6h")
    fleet = client.fleet.requests_over_time(start="-6h")
    for made in (plots.requests(requests), plots.heat_map(analysis.hour_by_weekday(requests)), plots.fleet(fleet)):
        made.savefig(sys.argv[2])

def work(client):
    read = lists(client)
    plan(client)
    draw(client)
    try:
        client.projects.get("no-such")
    except createos_nb.UnknownName:
        pass
    return read

if sys.argv[1] == "embedded":
    read = work(createos_nb.simulate("storefront", seed=3))
else:
    from createos_nb.simulator import open_world, serve
    with serve(open_world("storefront", seed=3), speed=60) as running:
        client = createos_nb.connect(api_key=running.key, base_url=running.url)
        read = work(client)
gc.collect()
print("read", read)
"""


#: Opens every panel, drops a file, applies a plan, and closes half of the panels. The others are left to the end of the
#: process.
PANELS = """
import gc, inspect
import createos_nb
from createos_nb import panels, runbooks, training

client = createos_nb.simulate("storefront")
arguments = {"project": "storefront", "environment": "production", "blue": "blue", "green": "green"}
drill = training.drill("capacity")
opened = {}
for name in panels.__all__:
    build = getattr(panels, name)
    if name == "traffic_chart":  # of a frame
        opened[name] = build(client.analytics.requests_over_time("storefront", "production"))
        continue
    subject = drill if name == "drill" else client
    opened[name] = build(subject, **{p: arguments[p] for p in inspect.signature(build).parameters if p in arguments})
opened["overview"].params = {"chosen": "storefront / production", "show": "logs", "live": True}
opened["overview"].open()

drop_zone = panels.deploy(client, "landing-pages")._upload.drop_zone
files = [["index.html", 2]]
drop_zone._handle_custom_msg({"kind": "begin", "batch": 1, "files": files, "skipped": []}, [])
drop_zone._handle_custom_msg({"kind": "chunks", "batch": 1, "chunks": [[0, 0]]}, [memoryview(b"ok")])
print("dropped", drop_zone.folder)

plan = runbooks.scale(client, "storefront", "production", replicas=3)
assert plan.apply(confirm=plan.confirmation, reason="the sale").finished
for panel in list(opened.values())[::2]:
    panel.close()
gc.collect()
print("opened", len(opened))
"""


@pytest.mark.parametrize("world", ["embedded", pytest.param("served", marks=pytest.mark.slow)])
def test_an_ordinary_process_raises_and_prints_no_warning(world: str, tmp_path: Path) -> None:
    output = _output(WORK, [world, str(tmp_path / "plot.png")], tmp_path)
    assert int(output.split()[-1]) >= 20


@pytest.mark.slow
def test_a_process_with_every_panel_prints_no_warning_and_deletes_dropped_files(tmp_path: Path) -> None:
    output = _output(PANELS, [], tmp_path, PYTHONDEVMODE="1")
    assert output.split()[-1] == str(len(panels.__all__))
    folder = Path(output.split("dropped ")[1].splitlines()[0])
    assert folder.name.startswith("createos-drop-")
    assert not folder.exists()


def _output(script: str, arguments: list[str], journals: Path, **environment: str) -> str:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"CREATEOS_NB_JOURNALS": str(journals)} | environment,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3_000:]
    assert "Warning" not in run.stderr
    assert "ignored" not in run.stderr  # what is raised where nobody can catch it, as in the end of an object
    assert run.stderr == ""
    return run.stdout
