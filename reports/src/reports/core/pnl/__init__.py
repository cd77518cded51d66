"""Daily Portfolio PnL."""
