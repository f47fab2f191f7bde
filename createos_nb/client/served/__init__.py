"""A world that another process serves, with the methods of an embedded one."""
