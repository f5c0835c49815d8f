/**
 * Frames of eight cameras through one, three, two workers with the real engine, while workers are
 * killed and stopped, the broker restarts and crashes, and some frames are poison. What counts is
 * what came out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaOptions } from '../../../src/stream/kafka/options.js';
import { png, surface, withDefect } from '../images.js';
import { testModelDir } from '../model.js';
import { type Account, accountOf } from './account.js';
import { Lab, until } from './lab.js';
import { argumentsFor, Run } from './run.js';

const SIZE = { width: 64, height: 64 };
const CAMERAS = 8;
const POISON = Buffer.from('this is no image');

export interface ChaosOptions {
  readonly frames: number;
  /** Frames a second. */
  readonly rate: number;
  readonly say: (line: string) => void;
}

export interface ChaosReport extends Account {
  /** Poison frames, and the distinct frames among the dead letters; the same ones. */
  readonly poison: number;
  readonly deadLetters: number;
  readonly deadLettersAreThePoison: boolean;
  /** Frames of the topic that no worker has committed. */
  readonly lag: number;
  /** Longest time without a result while frames came in, seconds. */
  readonly longestGapS: number;
  /** Exit codes of the workers that were asked to stop. */
  readonly exits: readonly (number | null)[];
  readonly seconds: number;
}

type Event = readonly [share: number, name: string, act: () => Promise<void>];

/** Whether all promises were kept. */
export function held(report: ChaosReport): boolean {
  const { lost, outOfOrder, deadLettersAreThePoison, lag, exits } = report;
  const clean = lost === 0 && outOfOrder === 0 && lag === 0;
  return clean && deadLettersAreThePoison && exits.every((code) => code === 0);
}

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const lab = await Lab.open({}, true);
  try {
    const partitions = { partitions: CAMERAS };
    const site = await lab.site({
      frames: partitions,
      results: partitions,
      maps: partitions,
      deadLetters: partitions,
    });
    return await new Chaos(lab, site, await testModelDir(SIZE), options).run();
  } finally {
    await lab.close();
  }
}

class Chaos {
  readonly #lab: Lab;
  readonly #site: KafkaOptions;
  readonly #model: string;
  readonly #options: ChaosOptions;
  readonly #workers: Run[] = [];
  readonly #exits: (number | null)[] = [];
  readonly #poison = new Set<string>();
  readonly #begin = performance.now();

  constructor(lab: Lab, site: KafkaOptions, model: string, options: ChaosOptions) {
    this.#lab = lab;
    this.#site = site;
    this.#model = model;
    this.#options = options;
  }

