"""Pure parts: daily history as matrices, reports and their split, what a limit reads."""
