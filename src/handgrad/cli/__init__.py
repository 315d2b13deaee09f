"""The command line: a door. It parses, calls and shows; heavy things are imported when a command runs."""
