"""The contracts between Tapeline's services: messages, topics and their codec."""

from contracts import topics as topics
from contracts.topic import Topic as Topic
from contracts.types import *  # noqa: F403 - every generated name is part of the contract
