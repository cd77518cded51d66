"""Shapes of the answers, one module per noun; encoded by msgspec and documented in OpenAPI as they are."""
