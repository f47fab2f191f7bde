"""Examinations: any program as a trainee in drills, in a process of its own."""
