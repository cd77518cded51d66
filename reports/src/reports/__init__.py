"""The two finance reports: from rows of the warehouse to a document, and from that to files."""
