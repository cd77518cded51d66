"""bar-aggregator: ticks in, five-minute bars out, by a live path and by Spark."""
