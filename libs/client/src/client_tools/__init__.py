"""Makes the generated modules of tapeline_client from the OpenAPI document."""
