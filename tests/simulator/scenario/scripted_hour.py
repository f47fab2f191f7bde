"""An hour of a scenario, asked through the API minute by minute: a digest of every byte that came back.

python tests/simulator/scenario/scripted_hour.py              each scenario and its digest
python tests/simulator/scenario/scripted_hour.py --write      keep them in digests.json, after a change that was meant
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from createos_nb.data_files import folder
from createos_nb.simulator import World, open_world

DIGESTS = Path(__file__).with_name("digests.json")
PROJECTS = 12
NAMES = sorted(path.stem for path in (folder("data") / "scenarios").glob("*.toml"))


def scripted_hour(name: str, seed: int = 7) -> str:
    """SHA-256 over all answers of a scripted hour, which reads everything and changes some of it."""
    world = open_world(name, seed=seed)
    digest = hashlib.sha256()
    for part in range(3):
        for project in _ask(world, digest, "GET", "/v1/projects", f"limit={PROJECTS}")["data"]:
            _visit(world, digest, f"/v1/projects/{project['id']}", part)
        _ask(world, digest, "GET", "/v1/quotas")
        world.advance("20min")
    digest.update(world.events().to_csv(index=False, lineterminator="\n").encode())
    return digest.hexdigest()


def _visit(world: World, digest: Any, at: str, part: int) -> None:
    deployments = (_ask(world, digest, "GET", f"{at}/deployments", "limit=3") or {"data": []})["data"]
    _ask(world, digest, "GET", f"{at}/domains")
    for one in deployments:
        _ask(world, digest, "GET", f"{at}/deployments/{one['id']}/build-logs")
        _ask(world, digest, "GET", f"{at}/deployments/{one['id']}/deployment-logs", "since-seconds=20")
    for number, one in enumerate(_ask(world, digest, "GET", f"{at}/environments") or []):
        there = f"{at}/environments/{one['id']}"
        _ask(world, digest, "GET", f"{there}/analytics")
        _ask(world, digest, "GET", f"{there}/analytics/requests-over-time")
        _ask(world, digest, "GET", f"{there}/logs", "since-seconds=40")
        if part == 1 and number == 0:
            size = json.dumps({"cpu": 400, "memory": 768, "replicas": 3}).encode()
            _ask(world, digest, "PUT", f"{there}/resources", body=size)
    if part == 0 and deployments:
        _ask(world, digest, "POST", f"{at}/deployments/{deployments[0]['id']}/retrigger", "settings=project")
        _ask(world, digest, "POST", f"{at}/deployments/{deployments[-1]['id']}/wakeup")


def _ask(world: World, digest: Any, method: str, path: str, query: str = "", body: bytes = b"") -> Any:
    reply = world.handle(method, path, query, {"x-api-key": world.key}, body)
    digest.update(repr((method, path, query, reply.status, reply.headers)).encode() + reply.body)
    return json.loads(reply.body)["data"] if reply.status < 300 else None


if __name__ == "__main__":
    found = {name: scripted_hour(name) for name in NAMES}
    if "--write" in sys.argv:
        DIGESTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found) + "\n")
