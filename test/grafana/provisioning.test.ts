import test from 'ava';
import { parse } from 'yaml';
import { readText } from '../helpers/prometheus/rules.js';

test('the data source has the uid that other dashboards may rely on', (t) => {
  const { apiVersion, datasources } = parse(
    readText('grafana/provisioning/datasources/prometheus.yaml'),
  );
  t.is(apiVersion, 1);
  t.is(datasources.length, 1);
  t.like(datasources[0], { uid: 'prometheus', type: 'prometheus', isDefault: true });
  t.is(new URL(datasources[0].url).port, '9090');
});

test('the interval of the data source is that of the scrapes', (t) => {
  const { datasources } = parse(readText('grafana/provisioning/datasources/prometheus.yaml'));
  const { global } = parse(readText('deploy/prometheus/prometheus.yml'));
  t.is(datasources[0].jsonData.timeInterval, global.scrape_interval);
});

test('dashboards come from files and cannot be changed by hand', (t) => {
  const { apiVersion, providers } = parse(
    readText('grafana/provisioning/dashboards/patchline.yaml'),
  );
  t.is(apiVersion, 1);
  t.is(providers.length, 1);
  t.like(providers[0], {
    type: 'file',
    allowUiUpdates: false,
    disableDeletion: true,
    options: { path: '/etc/grafana/dashboards' },
  });
});
