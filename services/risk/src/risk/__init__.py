"""Risk of current holdings against daily history."""
