/**
 * Frames from a topic, at least once and in the order of each partition.
 *
 * kafkajs fetches again only when every batch of the last fetch has been handed over. So a batch is
 * done as soon as its frames are admitted, not when they are settled: the engine has its next frames
 * while the last ones are in work. What may be committed is kept apart from what was delivered, in
 * a window for each partition, and sent on a tick.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import { deferred } from '../../deferred.js';
import { asPatchlineError, PatchlineError } from '../../errors.js';
import type { Frame } from '../../frame/frame.js';
import type { Admit, FrameSource, Ticket } from '../ports.js';
import { type KafkaClient, TICK_MS } from './client.js';
import { causeOf } from './errors.js';
import { type KafkaLog, type KafkaObserver, Progress, SILENT } from './events.js';
import { InWork } from './in-work.js';
import { Membership } from './membership.js';
import { frameOf } from './message.js';
import type { CompiledGroup } from './options.js';
import type { Partition } from './partition.js';

export interface KafkaSourceOptions {
  readonly observer?: KafkaObserver;
  readonly log?: KafkaLog;
  /** Shared with the sink, whose waiting for a broker is no standstill of the engine. */
  readonly progress?: Progress;
}

/** Partitions that are handed over at the same time; each holds one frame that waits for credits. */
const CONCURRENT_PARTITIONS = 256;

/** How long a rebalance waits for the frames in work, so that no other worker repeats them. */
const YIELD_MS = 5000;

/** Attempts to commit at the end, a fifth of a second apart: a rebalance may be in the way. */
const LAST_COMMITS = 15;

export class KafkaSource implements FrameSource {
  readonly name: string;
  readonly #topic: string;
  readonly #group: CompiledGroup;
  readonly #client: KafkaClient;
  readonly #observer: KafkaObserver;
  readonly #log: KafkaLog;
  readonly #consumer: Consumer;
  readonly #member: Membership;
  readonly #finished = deferred();
  readonly #joined = deferred();
  readonly #inWork: InWork;
  /** Batches that are being handed over. */
  readonly #deliveries = new Set<Promise<void>>();
  /** Wake those frames with a failure that wait for credits, which may never come. */
  readonly #wakers = new Set<(error: PatchlineError) => void>();
  #state: 'idle' | 'running' | 'stopping' | 'failed' = 'idle';
  #ready = false;
  #admit!: Admit;
  #ticker: NodeJS.Timeout | undefined;
  #ticking = false;
  #ending: Promise<void> | undefined;
  #yielding: Promise<void> | undefined;

  constructor(
    client: KafkaClient,
    topic: string,
    group: CompiledGroup,
    { observer = {}, log = SILENT, progress = new Progress() }: KafkaSourceOptions = {},
  ) {
    this.name = `kafka topic ${topic}`;
    this.#client = client;
    this.#topic = topic;
    this.#group = group;
    this.#observer = observer;
    this.#log = log;
    this.#inWork = new InWork(progress);
    this.#consumer = client.consumer(group, () => this.#state === 'running');
    this.#member = new Membership(this.#consumer, topic, observer, log);
    this.#finished.promise.catch(() => {}); // nobody has to listen
    this.#listen();
  }

  /** Resolves after a stop; rejects with PL_KAFKA if the consumer broke for good. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Whether the worker is in the group now. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Resolves once the worker is in the group, with or without partitions. */
  async start(admit: Admit): Promise<void> {
    if (this.#state !== 'idle') throw new PatchlineError('PL_STATE', 'a source starts only once');
    this.#state = 'running';
    this.#admit = admit;
    try {
      await this.#join();
      await Promise.race([this.#joined.promise, this.#finished.promise]);
    } catch (error) {
      this.#fail(this.#client.error(error));
      throw this.#client.error(error);
    }
  }

  async #join(): Promise<void> {
    const stopped = () => this.#state !== 'running';
    await this.#consumer.connect();
    if (!stopped()) await this.#consumer.subscribe({ topics: [this.#topic], fromBeginning: true });
    if (!stopped()) {
      this.#ticker = setInterval(() => void this.#tick(), TICK_MS);
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
        eachBatch: (payload) => this.#handOver(payload),
      });
    }
    if (stopped()) await this.#consumer.disconnect(); // a stop came before there was a member to leave
  }

  /** Takes in nothing more, waits for the frames in work, commits them and leaves the group. */
  stop(): Promise<void> {
    this.#ending ??= this.#stop();
    return this.#ending;
  }

