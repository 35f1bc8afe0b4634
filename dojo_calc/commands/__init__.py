"""The command line, a file a command: each reads arguments, calls the library and prints; no model."""
