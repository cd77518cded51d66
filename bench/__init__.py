"""Measures the paths of the design's table; nothing here is asserted on time."""
