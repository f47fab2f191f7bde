"""The documentation site: `python -m tools.site` lays its pages out and has Sphinx build them."""
