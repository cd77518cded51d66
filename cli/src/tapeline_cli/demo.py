"""Loads the demo book and its history from data/demo, as `tapeline load` would."""

from local_stack.stack import Stack
from local_stack.state import checkout_root


def load(stack: Stack) -> str:
    """Take in data/demo; what is there already changes nothing."""
    del stack
    return str(checkout_root() / "data" / "demo")
