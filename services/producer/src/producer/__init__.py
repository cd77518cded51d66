"""Sends raw price events: a simulated market, or the ticks of a file."""
