import { createHash } from 'node:crypto';

const MAX_LENGTH = 112;
const DIGEST_LENGTH = 12;

/**
 * A camera or frame id as it may be kept, labelled and shown: ids come from outside and can be of
 * any length and content. The result is well-formed Unicode without control characters (one NUL in
 * a label value makes Prometheus drop the whole scrape) of at most 112 characters (with its label
 * name it fits into the 128 characters of an exemplar). A longer id keeps its beginning and gets a
 * digest of the whole, so that different ids stay different; a bounded id is its own bound.
 */
export function boundedId(id: string): string {
  const text = wellFormed(id).replace(/\p{Cc}/gu, '\ufffd');
  if (text.length <= MAX_LENGTH) return text;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, DIGEST_LENGTH);
  return `${wellFormed(text.slice(0, MAX_LENGTH - DIGEST_LENGTH - 1))}…${digest}`;
}

/** UTF-8 has no lone surrogates: a round trip replaces each by U+FFFD. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
