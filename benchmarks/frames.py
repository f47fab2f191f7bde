"""100,000 deployments as 5,000 page bodies to one frame, beside decoding alone and beside json_normalize."""

from __future__ import annotations

import resource
import subprocess
import sys

import orjson
import pandas as pd

from benchmarks.measure import Figure, at_most, faster, paired
from createos_nb import contract
from createos_nb.frames import Builder, reader
from createos_nb.http.failures import RequestFacts
from createos_nb.http.response import RawResponse, parse_response

ROWS, PAGE = 100_000, 20


def deployment(number: int) -> dict[str, object]:
    """A deployment as the wire gives one."""
    return {
        "id": f"{number:08x}-7a1b-4c2d-8e3f-{number:012x}",
        "projectId": "5f0c2f3e-7a1b-4c2d-8e3f-0a1b2c3d4e5f",
        "versionNumber": number,
        "status": ("deployed", "sleeping", "build_error", "deployed")[number % 4],
        "source": {"branch": "main", "commit": f"{number:040x}", "commitMessage": f"Change number {number}"},
        "settings": {
            "port": 3000,
            "runtime": "node:20",
            "framework": "nextjs",
            "buildCommand": "npm run build",
            "installCommand": "npm ci",
            "runCommand": "npm start",
            "buildDir": None,
            "directoryPath": ".",
            "hasDockerfile": False,
            "useBuildAI": False,
            "ignoreBranches": ["docs"],
            "runEnvs": {"NODE_ENV": "production", "API_URL": "https://api.example.com", "TOKEN": f"t{number}"},
            "buildVars": {"CI": "1"},
        },
        "extra": {"endpoint": f"https://shop-{number}.createos.nodeops.network"},
        "artifactImage": None,
        "cancelReason": None,
        "cancelledAt": None,
        "createdAt": "2026-03-01T10:00:00.123Z",
        "updatedAt": "2026-03-01T10:04:10Z",
    }


def bodies(rows: int = ROWS) -> list[bytes]:
    """The pages of a list of so many deployments."""
    return [
        orjson.dumps(
            {
                "status": "success",
                "data": {
                    "data": [deployment(rows - i) for i in range(offset, min(rows, offset + PAGE))],
                    "pagination": {"total": rows, "limit": PAGE, "offset": offset, "count": PAGE},
                },
            }
        )
        for offset in range(0, rows, PAGE)
    ]


def ours(pages: list[bytes]) -> pd.DataFrame:
    """The road that a list takes from bodies to its frame."""
    operation = contract.find("ListDeployments")
    facts = RequestFacts(operation, operation.path)
    read, builder = reader(operation), Builder(reader(operation).of)
    for body in pages:
        read.read(parse_response(RawResponse(facts, 200, {}, body))).into(builder)
    return builder.frame()


def decoded(pages: list[bytes]) -> list[object]:
    """The floor: each body decoded and kept, nothing built of it."""
    return [orjson.loads(body) for body in pages]


def normalized(pages: list[bytes]) -> pd.DataFrame:
    """The naive way."""
    return pd.json_normalize([row for body in pages for row in orjson.loads(body)["data"]["data"]])


def figures() -> list[Figure]:
    # first of all: a child's peak starts at what its parent holds
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.frames", "memory"], capture_output=True, text=True, check=True
    )
    peak = float(run.stdout)
    pages = bodies()
    mine, floor = paired(lambda: ours(pages), lambda: decoded(pages), runs=5)
    again, naive = paired(lambda: ours(pages), lambda: normalized(pages), runs=3)
    return [
        at_most("100,000 deployments, 5,000 bodies → one frame", mine, "orjson.loads of each body, kept", floor, 1.2),
        faster("100,000 deployments, 5,000 bodies → one frame", again, "pandas.json_normalize", naive, 3),
        at_most("peak memory above the bytes", peak, "limit", 300.0, 1.0, "MB"),
    ]


def _memory() -> float:
    """Peak memory in MB that building the frame adds to holding the bytes; in a process of its own."""
    pages = bodies()
    ours(pages[:10])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    frame = ours(pages)
    assert len(frame) == ROWS
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


if __name__ == "__main__":
    print(_memory() if "memory" in sys.argv else figures())
