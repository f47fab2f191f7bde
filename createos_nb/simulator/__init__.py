"""A simulated CreateOS: all operations of the platform, with its rules, behind the seam where the network would be.

    world = open_world("storefront")
    client = httpx.Client(transport=world.transport(), base_url=world.base_url, headers={"X-Api-Key": world.key})
    client.get("/v1/projects").json()
    world.advance("15min")

It knows the contract (`createos_nb.contract`) and the ground, and nothing of the client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from createos_nb.simulator.scenario.builder import open_world
from createos_nb.simulator.scenario.catalog import scenarios
from createos_nb.simulator.scenario.check import check_scenario
from createos_nb.simulator.scenario.fault_worlds import fault_scenario, fault_world, faults
from createos_nb.simulator.scenario.reader import scenario_toml
from createos_nb.simulator.settings import WorldSettings
from createos_nb.simulator.world.world import World

if TYPE_CHECKING:
    from createos_nb.simulator.http.server import Server, serve

# a world that is simulated in this process needs no server
__getattr__, _, _ = lazy_loader.attach(__name__, [], {"http.server": ["Server", "serve"]})

__all__ = [
    "Server",
    "World",
    "WorldSettings",
    "check_scenario",
    "fault_scenario",
    "fault_world",
    "faults",
    "open_world",
    "scenario_toml",
    "scenarios",
    "serve",
]
