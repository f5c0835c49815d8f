/** `patchline setup`: brings the back end that cannot be a plain dependency. */
import { installationDirectory } from '../backend/native/installation.js';
import { choice, onOff, text } from '../config/kind.js';
import { type Config, optional, withDefault } from '../config/option.js';
import { PatchlineError } from '../errors.js';
import { DEVICES } from '../setup/release.js';
import { setUpTensorflow } from '../setup/tensorflow.js';
import { type Context, defineCommand, type ExitCode } from './command.js';

const options = {
  device: withDefault(choice(DEVICES), 'cpu', {
    help: "What it runs on. gpu brings CUDA 12 as well (2.8 GB, 4.3 GB unpacked) and needs NVIDIA's driver; without one its library runs on the CPU.",
  }),
  wheel: optional(text('FILE'), {
    help: 'The wheel of TensorFlow, fetched elsewhere. Its digest is checked all the same.',
    defaultText: 'fetched with pip, which knows your index and proxy',
  }),
  systemCuda: withDefault(onOff, false, {
    help: 'With --device gpu: uses the CUDA 12 and cuDNN 9 that are installed.',
  }),
  dir: optional(text('DIR'), {
    help: 'Where to put it. Commands find it there if PATCHLINE_TENSORFLOW_DIR says so.',
    defaultText: 'PATCHLINE_TENSORFLOW_DIR, or ~/.cache/patchline/tensorflow',
  }),
  force: withDefault(onOff, false, { help: 'Builds anew what is there and whole.' }),
};

export const setup = defineCommand(
  {
    name: 'setup',
    description:
      "Brings TensorFlow's own library: its wheel (pip), the addon of @tensorflow/tfjs-node-gpu (npm, without its scripts) built against it (g++), both checked by their digests and tried in a process of their own. Asked again it checks every file and changes nothing. Linux on x64 only; Python is not needed afterwards.",
    operand: { placeholder: '<what>', help: 'tensorflow', count: 'one' },
    options,
    examples: [
      'patchline setup tensorflow',
      'patchline setup tensorflow --device gpu',
      'patchline setup tensorflow --wheel tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    ],
  },
  run,
);

async function run(config: Config<typeof options>, context: Context): Promise<ExitCode> {
  const { output, operands, signal } = context;
  assertKnown(operands[0]);
  const dir = config.dir ?? installationDirectory();
  const note = (line: string) => output.note(line);
  const result = await setUpTensorflow({ ...config, dir, note, signal });
  const { tensorflow, device, built, difference } = result;
  const state = built ? 'is set up' : 'was there, every file as it was built,';
  output.text(
    `TensorFlow ${tensorflow} ${state} in ${result.dir}; it runs on the ${device.toUpperCase()}`,
  );
  output.text(`  its results are those of wasm to ${difference.toExponential(1)}`);
  if (dir !== installationDirectory()) {
    output.text(`  set PATCHLINE_TENSORFLOW_DIR=${result.dir} to use it`);
  }
  if (config.device !== device) {
    output.note("note: no GPU was found; without NVIDIA's driver the library runs on the CPU");
  }
  output.result({ ...result, asked: config.device });
  return 0;
}

function assertKnown(what: string): void {
  if (what === 'tensorflow') return;
  throw new PatchlineError('PL_USAGE', `there is nothing called '${what}' to set up`, {
    disposition: 'usage',
    hint: 'patchline setup tensorflow',
  });
}
