"""Portfolio values: live on every tick, official on every final bar."""
