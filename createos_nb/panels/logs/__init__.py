"""Logs on the screen: their lines and patterns, the log of a build as stages, and the panel that shows them."""
