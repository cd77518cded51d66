"""A document as HTML, PDF and XLSX, a report as JSON."""
