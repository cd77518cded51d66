"""Pure parts: calendars, positions in force, rows of frozen profit and loss."""