  async run(): Promise<ChaosReport> {
    try {
      await this.#start();
      await this.#feed(this.#events());
      await this.#drain();
      for (const worker of [...this.#workers]) await this.#stop(worker);
      return await this.#report();
    } finally {
      await Promise.all(this.#workers.map((worker) => worker.signal('SIGKILL')));
    }
  }

  #events(): Event[] {
    const broker = this.#lab.broker!;
    const restart = async (signal: 'SIGTERM' | 'SIGKILL') => {
      await broker.down(signal);
      await broker.up();
    };
    return [
      [
        0.1,
        'two more workers',
        async () => void (await Promise.all([this.#start(), this.#start()])),
      ],
      [
        0.25,
        'kill -9 of a worker, another one comes',
        async () => void (await Promise.all([this.#kill(), this.#start()])),
      ],
      [0.4, 'the broker restarts', () => restart('SIGTERM')],
      [0.55, 'SIGTERM to a worker', () => this.#stop(this.#workers[0])],
      [0.7, 'kill -9 of the broker', () => restart('SIGKILL')],
      [
        0.85,
        'kill -9 of a worker while another one comes',
        async () => void (await Promise.all([this.#start(), this.#kill()])),
      ],
    ];
  }

  /** At its rate, whatever happens meanwhile; events go on beside it, one after another. */
  async #feed(events: Event[]): Promise<void> {
    const { frames, rate } = this.#options;
    const images = await picturesOf();
    let happening: Promise<void> = Promise.resolve();
    const begin = performance.now();
    for (let sent = 0; sent < frames; ) {
      while (events.length > 0 && sent >= events[0][0] * frames) {
        const [, name, act] = events.shift()!;
        happening = happening.then(() => this.#happens(name, act));
      }
      const due = Math.min(frames, Math.ceil(((performance.now() - begin) / 1000) * rate));
      if (due > sent) await this.#send(images, sent, due);
      sent = Math.max(sent, due);
      await sleep(20);
    }
    await happening;
    this.#say(`${frames} frames sent`);
  }

  async #happens(name: string, act: () => Promise<void>): Promise<void> {
    this.#say(name);
    await act();
    this.#say(`${name}: done`);
  }

  async #send(images: readonly Buffer[], from: number, to: number): Promise<void> {
    const messages = Array.from({ length: to - from }, (_, i) => {
      const n = from + i;
      const poison = n % 200 === 117;
      const id = `frame-${n}`;
      if (poison) this.#poison.add(id);
      const partition = n % CAMERAS;
      const value = poison ? POISON : images[n % images.length];
      return { key: `cam-${partition}`, partition, value, headers: { ce_id: id } };
    });
    await this.#lab.send(this.#topic('frames'), messages);
  }

  async #start(): Promise<void> {
    const threads = ['--encoder-threads', '1', '--decode-threads', '1'];
    const run = new Run(['--model', this.#model, ...threads, ...argumentsFor(this.#site)]);
    this.#workers.push(run);
    await run.joined();
    if (run.ended) throw new Error(`a worker ended at its start:\n${run.stderr}`);
  }

  async #kill(): Promise<void> {
    await this.#workers.shift()?.signal('SIGKILL');
  }

  async #stop(worker: Run): Promise<void> {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    const { code, tookMs, stderr } = await worker.signal('SIGTERM');
    this.#exits.push(code);
    this.#say(`a worker was out with ${code} after ${(tookMs / 1000).toFixed(1)} s`);
    if (code !== 0) this.#say(stderr);
  }

  /** Until everything is committed, as long as something moves. */
  async #drain(): Promise<void> {
    await until('the backlog to be judged', async () => (await this.#lag()) === 0, 120_000);
  }

  async #lag(): Promise<number> {
    const committed = await this.#lab.committed(this.#site.group!.id!, this.#topic('frames'));
    const ends = await this.#lab.admin.fetchTopicOffsets(this.#topic('frames'));
    return ends.reduce(
      (sum, { partition, high }) => sum + Number(high) - Math.max(0, committed[partition]),
      0,
    );
  }

  async #report(): Promise<ChaosReport> {
    const results = await this.#lab.read(this.#topic('results'));
    const letters = await this.#lab.read(this.#topic('dead'));
    const dead = new Set(letters.map(({ headers }) => headers['frame-id']));
    const isPoison = [...dead].every((id) => this.#poison.has(id));
    return {
      ...accountOf(this.#options.frames, results),
      poison: this.#poison.size,
      deadLetters: dead.size,
      deadLettersAreThePoison: isPoison && dead.size === this.#poison.size,
      lag: await this.#lag(),
      longestGapS: longestGap(results.map(({ timestamp }) => timestamp)),
      exits: this.#exits,
      seconds: Math.round((performance.now() - this.#begin) / 1000),
    };
  }

  #topic(role: string): string {
    return `${this.#site.topics.prefix}${role}`;
  }

  #say(line: string): void {
    const seconds = ((performance.now() - this.#begin) / 1000).toFixed(1).padStart(6);
    this.#options.say(`${seconds} s  ${line}`);
  }
}

async function picturesOf(): Promise<Buffer[]> {
  const pictures = Array.from({ length: 16 }, (_, n) => surface(SIZE, 50 + n));
  pictures[3] = withDefect(pictures[3], 20, 20);
  return Promise.all(pictures.map(async (pixels) => Buffer.from(await png(pixels))));
}

function longestGap(times: number[]): number {
  times.sort((a, b) => a - b);
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  return Math.max(0, ...gaps) / 1000;
}
