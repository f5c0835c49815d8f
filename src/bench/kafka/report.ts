/** What `patchline bench --kafka` says, as one JSON object; fields are added, none is renamed. */
import type { LatencyReport } from '../latency.js';
import type { Machine } from '../machine.js';
import { type Rate, ratioOf, type Spread, spreadOf } from '../rounds.js';

export interface KafkaFramesReport {
  readonly width: number;
  readonly height: number;
  /** Mean size of a JPEG. */
  readonly bytes: number;
  /** In each measurement. */
  readonly frames: number;
  /** Frames a second from memory through the engine; results are dropped. */
  readonly engine: Spread;
  /** From a topic through the engine into a topic. */
  readonly kafka: Spread;
  /** From a topic through the decoder alone into a topic. */
  readonly decode: Spread;
  /** CPU time of this process for a frame; the broker's is not in it. */
  readonly cpuMsPerFrame: Record<keyof Rounds, Spread>;
  readonly kafkaOverEngine: Spread;
  readonly decodeOverEngine: Spread;
  /** From the capture of a frame to its acknowledged result. */
  readonly latency: LatencyReport;
}

export interface KafkaBenchReport {
  readonly schema: 'patchline.bench-kafka/1';
  readonly machine: Machine;
  readonly backend: string;
  readonly model: { readonly id: string; readonly name: string };
  readonly settings: { readonly rounds: number; readonly seconds: number };
  readonly sizes: readonly KafkaFramesReport[];
}

/** What was measured in the same rounds. */
export interface Rounds {
  readonly engine: readonly Rate[];
  readonly kafka: readonly Rate[];
  readonly decode: readonly Rate[];
}

export function speedsOf(rounds: Rounds) {
  const speeds = (rates: readonly Rate[]) => rates.map(({ framesPerSecond }) => framesPerSecond);
  const cpu = (rates: readonly Rate[]) => spreadOf(rates.map((rate) => rate.cpuMsPerFrame));
  const [engine, kafka, decode] = [rounds.engine, rounds.kafka, rounds.decode].map(speeds);
  return {
    engine: spreadOf(engine),
    kafka: spreadOf(kafka),
    decode: spreadOf(decode),
    cpuMsPerFrame: {
      engine: cpu(rounds.engine),
      kafka: cpu(rounds.kafka),
      decode: cpu(rounds.decode),
    },
    kafkaOverEngine: ratioOf(kafka, engine),
    decodeOverEngine: ratioOf(decode, engine),
  };
}
