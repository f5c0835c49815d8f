/**
 * Markup made of text. Whatever is put into a template is escaped unless it is markup itself, so
 * that names of files, folders and models, which come from elsewhere, can only ever be read.
 */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Part = Html | string | number | readonly Part[] | undefined;

/** `html\`<p>${text}</p>\``: texts and numbers are escaped, lists joined, `undefined` is nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const markup = parts.map((part, i) => markupOf(part) + strings[i + 1]);
  return new Html(strings[0] + markup.join(''));
}

function markupOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return part.map(markupOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Control characters and those that turn the direction of what follows become U+FFFD. A number and
 * its sign stay on one line.
 */
function escaped(text: string): string {
  return text
    .replace(/[^\P{Cc}\n\t]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
    .replace(/(?<=\d) (?=[%×])/g, '\u00a0')
    .replace(/[&<>"']/g, (char) => ENTITIES[char]);
}
