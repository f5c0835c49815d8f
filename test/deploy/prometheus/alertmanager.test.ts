import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Alertmanager, byName } from '../../helpers/prometheus/alertmanager.js';
import { ALERTS, ROOT } from '../../helpers/prometheus/rules.js';
import { prometheusTest, tool } from '../../helpers/prometheus/tools.js';

const it = prometheusTest(test);
const FILE = `${ROOT}deploy/prometheus/alertmanager.yml`;

it('amtool finds the configuration right', async (t) => {
  const { ok, text } = await tool('amtool', ['check-config', FILE]);
  t.true(ok, text);
});

it('pages go to the pager, tickets to the tickets', async (t) => {
  for (const { alert, labels } of ALERTS) {
    const receiver = labels.severity === 'page' ? 'pager' : 'tickets';
    const facts = [`alertname=${alert}`, `severity=${labels.severity}`, 'camera=cam-1'];
    const args = ['config', 'routes', 'test', `--config.file=${FILE}`];
    const verified = await tool('amtool', [...args, `--verify.receivers=${receiver}`, ...facts]);
    t.true(verified.ok, `${alert}: ${verified.text}`);
  }
});

type Labels = Readonly<Record<string, string>>;

const camera = (alertname: string, name: string): Labels => ({ alertname, camera: name });
const worker = (alertname: string, instance: string): Labels => ({ alertname, instance });

/** What fires; of it, what is held back by the rest. */
const INHIBITIONS: readonly { fires: readonly Labels[]; held: readonly Labels[] }[] = [
  {
    fires: [
      camera('PatchlineLineAlarm', 'a'),
      camera('PatchlineAnomalyRateHigh', 'b'),
      camera('PatchlineErrorBudgetBurnSlow', 'c'),
    ],
    held: [],
  },
  {
    fires: [
      camera('PatchlineLineAlarm', 'd'),
      camera('PatchlineAnomalyRateHigh', 'd'),
      camera('PatchlineSevereAnomaly', 'd'),
      camera('PatchlineScoreDrift', 'd'),
      camera('PatchlineSevereAnomaly', 'e'),
      camera('PatchlineFramesRejected', 'd'),
    ],
    held: [
      camera('PatchlineAnomalyRateHigh', 'd'),
      camera('PatchlineSevereAnomaly', 'd'),
      camera('PatchlineScoreDrift', 'd'),
    ],
  },
  {
    fires: [
      worker('PatchlineEncoderFailing', 'w-1'),
      worker('PatchlineWorkerRestarting', 'w-1'),
      worker('PatchlineWorkerDown', 'w-2'),
    ],
    held: [worker('PatchlineWorkerRestarting', 'w-1')],
  },
  {
    fires: [
      { alertname: 'PatchlineConsumerStuck', job: 'patchline', instance: 'w-3' },
      { alertname: 'PatchlineLagHigh', job: 'patchline', topic: 'frames' },
    ],
    held: [{ alertname: 'PatchlineLagHigh', job: 'patchline', topic: 'frames' }],
  },
  {
    fires: [
      { alertname: 'PatchlineErrorBudgetBurnFast', slo: 'latency' },
      { alertname: 'PatchlineErrorBudgetBurnSlow', slo: 'latency' },
      { alertname: 'PatchlineErrorBudgetBurnSlow', slo: 'judged' },
    ],
    held: [{ alertname: 'PatchlineErrorBudgetBurnSlow', slo: 'latency' }],
  },
  {
    fires: [{ alertname: 'PatchlineLineSilent' }, camera('PatchlineCameraSilent', 'f')],
    held: [camera('PatchlineCameraSilent', 'f')],
  },
  {
    fires: [
      { alertname: 'PatchlineNoWorkers' },
      camera('PatchlineLineAlarm', 'g'),
      worker('PatchlineWorkerDown', 'w-4'),
      { alertname: 'NodeDown' }, // not ours
    ],
    held: [camera('PatchlineLineAlarm', 'g'), worker('PatchlineWorkerDown', 'w-4')],
  },
];

it('one cause is one notification', async (t) => {
  for (const { fires, held } of INHIBITIONS) {
    const alertmanager = await Alertmanager.start('http://127.0.0.1:9/'); // sends to nobody
    try {
      await alertmanager.post(fires);
      for (let tries = 0; tries < 100; tries++) {
        if ((await alertmanager.held()).length >= held.length) break;
        await sleep(50);
      }
      t.deepEqual(await alertmanager.held(), [...held].sort(byName));
    } finally {
      await alertmanager.close();
    }
  }
});
