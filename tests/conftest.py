"""Fixtures for every test come from libs/testkit."""

pytest_plugins = ["testkit.fixtures"]
