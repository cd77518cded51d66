"""Process boilerplate that every service calls and none inherits."""
