/** Outcomes as Kafka records: results, maps and dead letters (DESIGN §7; `contract/`). */
import type { IHeaders } from 'kafkajs';
import type { Frame, Judgement, Outcome, Rejection, ScoreGrid } from '../../frame/frame.js';
import { encodeMap } from '../../localize/encode.js';
import { RESULT_SCHEMA, type ResultMessage, resultMessage } from '../result.js';
import type { SourceRecord } from './message.js';

const MAP_SCHEMA = 'patchline.map/1';

/** Longest error message in a header, characters. */
const MAX_ERROR_MESSAGE = 1000;

/** A record that is ready to be sent. */
export interface OutRecord {
  /** What decides its partition: all records of a camera in a topic go to the same one. */
  readonly camera: string;
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

/** @param mapsTopic where the map of this frame goes, if it does */
export function resultRecord(frame: Frame, outcome: Outcome, mapsTopic?: string): OutRecord {
  return asResult(frame, resultMessage(frame, outcome, mapsTopic));
}

/** The result without its regions, for a topic that does not take that many; it says how many. */
export function shortResultRecord(frame: Frame, judged: Judgement, mapsTopic?: string): OutRecord {
  const message = resultMessage(frame, { ...judged, regions: [] }, mapsTopic);
  return asResult(frame, { ...message, omittedRegions: judged.regions.length });
}

function asResult(frame: Frame, message: ResultMessage): OutRecord {
  return {
    camera: frame.camera,
    key: frame.camera,
    value: Buffer.from(JSON.stringify(message)),
    headers: {
      ...headersOf(frame),
      schema: RESULT_SCHEMA,
      'content-type': 'application/json',
    },
  };
}

/**
 * The score grid as 16-bit greyscale PNG: score = scale-min + sample / 65535 · (scale-max − scale-min).
 *
 * @throws PL_NUMERIC if a score is not finite
 */
export async function mapRecord(
  frame: Frame,
  { grid, model }: Pick<Judgement, 'model'> & { readonly grid: ScoreGrid },
): Promise<OutRecord> {
  const { png, scaleMin, scaleMax } = await encodeMap(grid);
  return {
    camera: frame.camera,
    key: frame.camera,
    value: png,
    headers: {
      ...headersOf(frame),
      schema: MAP_SCHEMA,
      'content-type': 'image/png',
      'model-id': model.id,
      rows: String(grid.rows),
      cols: String(grid.cols),
      stride: String(grid.stride),
      offset: String(grid.offset),
      'scale-min': String(scaleMin),
      'scale-max': String(scaleMax),
    },
  };
}

/**
 * The record as it came, and why it could not be judged.
 *
 * @param withValue false for a topic that does not take a record of this size; `value-bytes` says
 *   how large it was
 */
export function deadLetterRecord(
  frame: Frame & { readonly record?: SourceRecord },
  { code, message }: Rejection,
  withValue = true,
): OutRecord {
  const { bytes, camera, origin, record } = frame;
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, withValue ? bytes.byteLength : 0);
  return {
    camera,
    key: record === undefined ? camera : record.key,
    value: record?.hasValue === false ? null : value,
    headers: {
      ...(withValue ? record?.headers : {}),
      ...headersOf(frame),
      'error-code': code,
      'error-message': message.slice(0, MAX_ERROR_MESSAGE),
      'origin-topic': origin.topic,
      'origin-partition': String(origin.partition),
      'origin-offset': origin.offset,
      ...(record && { 'origin-timestamp': record.timestamp }),
      ...(withValue ? {} : { 'value-bytes': String(bytes.byteLength) }),
    },
  };
}

function headersOf({ id, traceparent }: Frame): IHeaders {
  return { 'frame-id': id, ...(traceparent !== undefined && { traceparent }) };
}
