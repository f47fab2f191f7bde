"""What a new version, or the way to it, brings along."""

from __future__ import annotations

from createos_nb.training.drills.family import Family

FAMILIES = (
    Family(
        "bad_release",
        "A new version fails on one path, on all, with time-outs, or refuses what it answered before.",
        {
            "bad_release_one_path": "errors",
            "bad_release_all_paths": "errors",
            "bad_release_timeouts": "errors",
            "bad_release_client_errors": "refusals",
        },
    ),
    Family(
        "auto_promotion_trap",
        "A bad version went live by itself, and the next one is on its way: a rollback alone does not last.",
        {"auto_promotion_trap": "errors"},
    ),
    Family(
        "build_failed", "The code of a commit can't be built; what is live goes on.", {"build_failed_code": "build"}
    ),
    Family(
        "dependency_missing",
        "A build asks for a package that does not exist, or that it may not read.",
        {"build_failed_package": "build", "private_package": "build"},
    ),
    Family(
        "wrong_port",
        "The app listens on another port than the settings say.",
        {"wrong_port": "errors", "wrong_port_at_start": "build"},
    ),
    Family("runtime_crash", "The process ends, and is started again and again.", {"runtime_crash": "errors"}),
    Family(
        "missing_variable",
        "A process or a build ends because a variable is not set.",
        {"missing_variable_at_run": "errors", "missing_variable_at_build": "build"},
    ),
    Family(
        "out_of_memory",
        "A new version needs more memory than it has.",
        {"out_of_memory": "errors", "out_of_memory_at_start": "errors"},
    ),
    Family(
        "memory_leak", "Memory fills in the course of hours, until the process is killed.", {"memory_leak": "bursts"}
    ),
)
