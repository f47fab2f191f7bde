"""A simulated CreateOS: all operations of the platform, with its rules, behind the seam where the network would be.

    world = open_world("storefront")
    client = httpx.Client(transport=world.transport(), base_url=world.base_url, headers={"X-Api-Key": world.key})
    client.get("/v1/projects").json()
    world.advance("15min")

It knows the contract (`createos_nb.api`) and the ground, and nothing of the client.
"""

from __future__ import annotations

from createos_nb.simulator import (  # noqa: F401  # each registers the operations that it serves
    account,
    analytics,
    api_keys,
    apps,
    cronjobs,
    deployments,
    domains,
    environments,
    github,
    logs,
    ownership,
    projects,
    purchases,
    security,
    templates,
    uploads,
)
from createos_nb.simulator.opening import open_world
from createos_nb.simulator.scenario_list import scenarios
from createos_nb.simulator.seeing import check_scenario
from createos_nb.simulator.served import Served, serve
from createos_nb.simulator.settings import WorldSettings
from createos_nb.simulator.world import World

__all__ = ["Served", "World", "WorldSettings", "check_scenario", "open_world", "scenarios", "serve"]
