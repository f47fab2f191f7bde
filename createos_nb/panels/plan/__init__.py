"""A plan on the screen: shown, confirmed, applied with its progress, and the receipt."""
