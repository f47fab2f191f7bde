"""Agents: the toolkit as a server of the Model Context Protocol, for the platform and for simulated worlds alike."""
