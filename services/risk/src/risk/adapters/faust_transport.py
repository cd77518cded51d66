"""Faust's Kafka transport with a shorter wait for new messages.

Faust asks the broker to hold a fetch open for 1.5 s, and its client leaves out of a fetch every partition
whose messages are not worked off yet. After a busy moment that are all partitions with portfolios: the fetch
then waits for the silent ones, and what comes meanwhile on the others is late by up to that time.
"""

from typing import Any

from faust.transport.drivers import aiokafka as driver

FETCH_WAIT_MS = 50


class _Thread(driver.AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Neither Faust nor the client has a setting for it; a test sees that it takes effect.
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer


class _Consumer(driver.Consumer):
    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


class Transport(driver.Transport):
    """What the app reads by."""

    Consumer = _Consumer
