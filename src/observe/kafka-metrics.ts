/** What Kafka does, as metrics. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { KafkaObserver, RecordKind } from '../stream/kafka/events.js';
import type { Metrics } from './metrics.js';

/** An observer that keeps the metrics of a worker's Kafka side in the registry of the others. */
export function kafkaMetrics(metrics: Metrics, topic: string): KafkaObserver {
  const { registry } = metrics;
  const lag = lagGauge(registry);
  const rebalances = count(
    registry,
    'patchline_consumer_rebalances_total',
    'Times the group gave out its partitions anew. A few at a roll-out are normal; if it keeps growing, workers come and go: read the end of their logs, or raise --session-timeout on busy machines.',
  );
  const partitions = new Gauge({
    name: 'patchline_consumer_partitions',
    help: 'Partitions this worker has. 0 on a worker that runs means more workers than partitions: add partitions or take workers away.',
    registers: [registry],
  });
  const age = new HeartbeatAge(registry);
  const commits = labelled(
    registry,
    'patchline_commits_total',
    'Commits of settled offsets by result. If ok stops growing while lag does not fall, or failed grows, look at the brokers: frames will be judged again after a restart.',
    'result',
  );
  const fetched = count(
    registry,
    'patchline_fetched_bytes_total',
    'Bytes of frames fetched from Kafka. Its rate is the load on the network of this worker.',
  );
  const gone = count(
    registry,
    'patchline_records_gone_total',
    'Frames that retention deleted before they were judged. The worker is too slow or was away too long: add workers, or lengthen retention.ms of the frames topic.',
  );
  const recreated = count(
    registry,
    'patchline_partitions_recreated_total',
    'Partitions that began anew because their topic was deleted and made again.',
  );
  const published = labelled(
    registry,
    'patchline_published_records_total',
    'Records that the brokers acknowledged, by kind. Each dead-letter is a frame that could not be judged: its headers say why.',
    'kind',
  );
  const retries = labelled(
    registry,
    'patchline_publish_retries_total',
    'Times the brokers did not take records, by kind, and they were sent again. If it keeps growing, a broker or a topic is away: frames wait until it is back.',
    'kind',
  );
  const oversize = labelled(
    registry,
    'patchline_oversize_records_total',
    'Records larger than their topic takes, by kind: a map was dropped, a result went out without its regions, a dead letter without its value. Raise max.message.bytes of the topic.',
    'kind',
  );
  const crashes = count(
    registry,
    'patchline_consumer_crashes_total',
    'Times the consumer broke and started again, mostly because no broker answered.',
  );
  return {
    joined(assigned) {
      partitions.set(assigned.length);
      lag.reset();
      age.touch();
    },
    rebalancing: () => rebalances.inc(),
    heartbeat: () => age.touch(),
    committed: (result) => commits.inc({ result }),
    lag: (partition, records) => lag.set({ topic, partition }, records),
    fetched: (_, bytes) => fetched.inc(bytes),
    stale: (frame) => metrics.frameStale(frame),
    gone: (_, records) => gone.inc(records),
    recreated: () => recreated.inc(),
    published: (kind: RecordKind) => published.inc({ kind }),
    retried: (kind: RecordKind) => retries.inc({ kind }),
    oversize: (kind: RecordKind) => oversize.inc({ kind }),
    crashed: () => crashes.inc(),
  };
}

function count(registry: Registry, name: string, help: string): Counter {
  return new Counter({ name, help, registers: [registry] });
}

function labelled<L extends string>(
  registry: Registry,
  name: string,
  help: string,
  label: L,
): Counter<L> {
  return new Counter({ name, help, labelNames: [label], registers: [registry] });
}

function lagGauge(registry: Registry): Gauge<'topic' | 'partition'> {
  return new Gauge({
    name: 'patchline_consumer_lag_messages',
    help: 'Frames of a partition that are not settled yet. If it grows, the cameras are faster than the workers: add workers (up to the number of partitions), or skip old frames with --max-age.',
    labelNames: ['topic', 'partition'],
    registers: [registry],
  });
}

/** Reads the clock when it is scraped. */
class HeartbeatAge {
  #last: number | undefined;

  constructor(registry: Registry) {
    const age = () => (this.#last === undefined ? 0 : (performance.now() - this.#last) / 1000);
    new Gauge({
      name: 'patchline_consumer_heartbeat_age_seconds',
      help: 'Time since the group last heard of this worker. Above --session-timeout it has lost its partitions: look at the network to the brokers, and at patchline_event_loop_utilization_ratio.',
      registers: [registry],
      collect() {
        this.set(age());
      },
    });
  }

  touch(): void {
    this.#last = performance.now();
  }
}
