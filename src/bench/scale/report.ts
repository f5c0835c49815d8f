/** What `patchline bench --scale` says, as one JSON object; fields are added, none is renamed. */
import type { Machine } from '../machine.js';

export interface ScaleCase {
  /** A back end of the engine, or `simulated`: see `settings.gpuMs`. */
  readonly device: string;
  readonly workers: number;
  readonly partitions: number;
  readonly framesPerSecond: number;
  /** CPU time of the workers, all threads; the broker's is not in it. */
  readonly cpuMsPerFrame: number;
  /** Of all programs, the broker and strangers too: at the number of cores nothing more is to be had. */
  readonly coresBusy: number;
  /** Of the largest worker, resident memory. */
  readonly peakBytes: number;
}

/** The longest that a frame waited from capture to acknowledged result while it happened. */
export interface RebalanceReport {
  readonly framesPerSecond: number;
  readonly nothingMs: number;
  readonly joinMs: number;
  readonly leaveMs: number;
  readonly killMs: number;
  readonly sessionTimeoutMs: number;
}

export interface ScaleReport {
  readonly schema: 'patchline.bench-scale/1';
  readonly machine: Machine;
  readonly settings: {
    readonly seconds: number;
    /** The simulated device takes so long for a frame, one at a time, and no processor. */
    readonly gpuMs: number;
    readonly frameBytes: number;
  };
  readonly cases: readonly ScaleCase[];
  readonly rebalance: RebalanceReport;
}
