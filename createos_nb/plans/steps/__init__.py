"""The kinds of steps, each a change of one thing; see `createos_nb.plans.steps.base` for how to add one."""
