/** A throw-away authority and certificates for 127.0.0.1, by openssl. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificates {
  readonly ca: string;
  readonly key: string;
  readonly certificate: string;
  /** An authority that signed nothing here. */
  readonly otherCa: string;
}

export function makeCertificates(): Certificates {
  const cwd = mkdtempSync(join(tmpdir(), 'patchline-tls-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const authority = (name: string) => {
    const out = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
    openssl('req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`, ...out);
  };
  authority('ca');
  authority('other');
  openssl('req', ...newKey, '-subj', '/CN=localhost', '-keyout', 'key.pem', '-out', 'request.pem');
  writeFileSync(join(cwd, 'names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', 'request.pem', ...signer, '-extfile', 'names', '-out', 'cert.pem');
  const path = (name: string) => join(cwd, name);
  return {
    ca: path('ca.pem'),
    key: path('key.pem'),
    certificate: path('cert.pem'),
    otherCa: path('other.pem'),
  };
}
