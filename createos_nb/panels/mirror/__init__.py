"""A panel's tree of widgets for browsers that show no ipywidgets: a snapshot, patches, and events handed back."""
