"""How a client finds its account: profiles, keys, and the line that opens one."""
