/** Options that several commands share. */

import { z } from 'zod';
import { BACKENDS } from '../backend/tensorflow.js';
import { choice, type Kind, numberWithin, text } from '../config/kind.js';
import { required, withDefault } from '../config/option.js';

export const existingModel = required(text('DIR'), {
  help: 'The directory of the model.',
  group: 'Model',
});

export const backend = withDefault(choice(BACKENDS), 'wasm', {
  help: 'What runs the network: wasm is fast and runs wherever Node does; cpu is plain JavaScript, slow, for comparison.',
  group: 'Machine',
});

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
