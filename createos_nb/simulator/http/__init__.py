"""The world behind a transport, and on an HTTP port."""
