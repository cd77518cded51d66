"""`tapeline eod`: the whole end of day, the steps of endofday between those that need the platform."""
