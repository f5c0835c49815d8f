/** Writes base/prometheusrule.yaml from deploy/prometheus/rules.yml: node deploy/k8s/prometheusrule.mjs */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

const RULES = new URL('../prometheus/rules.yml', import.meta.url);
const TARGET = new URL('base/prometheusrule.yaml', import.meta.url);

const HEAD = `# Made from deploy/prometheus/rules.yml by deploy/k8s/prometheusrule.mjs: change it there.\n`;

/** The rules as the resource that Prometheus Operator reads. */
export function prometheusRule() {
  const resource = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'patchline' },
    spec: parse(readFileSync(RULES, 'utf8')),
  };
  return HEAD + stringify(resource, { lineWidth: 0 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(TARGET, prometheusRule());
