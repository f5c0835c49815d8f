/** A process under probe that behaves as the name of its back end says. */
import type { ProbeOrder } from '../../src/backend/probe.js';

let behaviour: string;

process.on('message', (order: ProbeOrder) => {
  if (order !== 'run') behaviour = order.start;
  if (behaviour === 'SIGSEGV') process.kill(process.pid, 'SIGSEGV');
  else if (behaviour === 'exit') process.exit(3);
  else if (behaviour === 'on run' && order === 'run') process.abort();
  else process.send?.(order === 'run' ? { ms: 2 } : { ready: true });
});
