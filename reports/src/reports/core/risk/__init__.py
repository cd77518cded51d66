"""Risk Exposure."""
