"""Files and the broker."""
