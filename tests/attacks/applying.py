"""One of several processes that carry out the same plans at the same time: see `test_plans`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import createos_nb
from createos_nb import plans, runbooks


def main(url: str, key: str, folder: str, me: str, rounds: int) -> None:
    place = Path(folder)
    client = createos_nb.connect(base_url=url, api_key=key)
    for one in range(rounds):
        plan = runbooks.deploy(client, "edge-gateway", image=f"nginx:1.{one}")
        (place / f"ready-{one}-{me}").touch()
        while not (place / f"go-{one}").exists():
            time.sleep(0.002)
        try:
            receipt = plan.apply(confirm=plan.confirmation, reason="all at once", wait=False)
            said = {"outcome": "receipt", "journal": str(receipt.journal), "made": list(receipt.created.values())}
        except plans.JournalBusy as error:
            said = {"outcome": "busy", "holder": error.holder}
        except Exception as error:  # noqa: BLE001  # whatever it is, the attack has to count it
            said = {"outcome": "error", "text": f"{type(error).__name__}: {error}"}
        if said["outcome"] == "busy":
            # later: what was confirmed once is told of, and not done once more
            while not (place / f"later-{one}").exists():
                time.sleep(0.01)
            again = plan.apply(confirm=plan.confirmation, reason="all at once", wait=False)
            said |= {"outcome": "receipt", "journal": str(again.journal), "made": list(again.created.values())}
        part = place / f"said-{one}-{me}.part"
        part.write_text(json.dumps(said))
        part.rename(place / f"said-{one}-{me}")
    client.close()


if __name__ == "__main__":
    main(*sys.argv[1:5], int(sys.argv[5]))
