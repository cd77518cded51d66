"""The whole platform on one machine, without Docker: what to fetch, start, watch and stop."""
