#!/bin/sh
# Makes Patchline's topics where they are missing, and brings their settings up to date.
#
#   topics.sh HOST:PORT
#
# PARTITIONS (8)    of topics that are made: most workers that can share the frames
# REPLICATION (1)   3 on a cluster that is to survive a broker
# MAX_BYTES         largest frame; 8 MiB
# KAFKA_BIN         where Kafka's own scripts are
set -eu
server=${1:?usage: topics.sh HOST:PORT}
bin=${KAFKA_BIN:-/opt/kafka/bin}
max_bytes=${MAX_BYTES:-8388608}
hour=3600000

# topic NAME RETENTION_MS
topic() {
  "$bin/kafka-topics.sh" --bootstrap-server "$server" --create --if-not-exists --topic "$1" \
    --partitions "${PARTITIONS:-8}" --replication-factor "${REPLICATION:-1}"
  # With the key, the headers and the frame of a record it may be a little more than the image.
  "$bin/kafka-configs.sh" --bootstrap-server "$server" --alter --entity-type topics \
    --entity-name "$1" --add-config "retention.ms=$2,max.message.bytes=$((max_bytes + 65536))"
}

topic frames $((2 * hour))            # what a stopped worker can catch up with
topic results $((7 * 24 * hour))
topic maps $((24 * hour))
topic dead-letters $((14 * 24 * hour)) # time to look at them
