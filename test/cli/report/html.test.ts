import test from 'ava';
import { html } from '../../../src/cli/report/html.js';

test('texts are escaped, markup is not, lists are joined, nothing is nothing', (t) => {
  const name = `<img src=x onerror="a('b')">&`;
  const escaped = '&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;';
  t.is(html`<p title="${name}">${name}</p>`.markup, `<p title="${escaped}">${escaped}</p>`);
  t.is(
    html`<ul>${[1, 2].map((n) => html`<li>${n}</li>`)}${undefined}</ul>`.markup,
    '<ul><li>1</li><li>2</li></ul>',
  );
});

test('what turns or hides text is shown as what it is: unknown', (t) => {
  const hostile = 'a\u0000b\u001b[2Jc\u202ed\u2066e\u0085f';
  t.is(html`${hostile}`.markup, 'a\ufffdb\ufffd[2Jc\ufffdd\ufffde\ufffdf');
  t.is(html`${'l\u00e4nge\n\u6f22'}`.markup, 'l\u00e4nge\n\u6f22');
  t.is(html`${'5 % of 7, a %'}`.markup, '5\u00a0% of 7, a %');
});
