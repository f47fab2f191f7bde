"""The wire: requests built and answers read without I/O, and the one place that does I/O."""
