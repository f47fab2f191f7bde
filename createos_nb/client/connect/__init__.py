"""Profiles, keys and the functions that open a client."""
