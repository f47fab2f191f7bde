"""Steering a served world over HTTP: each control is declared once, for the server, its clients and its document."""
