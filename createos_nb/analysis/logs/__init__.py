"""Logs: lines grouped into patterns."""
