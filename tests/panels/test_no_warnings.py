"""A process with every warning an error: it opens every panel, is dropped files, applies a plan, and ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from createos_nb import panels

SCRIPT = """
import gc, inspect, pathlib, sys
import createos_nb
from createos_nb import panels, runbooks

client = createos_nb.simulate("storefront")
own = {"project": "storefront", "environment": "production"}
opened = []
for name in panels.__all__:
    build = getattr(panels, name)
    wanted = [one for one in inspect.signature(build).parameters if one in own]
    opened.append(build(client, *(own[one] for one in wanted)))
fleet = next(one for one in opened if type(one).__name__ == "OverviewPanel")
fleet.params = {"chosen": "storefront / production", "show": "logs", "live": True}
fleet.open()

deploying = panels.deploy(client, "landing-pages")
drop = deploying._drop
drop._told(drop, {"kind": "begin", "batch": 1, "files": [["index.html", 2]], "left": []}, [])
drop._told(drop, {"kind": "parts", "batch": 1, "parts": [[0, 0]]}, [b"ok"])
print("dropped", drop.folder)

plan = runbooks.scale(client, "storefront", "production", replicas=3)
receipt = plan.apply(confirm=plan.confirmation, reason="the sale")
assert receipt.finished, receipt
for one in opened[::2]:
    one.close()  # the others are left to the end of the process
print("done", len(opened))
gc.collect()
"""


def test_a_process_that_opens_every_panel_and_applies_a_plan_warns_of_nothing(tmp_path: Path) -> None:
    environment = os.environ | {"CREATEOS_NB_JOURNALS": str(tmp_path / "journals"), "PYTHONDEVMODE": "1"}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=300,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert f"done {len(panels.__all__)}" in run.stdout
    dropped = Path(run.stdout.split("dropped ")[1].splitlines()[0])
    assert dropped.name.startswith("createos-drop-")
    assert not dropped.exists()
