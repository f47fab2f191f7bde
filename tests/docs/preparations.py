"""What a page takes for granted: run before one of its Python blocks, which are counted from 0.

A reader has `createos_nb` and a `client`; what is here is what the text around a block says is there.
"""

from __future__ import annotations

from typing import Final

_GIFT_CARDS: Final = """
id = client.projects.create(
    unique_name="gift-cards", display_name="Gift cards", type="image", settings={"port": 8080}
)["id"]
"""
#: A server of the world on the port that the page names.
_SERVED: Final = """
served = createos_nb.simulator.serve(client.world, speed=0, control=True)
served.start()
cleanup.append(served.stop)
"""

PREPARATIONS: Final[dict[str, dict[int, str]]] = {
    "docs/calls.md": {
        0: _GIFT_CARDS,
        1: "client = createos_nb.simulate()",
        2: f'client = createos_nb.simulate(unknown_fields="ignore")\n{_GIFT_CARDS}',
    },
    "docs/diagnosis.md": {1: "flag_switched_at = bool"},
    "docs/domains.md": {
        2: 'client.world.set_dns("gifts.example.com")',
        3: 'domain = "gifts.example.com"',
    },
    "docs/freezes.md": {
        1: """
freeze = plans.freeze(client, until="+4h", reason="Black Friday")
freeze.apply(confirm=freeze.confirmation, reason="as agreed")
plan = createos_nb.runbooks.rollback(client, "storefront", "production")
"""
    },
    "docs/launch.md": {
        0: """
from pathlib import Path
Path("site").mkdir()
Path("site/index.html").write_text("<h1>Gift cards</h1>")
""",
        1: """
receipt = runbooks.launch(
    client, "gift-vouchers", source={"index.html": b"<h1>Vouchers</h1>"}, domain="gifts.example.com"
).apply()
""",
        2: 'client.world.set_dns("gifts.example.com")',
        3: """
code = client.world.github_code("juniper-labs")
address = f"https://example.com/?code={code}&installation_id=51902266"
""",
    },
    "docs/mcp.md": {0: f"{_SERVED}\nkey = client.world.key"},
    "docs/recipes.md": {
        1: """
from pathlib import Path
Path("executor").mkdir()
Path("executor/requirements.txt").write_text("fastapi\\nuvicorn\\n")
Path("executor/main.py").write_text("from fastapi import FastAPI\\napp = FastAPI()\\n")
""",
        2: "journal = plan.apply().journal",
    },
    "docs/steering.md": {0: f"{_SERVED}\ntoken = served.token"},
}
