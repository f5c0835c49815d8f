import test from 'ava';
import { settingsText, settle } from '../../../src/backend/native/settings.js';

test('settings that the user has made stay', (t) => {
  const environment: NodeJS.ProcessEnv = { TF_NUM_INTRAOP_THREADS: '3', TF_ENABLE_ONEDNN_OPTS: '' };
  settle(environment);
  t.is(environment.TF_NUM_INTRAOP_THREADS, '3');
  t.is(environment.TF_ENABLE_ONEDNN_OPTS, '1');
  t.is(environment.NVIDIA_TF32_OVERRIDE, '0');
});

test('what the last bits depend on is told', (t) => {
  const text = (TF_NUM_INTRAOP_THREADS: string, TF_ENABLE_ONEDNN_OPTS: string) =>
    settingsText({ TF_NUM_INTRAOP_THREADS, TF_ENABLE_ONEDNN_OPTS });
  t.is(text('1', '0'), '1 thread');
  t.is(text('2', '1'), '2 threads, oneDNN');
});
