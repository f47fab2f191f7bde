"""The platform's rules: one file a resource, and what they share."""
