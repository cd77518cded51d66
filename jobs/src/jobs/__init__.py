"""Spark jobs: pure transforms from DataFrame to DataFrame, and small runners that read and write Delta."""
