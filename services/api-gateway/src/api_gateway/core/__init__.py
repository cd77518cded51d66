"""Pure part of the gateway: the memory view and the projections from messages to answers."""
