import test from 'ava';
import { withListAttributes } from '../../src/setup/addon-source.js';

const SOURCE = `#include "tfjs_backend.h"
#include "napi_auto_ref.h"

void AssignOpAttr(napi_env env, TFE_Op *tfe_op, napi_value attr_value) {
  TF_AttrType tf_attr_type;
  switch (tf_attr_type) {
  }
}
`;

test('the function is put before the one that calls it, the call before the switch', (t) => {
  const changed = withListAttributes(SOURCE);
  const order = [
    '#include <vector>\n#include "napi_auto_ref.h"',
    'static bool AssignListAttr(',
    'void AssignOpAttr(',
    '  TF_AttrType tf_attr_type;\n  if (AssignListAttr(env, tfe_op, attr_name, tf_attr_type, js_value)) return;',
    '  switch (tf_attr_type) {',
  ].map((text) => changed.indexOf(text));
  t.true(order.every((at) => at >= 0));
  t.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
});

test('a source that is not the known one is refused', (t) => {
  for (const source of ['', SOURCE.replace('switch', 'if'), SOURCE + SOURCE]) {
    t.throws(() => withListAttributes(source), { code: 'PL_SETUP', message: /source has changed/ });
  }
});
