"""Lessons: files that say what the world is, what is to be done in it, and what is checked; progress; notebooks."""
