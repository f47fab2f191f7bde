"""What is done again and again, each as a function of the client that returns a `Plan`; nothing is changed by it.

plan = runbooks.rollback(client, "storefront", "production")
plan                                                   # look at it
receipt = plan.apply(confirm=plan.token, reason="checkout fails since v17")
receipt.undo()                                         # a plan again
"""

from __future__ import annotations

from createos_nb.plans.gate import ReleaseGate, ServerErrorRate, Verdict
from createos_nb.runbooks.canary import canary
from createos_nb.runbooks.deleting import delete, delete_app, delete_template, revoke_key
from createos_nb.runbooks.deploying import deploy, promote, retry_failed, wake
from createos_nb.runbooks.holding import hold, release
from createos_nb.runbooks.rolling_back import rollback
from createos_nb.runbooks.scaling import scale
from createos_nb.runbooks.switching import blue_green, switch
from createos_nb.runbooks.transferring import take_over, transfer
from createos_nb.runbooks.variables import set_variables
from createos_nb.runbooks.watching import Watched, release_watch

__all__ = [
    "ReleaseGate",
    "ServerErrorRate",
    "Verdict",
    "Watched",
    "blue_green",
    "canary",
    "delete",
    "delete_app",
    "delete_template",
    "deploy",
    "hold",
    "promote",
    "release",
    "release_watch",
    "retry_failed",
    "revoke_key",
    "rollback",
    "scale",
    "set_variables",
    "switch",
    "take_over",
    "transfer",
    "wake",
]
