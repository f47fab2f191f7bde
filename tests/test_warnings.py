"""An ordinary process is silent under `python -W error`: no warning, no exception that nobody can catch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("world", ["embedded", "served"])
def test_an_ordinary_process_raises_and_prints_no_warning(world: str, tmp_path: Path) -> None:
    environment = {**os.environ, "CREATEOS_NB_JOURNALS": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", WORK, world, str(tmp_path / "plot.png")],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3_000:]
    assert "Warning" not in ran.stderr
    assert "ignored" not in ran.stderr  # what is raised where nobody can catch it, as in the end of an object
    assert ran.stderr == ""
    assert int(ran.stdout.split()[-1]) >= 20
