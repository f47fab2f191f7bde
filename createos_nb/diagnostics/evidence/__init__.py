"""Evidence of a diagnosis: what is read of an environment, and what the figures and logs in it say."""
