"""The client: every resource of an account, and what takes more than one call."""
