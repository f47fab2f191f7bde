"""CreateOS in a notebook."""
