"""End of day: what is frozen once a business date is over, in steps that may be repeated."""
