"""The dashboard: one process that serves the panels of one account to all who look at it.

`createos-nb dashboard` starts it. Each page has a tree of panels of its own over one client; what the fleet's overview
reads is read once for all of them.
"""
