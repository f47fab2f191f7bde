"""A release on the screen: the two lanes of a domain, the evidence for and against, and the panel that watches it."""
