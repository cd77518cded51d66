"""The REST gateway: live answers from the last messages in memory, history from PostgreSQL."""
