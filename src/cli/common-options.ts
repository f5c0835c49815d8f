/** Options that several commands share. */

import { z } from 'zod';
import {
  BACKEND_NAMES,
  BACKENDS,
  type BackendName,
  TRAINING_BACKENDS,
} from '../backend/backends.js';
import { choice, type Kind, numberWithin, text } from '../config/kind.js';
import { optional, required, withDefault } from '../config/option.js';
import type { AlarmRule } from '../watch/line-state.js';

export const existingModel = required(text('DIR'), {
  help: 'The directory of the model.',
  group: 'Model',
});

export const backend = withDefault(choice(['auto', ...BACKEND_NAMES]), 'auto', {
  help: `What runs the network. auto: the fastest for this model here, measured by a short probe; ${summaryOf(BACKEND_NAMES)}. One that is named and does not run is an error.`,
  group: 'Machine',
});

/** The threshold shall not depend on how busy the machine was. */
export const calibrationBackend = withDefault(choice(BACKEND_NAMES), 'wasm', {
  help: `What runs the network. ${summaryOf(BACKEND_NAMES)}.`,
  group: 'Machine',
});

export const trainingBackend = withDefault(choice(TRAINING_BACKENDS), 'wasm', {
  help: `What trains the network. ${summaryOf(TRAINING_BACKENDS)}.`,
  group: 'Machine',
});

function summaryOf(names: readonly BackendName[]): string {
  return names.map((name) => `${name}: ${BACKENDS[name].summary}`).join('; ');
}

/** More frames than this would answer for an hour ago. */
const MAX_OF = 1000;

export const rateKind = { ...numberWithin(0, 1), placeholder: 'RATE' };

/** `127.0.0.1:9464`, `[::1]:9464`, or a port alone for this machine. */
export const addressKind: Kind<Address> = {
  placeholder: 'HOST:PORT',
  expected: 'an address such as 127.0.0.1:9464, or a port',
  schema: z
    .union([z.string(), z.number()])
    .transform(
      (value) =>
        /^(?:(?:\[(?<six>[^\]]+)\]|(?<host>[^:]+)):)?(?<port>\d{1,5})$/.exec(String(value))?.groups,
    )
    .refine((parts) => parts !== undefined && Number(parts.port) <= 65535)
    .transform((parts) => ({
      host: parts?.six ?? parts?.host ?? '127.0.0.1',
      port: Number(parts?.port),
    })),
};

export const token = optional(text('TOKEN'), {
  help: 'Asked of everybody who opens the live page where --http is reached from elsewhere. Best as PATCHLINE_TOKEN: others can see command lines.',
  secret: true,
  group: 'Observe',
});

/** `3/5`: three of the last five. */
export const alarmRuleKind: Kind<AlarmRule> = {
  placeholder: 'K/N',
  expected: `two whole numbers such as 3/5, the first from 1 to the second, the second up to ${MAX_OF}`,
  schema: z
    .string()
    .regex(/^\d{1,9}\/\d{1,9}$/)
    .transform((text) => text.split('/').map(Number))
    .refine(([anomalous, of]) => anomalous >= 1 && anomalous <= of && of <= MAX_OF)
    .transform(([anomalous, of]) => ({ anomalous, of })),
};

export interface Address {
  readonly host: string;
  readonly port: number;
}
