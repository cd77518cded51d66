"""`tapeline dlq`: look at refused events and send them again."""
