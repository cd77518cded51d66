"""Test support: embedded broker and database, builders. Never imported by a service."""
