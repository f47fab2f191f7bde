"""Runbooks: each is a function of the client that returns a `Plan`; it reads only, and changes nothing.

plan = runbooks.rollback(client, "storefront", "production")
plan                                                   # review it
receipt = plan.apply(confirm=plan.digest, reason="checkout fails since v17")
receipt.undo()                                         # a plan, too
"""

from __future__ import annotations

from createos_nb.plans.gates import ReleaseGate, ScanGate, ServerErrorRate, Verdict
from createos_nb.runbooks.assign import assign
from createos_nb.runbooks.auto_promote import hold, release
from createos_nb.runbooks.blue_green import blue_green
from createos_nb.runbooks.canary import canary
from createos_nb.runbooks.catalog import catalog, find
from createos_nb.runbooks.clean_up import clean_up
from createos_nb.runbooks.delete import delete, delete_app, delete_template, revoke_key
from createos_nb.runbooks.deploy import deploy, retry_failed, wake
from createos_nb.runbooks.domains import add_domain, route_domain
from createos_nb.runbooks.github import connect_github
from createos_nb.runbooks.keys import create_key, rotate_key
from createos_nb.runbooks.launch import launch
from createos_nb.runbooks.one_step import group, keep_awake, resume_project, suspend_project
from createos_nb.runbooks.release_watch import Watched, release_watch
from createos_nb.runbooks.rollback import rollback
from createos_nb.runbooks.scale import scale
from createos_nb.runbooks.scan import scan
from createos_nb.runbooks.settings import settings
from createos_nb.runbooks.transfer import take_over, transfer
from createos_nb.runbooks.variables import copy_variables, set_variables

__all__ = [
    "ReleaseGate",
    "ScanGate",
    "ServerErrorRate",
    "Verdict",
    "Watched",
    "add_domain",
    "assign",
    "blue_green",
    "canary",
    "catalog",
    "clean_up",
    "connect_github",
    "copy_variables",
    "create_key",
    "delete",
    "delete_app",
    "delete_template",
    "deploy",
    "find",
    "group",
    "hold",
    "keep_awake",
    "launch",
    "release",
    "release_watch",
    "resume_project",
    "retry_failed",
    "revoke_key",
    "rollback",
    "rotate_key",
    "route_domain",
    "scale",
    "scan",
    "set_variables",
    "settings",
    "suspend_project",
    "take_over",
    "transfer",
    "wake",
]
