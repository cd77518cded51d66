"""The `tapeline` command."""
