"""HTTP: requests built and responses read without I/O, and the one place that does I/O."""
