"""The command line: parse, call, show. Heavy modules are imported when a command runs."""
