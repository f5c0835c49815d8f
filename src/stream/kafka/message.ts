/** A Kafka record as a frame (DESIGN §7). Pure: whatever the headers say, the outcome is a frame. */
import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { Frame, FrameEncoding } from '../../frame/frame.js';

/** The record that a frame came in, for its dead letter. The value is the frame's `bytes`. */
export interface SourceRecord {
  readonly key: Buffer | null;
  /** A record without a value is not the same as an empty one. */
  readonly hasValue: boolean;
  readonly headers: IHeaders;
  /** Milliseconds since the epoch, as Kafka writes it. */
  readonly timestamp: string;
}

export interface KafkaFrame extends Frame {
  readonly record: SourceRecord;
}

/** The camera of records without a key. */
const DEFAULT_CAMERA = 'default';

/**
 * Longest camera or frame id, characters. Both go into every result, and a result that is larger
 * than the broker takes would hold up its partition for ever.
 */
const MAX_NAME = 256;

/**
 * The frame in a record. What its headers get wrong becomes the frame's `problem`, so that it is
 * rejected with a reason and the partition goes on. Its memory is its own: the values that kafkajs
 * delivers are parts of a whole fetch, which one of them would keep alive.
 */
export function frameOf(topic: string, partition: number, message: KafkaMessage): KafkaFrame {
  const { offset, timestamp, key, value } = message;
  const problems: string[] = [];
  const read = new Headers(message.headers ?? {});
  const camera = cameraOf(key, problems);
  const id = idOf(read, `${topic}-${partition}-${offset}`, problems);
  const capturedAt = captureTime(read, Number(timestamp), problems);
  const encoding = encodingOf(read, problems);
  const traceparent = traceOf(read);
  if (value === null) problems.push('it has no value');
  return {
    id,
    camera,
    capturedAt,
    bytes: new Uint8Array(value ?? []),
    encoding,
    origin: { topic, partition, offset },
    ...(traceparent !== undefined && { traceparent }),
    ...(problems.length > 0 && {
      problem: {
        code: 'PL_MESSAGE',
        message: `record ${topic}-${partition}-${offset}: ${problems.join('; ')}`,
      },
    }),
    record: { key: copyOf(key), hasValue: value !== null, headers: read.all, timestamp },
  };
}

function cameraOf(key: Buffer | null, problems: string[]): string {
  if (key === null || key.length === 0) return DEFAULT_CAMERA;
  const camera = key.toString('utf8');
  if (camera.includes('\ufffd')) problems.push('its key is not UTF-8');
  if (camera.length > MAX_NAME) problems.push(`its key is longer than ${MAX_NAME} characters`);
  return camera.slice(0, MAX_NAME);
}

function idOf(headers: Headers, position: string, problems: string[]): string {
  const id = headers.get('ce_id');
  if (id === undefined || id === '') return position;
  if (id.length <= MAX_NAME) return id;
  problems.push(`ce_id is longer than ${MAX_NAME} characters`);
  return position;
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
const EPOCH_MS = /^\d{1,15}(\.\d+)?$/;
/** The last millisecond of the year 9999: what RFC 3339 can write. */
const LAST_MS = 253_402_300_799_999;

/** `captured-at`, else `ce_time`, else the time of the record. Milliseconds since the epoch. */
function captureTime(headers: Headers, recorded: number, problems: string[]): number {
  const fallback = recorded >= 0 && recorded <= LAST_MS ? recorded : Date.now();
  for (const name of ['captured-at', 'ce_time']) {
    const text = headers.get(name);
    if (text === undefined) continue;
    const time = EPOCH_MS.test(text) && name === 'captured-at' ? Number(text) : rfc3339(text);
    if (time >= 0 && time <= LAST_MS) return time;
    problems.push(`${name} is ${quoted(text)}, expected ${EXPECTED_TIME[name]}`);
  }
  return fallback;
}

const EXPECTED_TIME: Readonly<Record<string, string>> = {
  'captured-at': 'an RFC 3339 time or milliseconds since 1970',
  ce_time: 'an RFC 3339 time',
};

function rfc3339(text: string): number {
  return RFC_3339.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN;
}

const ENCODED: FrameEncoding = { kind: 'encoded' };
const RAW_PIXELS = 'application/x-raw-pixels';

function encodingOf(headers: Headers, problems: string[]): FrameEncoding {
  const text = headers.get('content-type');
  const type = text?.split(';')[0].trim().toLowerCase();
  if (type === RAW_PIXELS) return rawEncoding(headers, problems);
  // The bytes of an image say what they are; the header only has to name no other thing.
  const plausible =
    type === undefined || type.startsWith('image/') || type === 'application/octet-stream';
  if (!plausible)
    problems.push(`content-type is ${quoted(text!)}, expected image/… or ${RAW_PIXELS}`);
  return ENCODED;
}

function rawEncoding(headers: Headers, problems: string[]): FrameEncoding {
  const read = (name: string, expected: string, holds: (value: number) => boolean): number => {
    const text = headers.get(name);
    const value = text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (holds(value)) return value;
    const found = text === undefined ? 'missing' : quoted(text);
    problems.push(`${name} of raw pixels is ${found}, expected ${expected}`);
    return 0;
  };
  const width = read('width', 'a number of pixels', (n) => n > 0);
  const height = read('height', 'a number of pixels', (n) => n > 0);
  const channels = read('channels', '1, 3 or 4', (n) => n === 1 || n === 3 || n === 4);
  return { kind: 'raw', width, height, channels: channels as 1 | 3 | 4 };
}

const TRACE_PARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-\S{1,128})?$/;

/** The specification asks to ignore what is malformed: a trace is no reason to reject a frame. */
function traceOf(headers: Headers): string | undefined {
  const text = headers.get('traceparent');
  const match = TRACE_PARENT.exec(text ?? '');
  if (match === null || /^0+$/.test(match[1]) || /^0+$/.test(match[2])) return undefined;
  return text;
}

/** Names are as they come; of repeated ones the last counts, as in Kafka's own `lastHeader`. */
class Headers {
  readonly all: IHeaders;

  constructor(headers: IHeaders) {
    this.all = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.map(ownHeader) : ownHeader(value),
      ]),
    );
  }

  get(name: string): string | undefined {
    if (!Object.hasOwn(this.all, name)) return undefined;
    const value = this.all[name];
    return String(Array.isArray(value) ? value.at(-1) : value);
  }
}

/** kafkajs reads a header without a value as null, and cannot write one. */
function ownHeader(value: Buffer | string | undefined): Buffer | string {
  return typeof value === 'string' ? value : Buffer.from(value ?? '');
}

function copyOf(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

/** A value from outside in a message: short and on one line. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
