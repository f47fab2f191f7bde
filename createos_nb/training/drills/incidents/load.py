"""More comes than can be served, or less can be served than before."""

from __future__ import annotations

from createos_nb.training.drills.family import Family

FAMILIES = (
    Family("capacity", "A crowd comes that the replicas can't serve.", {"capacity": "errors"}),
    Family("noisy_neighbor", "Somebody else on the machine takes the CPU.", {"noisy_neighbor": "errors"}),
    Family("cron_storm", "Jobs on a schedule take the CPU of visitors.", {"cron_storm": "errors"}),
)
