"""Limits in the risk service: what they say, what they read, and which events they give."""
