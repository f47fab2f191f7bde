"""Two causes at once, and alarms with none."""

from __future__ import annotations

from createos_nb.training.drills.family import Family

FAMILIES = (
    Family(
        "two_faults",
        "Two things are wrong at once, in one project or in two.",
        {
            "bad_release_one_path+external_dependency_alone": "errors",
            "memory_leak+bad_release_all_paths": "errors",
            "capacity+build_failed_code": "errors",
            "wrong_port+domain_pending": "errors",
        },
    ),
    Family(
        "false_alarm",
        "It looks wrong, and nothing is: a crowd that is served, a sound release, a bot, what is long over.",
        {
            "healthy": "past",
            "healthy_release": "release",
            "healthy_campaign": "crowd",
            "healthy_bots": "refusals",
            "healthy_blip": "past",
        },
        false_alarm=True,
    ),
)
