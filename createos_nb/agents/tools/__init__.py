"""The tools of the server: a file each for what belongs together; whatever is a `Tool` there is found."""
