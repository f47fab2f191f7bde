"""Alerts: what is looked at, what is told and when it ends, within a budget of requests."""
