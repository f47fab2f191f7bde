"""Panels: control the platform from a cell, by the same client and the same plans as from code.

panel = panels.scale(client, "storefront", "production")
panel                                     # shows itself
panel.params = {"replicas": 3, "reason": "the sale", "confirm": "production"}
panel.run()                               # what the button does; gives the receipt
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from createos_nb.panels.scaling import ScalePanel

if TYPE_CHECKING:
    from createos_nb.client import Client

__all__ = ["scale"]


def scale(client: Client, project: str, environment: str) -> ScalePanel:
    """Give an environment other resources: sliders within the platform's limits, demand against capacity beside them.

    Parameters: `replicas` (1–3), `cpu` (200–500 millicores), `memory` (500–1024 MB), `reason`, `confirm`. `run()` gives
    a `Receipt`.
    """
    return ScalePanel(client, project, environment)
