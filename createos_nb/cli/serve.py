"""`createos-nb serve`: the simulated platform over HTTP, for other clients, kernels and browsers."""

from __future__ import annotations

NAME = "serve"
HELP = "Serve a simulated platform on this machine."
