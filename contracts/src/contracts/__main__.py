"""`python -m contracts`: make the topics on the brokers of TAPELINE_KAFKA. Used by images and by hand."""

import os
import sys

from contracts.admin import create_topics

if __name__ == "__main__":
    bootstrap = os.environ.get("TAPELINE_KAFKA")
    if not bootstrap:
        sys.exit("TAPELINE_KAFKA is not set: give the bootstrap servers, e.g. broker:9092")
    for change in create_topics(bootstrap):
        sys.stdout.write(f"{change.topic} {change.action} {change.detail}".rstrip() + "\n")
