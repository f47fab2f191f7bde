"""Drills: incidents to rehearse, from the alert to the score."""
