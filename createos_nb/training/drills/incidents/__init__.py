"""Families of incidents: a file that is added here is found by itself.

Each has `FAMILIES`, a sequence of `Family`, which name templates of `createos_nb.simulator.faults()`.
"""
