"""Pure: a report from rows, a document from a report, charts."""
