"""The kinds of steps, each a change of one thing."""

from __future__ import annotations

from createos_nb.plans.steps.deployments import DeployAgain, DeployBranch, DeployImage, Upload, Wake
from createos_nb.plans.steps.destroying import (
    DeleteApp,
    DeleteCronjob,
    DeleteDeployment,
    DeleteDomain,
    DeleteEnvironment,
    DeleteProject,
    DeleteTemplate,
    RevokeKey,
)
from createos_nb.plans.steps.domains import Route
from createos_nb.plans.steps.environments import Assign, Scale, Update
from createos_nb.plans.steps.handing_over import OfferTransfer, TakeOver
from createos_nb.plans.steps.making import MakeEnvironment
from createos_nb.plans.steps.variables import SetVariables
from createos_nb.plans.steps.watching import Probe, Watch

#: What a journal can hold.
AnyStep = (
    Assign
    | Update
    | Scale
    | SetVariables
    | MakeEnvironment
    | DeployImage
    | DeployBranch
    | DeployAgain
    | Upload
    | Wake
    | Route
    | Probe
    | Watch
    | DeleteProject
    | DeleteEnvironment
    | DeleteDeployment
    | DeleteDomain
    | DeleteCronjob
    | DeleteApp
    | DeleteTemplate
    | RevokeKey
    | OfferTransfer
    | TakeOver
)
