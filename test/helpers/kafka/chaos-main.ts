/** `npm run chaos [frames [rate]]`: ends with 0 if every promise was kept. */
import { held, runChaos } from './chaos.js';
import { missingTools } from './jars.js';

const missing = missingTools();
if (missing !== undefined) {
  process.stderr.write(`Chaos needs a broker of its own: ${missing}\n`);
  process.exit(1);
}
const [frames = 5000, rate = 40] = process.argv.slice(2).map(Number);
const report = await runChaos({ frames, rate, say: (line) => process.stderr.write(`${line}\n`) });
process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
process.exitCode = held(report) ? 0 : 1;
