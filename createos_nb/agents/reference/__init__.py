"""Reference agents for drills, each a module to run: a script, one that goes by a diagnosis, one that guesses."""
