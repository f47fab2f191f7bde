"""The documentation site: `python -m tools.site` lays its pages out, has Sphinx build them, and adds what can be tried."""
