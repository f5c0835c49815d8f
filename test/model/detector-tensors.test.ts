import test from 'ava';
import { startTensorflow } from '../../src/backend/tensorflow.js';
import { densitiesFrom, networkFrom, type Tensors } from '../../src/model/detector-tensors.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/model/safetensors.js';
import { smallModel } from '../helpers/models.js';

const SIZE = { width: 72, height: 68 };

test.before(() => startTensorflow('wasm'));

const throughFile = (tensors: Tensors): Tensors =>
  decodeSafetensors(encodeSafetensors(tensors), 'test');

for (const density of ['gaussian', 'nearest', 'kernel', 'location'] as const) {
  test.serial(`through a safetensors file and back: ${density}`, async (t) => {
    const { learned, spec, tensors } = await smallModel(SIZE, { density });
    t.deepEqual(networkFrom(throughFile(tensors.network), spec.network), learned.network);
    const densities = densitiesFrom(throughFile(tensors.density), spec);
    t.deepEqual(densities, float32(learned.densities));
  });
}

/** Single numbers are stored in float32, too. */
function float32<T>(value: T): T {
  if (typeof value === 'number') return Math.fround(value) as T;
  if (Array.isArray(value)) return value.map(float32) as T;
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, float32(v)])) as T;
}

test.serial('what is missing or misshapen is refused by its name and its file', async (t) => {
  const { spec, tensors } = await smallModel(SIZE, { views: ['rf64', 'stat8'] });
  const damaged = (from: Tensors, name: string, shape?: number[]): Tensors => {
    const { [name]: tensor, ...rest } = from;
    return shape === undefined ? rest : { ...rest, [name]: { ...tensor, shape } };
  };
  const network: [string, number[] | undefined, RegExp][] = [
    ['conv3.filter', undefined, /^network: 'conv3.filter' is missing, expected \[3, 3, 8, 8\]$/],
    ['conv3.bias', [4, 2], /^network: 'conv3.bias' has shape \[4,2\], expected \[8\]$/],
    ['conv0.filter', [4, 4, 6, 3], /'conv0.filter' has shape/],
  ];
  for (const [name, shape, message] of network) {
    const tensorsOf = damaged(tensors.network, name, shape);
    t.throws(() => networkFrom(tensorsOf, spec.network), { code: 'PL_BUNDLE_CORRUPT', message });
  }
  const density: [string, number[] | undefined, RegExp][] = [
    ['rf64.mean', undefined, /^density: 'rf64.mean' is missing, expected \[10\]$/],
    ['stat8.whitening', [7, 28], /'stat8.whitening' has shape \[7,28\], expected \[14, 14\]$/],
    ['stat8.centres', [14, 16], /'stat8.centres' has shape \[14,16\], expected \[\?, 14\]$/],
    ['rf64.centreMean', [8, 2], /'rf64.centreMean'/],
    ['rf64.plain', [1, 2], /'rf64.plain'/],
  ];
  for (const [name, shape, message] of density) {
    const tensorsOf = damaged(tensors.density, name, shape);
    t.throws(() => densitiesFrom(tensorsOf, spec), { code: 'PL_BUNDLE_CORRUPT', message });
  }
});

test.serial('a density for each place of another grid is refused', async (t) => {
  const { spec, tensors } = await smallModel(SIZE, { views: ['rf64'], density: 'location' });
  const { 'rf64.whitening': whitening, ...rest } = tensors.density;
  const [rows, cols, ...dims] = whitening.shape;
  const turned = { ...rest, 'rf64.whitening': { ...whitening, shape: [cols, rows, ...dims] } };
  const message = /'rf64.whitening' has shape/;
  t.throws(() => densitiesFrom(turned, spec), { code: 'PL_BUNDLE_CORRUPT', message });
});
