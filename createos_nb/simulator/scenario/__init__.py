"""Scenario files: schema, reader, builder, expectations and catalog."""
