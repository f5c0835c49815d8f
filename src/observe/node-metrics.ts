/**
 * What Node tells of the process: what the dashboards and alerts ask for, by the names that prom-client
 * has for it. Its whole set (`collectDefaultMetrics`) cost more than a millisecond a scrape, most of it
 * for quantiles of lag that nobody reads.
 */
import {
  constants,
  monitorEventLoopDelay,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Why the garbage collector ran. */
const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};
type Collection = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };
const PAUSES = [0.001, 0.01, 0.1, 1, 2, 5]; // seconds
const LAG_RESOLUTION_MS = 10;

export function registerNodeMetrics(registry: Registry): void {
  registerProcess(registry);
  registerLag(registry);
  registerCollections(registry);
}

function registerProcess(registry: Registry): void {
  const registers = [registry];
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'Unix time at which the worker was started. If it changes again and again, the worker ends by itself: read the last error of its log.',
    registers,
  }).set(Math.round(performance.timeOrigin / 1000));
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time of all threads. At the cores of the machine the worker cannot get faster here: add workers.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory of all threads. It must be flat under load. Near the limit of the container: fewer threads or a smaller --max-megabytes.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Heap of the main thread, a saw. If its low points rise, something is kept: restart the worker and report a leak.',
    registers,
    collect() {
      this.set(getHeapStatistics().used_heap_size);
    },
  });
}

/** Counted between scrapes, as the utilization is. */
function registerLag(registry: Registry): void {
  const delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delay.enable();
  new Gauge({
    name: 'nodejs_eventloop_lag_p99_seconds',
    help: 'How late the timers of the main thread came since the last scrape, 99th percentile. Seconds: the machine is overloaded, and Kafka may take the worker for dead.',
    registers: [registry],
    collect() {
      this.set(delay.percentile(99) / 1e9);
      delay.reset();
    },
  });
}

function registerCollections(registry: Registry): void {
  const pauses = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Time that the main thread stood still for the garbage collector, by kind: major, minor, incremental or weakcb. Above 5 % of all time: too little heap, or frames too large.',
    labelNames: ['kind'],
    buckets: PAUSES,
    registers: [registry],
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as Collection[]) {
      pauses.observe({ kind: KINDS[entry.detail.kind] }, entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
}
