import pino from 'pino';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

type LogFields = Readonly<Record<string, unknown>>;

/**
 * One JSON object a line. The message is a fixed text that can be searched for; whatever comes from
 * outside (camera, frame id, error) is a field and never part of a format string. An error goes
 * into the field `error`. `info` is for what happens once (started, model loaded, stopped): a line
 * that runs well is silent.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each of its lines. */
  child(fields: LogFields): Logger;
}

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** The field `name` of each line. Default `patchline`. */
  readonly name?: string;
  /** Where the lines go. Default stderr, written synchronously so that none is lost in a crash. */
  readonly stream?: LineStream;
}

interface LineStream {
  write(line: string): unknown;
}

export function createLogger({
  level = 'info',
  name = 'patchline',
  stream,
}: LoggerOptions = {}): Logger {
  return wrap(
    pino(
      {
        level,
        name,
        base: { pid: process.pid },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: pino.stdSerializers.err },
      },
      printable(stream ?? pino.destination({ dest: 2, sync: true })),
    ),
  );
}

/**
 * JSON escapes the control characters below U+0020. The others (U+009B is a terminal's escape
 * sequence in one character) and the separators that some take for line ends are escaped here.
 */
function printable(stream: LineStream): LineStream {
  const escaped = (character: string) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return {
    write: (line) => stream.write(line.replace(/[\u007f-\u009f\u2028\u2029]/g, escaped)),
  };
}

/** pino formats a message only when values follow it; here none ever does. */
function wrap(target: pino.Logger): Logger {
  return {
    debug: (message, fields = {}) => target.debug(fields, message),
    info: (message, fields = {}) => target.info(fields, message),
    warn: (message, fields = {}) => target.warn(fields, message),
    error: (message, fields = {}) => target.error(fields, message),
    child: (fields) => wrap(target.child(fields)),
  };
}
