"""Fixtures for every test come from libs/testkit."""

from hypothesis import settings

pytest_plugins = ["testkit.fixtures"]

# How long an example takes is no property of the code: machines are shared.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