  async #stop(): Promise<void> {
    this.#state = 'stopping';
    try {
      this.#consumer.pause([{ topic: this.#topic }]);
    } catch {} // it is not running: there is nothing to pause
    while (this.#deliveries.size + this.#inWork.size > 0) {
      await Promise.all([...this.#deliveries, this.#inWork.settled()]);
    }
    clearInterval(this.#ticker);
    for (let i = 0; i < LAST_COMMITS && !(await this.#member.commit()); i++) await sleep(200);
    await this.#consumer.disconnect();
    this.#finished.resolve();
  }

  /** Ends with an error. What is settled is committed, and the others get the partitions at once. */
  #fail(error: PatchlineError): void {
    if (this.#state === 'failed') return;
    this.#state = 'failed';
    this.#ready = false;
    clearInterval(this.#ticker);
    this.#finished.reject(error);
    for (const wake of this.#wakers) wake(error);
    this.#ending ??= this.#member.commit().then(() => this.#consumer.disconnect());
    this.#ending.catch(() => {});
  }

  /** One batch of one partition. kafkajs takes up where the last `resolveOffset` was. */
  async #handOver(payload: EachBatchPayload): Promise<void> {
    const delivery = this.#deliver(payload);
    const done = delivery.catch(() => {}).finally(() => this.#deliveries.delete(done));
    this.#deliveries.add(done);
    await delivery;
    if (this.#member.interrupted) await this.#yield();
  }

  async #deliver(payload: EachBatchPayload): Promise<void> {
    if (this.#state !== 'running') return;
    const partition = this.#member.open(payload);
    if (partition === undefined) return;
    const { generation } = this.#member;
    const { messages, partition: number } = payload.batch;
    try {
      for (const message of messages) {
        if (this.#mustLetGo(payload)) break;
        await this.#deliverOne(partition, number, message);
        if (generation !== this.#member.generation) return;
        payload.resolveOffset(message.offset);
        partition.delivered(message.offset);
      }
      // Here rather than in kafkajs, so that a rebalance finds the frames in work finished.
      await this.#member.heartbeat();
    } catch (error) {
      this.#fail(asPatchlineError(error, 'PL_KAFKA'));
    } finally {
      this.#member.close(payload);
    }
  }

  #mustLetGo({ isRunning, isStale }: EachBatchPayload): boolean {
    return this.#state !== 'running' || this.#member.interrupted || !isRunning() || isStale();
  }

  async #deliverOne(partition: Partition, number: number, message: KafkaMessage): Promise<void> {
    const stamp = `${message.timestamp} ${message.value?.length}`;
    const settle = partition.window.deliver(message.offset, stamp);
    if (settle === undefined) return; // in work since before the last rebalance
    const frame = frameOf(this.#topic, number, message);
    const { maxAgeMs = Number.POSITIVE_INFINITY } = this.#group;
    if (Date.now() - frame.capturedAt > maxAgeMs) {
      settle();
      this.#observer.stale?.(frame);
      return;
    }
    const ticket = await this.#admitted(frame);
    this.#inWork.add(ticket, settle, (error) => this.#fail(asPatchlineError(error, 'PL_KAFKA')));
  }

  /** A promise of its own for each frame: one for all would keep what became of all of them. */
  async #admitted(frame: Frame): Promise<Ticket> {
    const failure = deferred<never>();
    this.#wakers.add(failure.reject);
    try {
      return await Promise.race([this.#admit(frame), failure.promise]);
    } finally {
      this.#wakers.delete(failure.reject);
    }
  }

  /** Finishes what is in work before the group is joined again, then lets kafkajs do that. */
  async #yield(): Promise<void> {
    this.#yielding ??= this.#finishInWork().finally(() => {
      this.#yielding = undefined;
    });
    await this.#yielding;
    this.#member.rethrow();
  }

  async #finishInWork(): Promise<void> {
    const until = performance.now() + Math.min(YIELD_MS, this.#group.sessionTimeoutMs / 2);
    while (this.#member.mayCommit && this.#inWork.size > 0 && performance.now() < until) {
      await Promise.race([this.#inWork.settled(), sleep(50)]);
    }
    if (this.#member.mayCommit) await this.#member.commit();
  }

  async #tick(): Promise<void> {
    const { stallMs } = this.#group;
    if (this.#inWork.hasStalled(stallMs)) return this.#fail(stalled(this.#inWork.size, stallMs));
    if (this.#ticking) return;
    this.#ticking = true;
    await this.#member.commit();
    await this.#member.heartbeat();
    this.#ticking = false;
  }

  #listen(): void {
    const { events } = this.#consumer;
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      const partitions = payload.memberAssignment[this.#topic] ?? [];
      this.#member.join(partitions);
      this.#log.info('joined the group', { group: this.#group.id, partitions });
      this.#ready = true;
      this.#joined.resolve();
    });
    this.#consumer.on(events.HEARTBEAT, () => this.#observer.heartbeat?.());
    this.#consumer.on(events.REBALANCING, () => this.#observer.rebalancing?.());
    this.#consumer.on(events.CRASH, ({ payload: { error, restart } }) => {
      this.#ready = false;
      if (this.#state !== 'running') return;
      this.#observer.crashed?.(restart);
      if (restart) this.#log.warn('the consumer broke and starts again', { ...causeOf(error) });
      else this.#fail(this.#client.error(error));
    });
  }
}

function stalled(frames: number, stallMs: number): PatchlineError {
  return new PatchlineError(
    'PL_KAFKA',
    `${frames} frames are in work and none was settled for ${stallMs / 1000} s: the engine hangs`,
    { hint: 'the worker leaves the group, so that others judge them; restart it' },
  );
}
