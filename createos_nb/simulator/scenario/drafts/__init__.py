"""Making up scenarios: what an account may hold, from a random source, as the sections of a file."""
