"""A whole fleet, judged environment by environment: in this process, in several, or on a cluster."""
