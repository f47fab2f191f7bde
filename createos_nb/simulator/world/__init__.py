"""The world that is simulated: its clock, its events, faults, snapshots and replay."""
