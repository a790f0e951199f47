"""Other tools for the same task, each in an environment of its own."""
