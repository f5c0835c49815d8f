/** Options that several commands share. */

import { z } from 'zod';
import {
  BACKEND_NAMES,
  BACKENDS,
  type BackendName,
  TRAINING_BACKENDS,
} from '../backend/backends.js';
import { choice, type Kind, numberWithin, text } from '../config/kind.js';
import { required, withDefault } from '../config/option.js';

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

export interface Address {
  readonly host: string;
  readonly port: number;
}
