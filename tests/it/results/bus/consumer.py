"""Hears so many messages with the consumer of fedora-messaging, and prints them."""

import json
import sys

from fedora_messaging import api, config
from fedora_messaging.exceptions import HaltConsumer

url, queue, count = sys.argv[1:]
config.conf.load_config()
config.conf["amqp_url"] = url
config.conf["tls"] = {"ca_cert": None, "keyfile": None, "certfile": None}
left = int(count)


def hear(message):
    global left
    print(json.dumps({"id": message.id, "topic": message.topic, "severity": message.severity, "body": message.body}))
    left -= 1
    if left == 0:
        raise HaltConsumer()


arguments = {"x-dead-letter-exchange": "amq.fanout"}
queues = {queue: {"durable": True, "auto_delete": False, "exclusive": False, "arguments": arguments}}
try:
    api.consume(hear, bindings=[], queues=queues)
except HaltConsumer:
    pass
