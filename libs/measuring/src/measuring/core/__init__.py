"""Pure parts: daily history as matrices, reports, what a limit reads."""
