"""What the risk service computes on request: one module per analysis with its request and its answer.

These travel over HTTP between api-gateway and risk (`POST /analysis/<name>`), not on a topic: the asker
waits.
"""
