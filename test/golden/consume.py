"""Reads results and maps as somebody else would: librdkafka, and Pillow for the PNGs.

usage: consume.py BOOTSTRAP RESULTS_TOPIC MAPS_TOPIC
prints {"results": [{key, partition, message}], "maps": [{key, partition, id, rows, cols, scores}]}
"""
import io
import json
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from PIL import Image


def records(bootstrap, topic):
    """All records that a topic has now, partition by partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "golden", "enable.auto.commit": False})
    for partition in sorted(consumer.list_topics(topic, 10).topics[topic].partitions):
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), 10)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
        offset = -1
        while offset < end - 1:
            record = consumer.poll(10)
            if record is None or record.error():
                sys.exit(f"{topic}-{partition}: {record and record.error()}")
            offset = record.offset()
            yield record
    consumer.close()


def scores(png, header):
    """score = scale-min + sample / 65535 * (scale-max - scale-min), as the contract has it."""
    image = Image.open(io.BytesIO(png))
    assert image.mode.startswith("I"), image.mode
    assert image.size == (int(header["cols"]), int(header["rows"])), image.size
    low, high = float(header["scale-min"]), float(header["scale-max"])
    return [low + sample / 65535 * (high - low) for sample in image.getdata()]


def main(bootstrap, results_topic, maps_topic):
    results = [
        {"key": r.key().decode(), "partition": r.partition(), "message": json.loads(r.value())}
        for r in records(bootstrap, results_topic)
    ]
    maps = []
    for record in records(bootstrap, maps_topic):
        header = {name: value.decode() for name, value in record.headers()}
        assert header["schema"] == "patchline.map/1"
        maps.append(
            {
                "key": record.key().decode(),
                "partition": record.partition(),
                "id": header["frame-id"],
                "rows": int(header["rows"]),
                "cols": int(header["cols"]),
                "scores": scores(record.value(), header),
            }
        )
    json.dump({"results": results, "maps": maps}, sys.stdout)


main(*sys.argv[1:])
