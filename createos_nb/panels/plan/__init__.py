"""A plan on the screen: shown, confirmed, applied with its progress and the log of its build, and the receipt."""
