"""Sends frames with librdkafka: one of each line on stdin (JSON: key, value as hex, headers).

usage: produce.py BOOTSTRAP TOPIC COMPRESSION
"""
import json
import sys

from confluent_kafka import Producer

bootstrap, topic, compression = sys.argv[1:]
producer = Producer({"bootstrap.servers": bootstrap, "compression.type": compression, "linger.ms": 50})
for line in sys.stdin:
    frame = json.loads(line)
    headers = {name: value.encode() for name, value in frame["headers"].items()}
    producer.produce(topic, key=frame["key"], value=bytes.fromhex(frame["value"]), headers=headers)
if producer.flush(20) > 0:
    sys.exit("not all frames were sent")
