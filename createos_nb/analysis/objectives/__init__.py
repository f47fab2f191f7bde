"""Objectives: the error budget, how fast it burns, and when that wakes somebody."""
