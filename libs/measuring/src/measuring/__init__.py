"""From a valuation to its risk numbers and limit readings: the same code live and at the close."""
