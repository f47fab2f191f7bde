"""Logs on the screen: their lines and patterns, and the panel that shows them."""
