/**
 * The one change to tfjs-node's C++ source. Its binding passes lists of numbers to operations, but
 * no lists of strings or types, without which `_FusedConv2D` (convolution, bias and ReLU in one
 * pass over memory) cannot be called. A function of ours is put before `AssignOpAttr`, and a call
 * of it before that function looks at the kind of an attribute.
 */
import { PatchlineError } from '../errors.js';

const LIST_ATTRIBUTES = `// Added by Patchline: attributes that are lists of strings or of types.
// Returns whether the attribute was one and is set.
static bool AssignListAttr(napi_env env, TFE_Op *op, const char *name,
                           TF_AttrType type, napi_value value) {
  bool is_list = false;
  if (napi_is_array(env, value, &is_list) != napi_ok || !is_list) return false;
  if (type != TF_ATTR_STRING && type != TF_ATTR_TYPE) return false;
  uint32_t length = 0;
  napi_get_array_length(env, value, &length);
  std::vector<std::string> texts(length);
  std::vector<TF_DataType> types(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    int32_t number = 0;
    napi_status status = napi_get_element(env, value, i, &element);
    if (status == napi_ok) {
      status = type == TF_ATTR_STRING
                   ? GetStringParam(env, element, texts[i])
                   : napi_get_value_int32(env, element, &number);
    }
    if (status != napi_ok) {
      NAPI_THROW_ERROR(env, "An element of a list attribute has the wrong type");
      return true;
    }
    types[i] = static_cast<TF_DataType>(number);
  }
  if (type == TF_ATTR_TYPE) {
    TFE_OpSetAttrTypeList(op, name, types.data(), static_cast<int>(length));
    return true;
  }
  std::vector<const void *> starts(length);
  std::vector<size_t> lengths(length);
  for (uint32_t i = 0; i < length; ++i) {
    starts[i] = texts[i].data();
    lengths[i] = texts[i].size();
  }
  TFE_OpSetAttrStringList(op, name, starts.data(), lengths.data(),
                          static_cast<int>(length));
  return true;
}

`;

const CALL = `  if (AssignListAttr(env, tfe_op, attr_name, tf_attr_type, js_value)) return;

`;

/** Text that is put before places of the source; each must be there exactly once. */
const INSERTIONS: readonly (readonly [before: string, text: string])[] = [
  ['#include "napi_auto_ref.h"\n', '#include <vector>\n'],
  ['void AssignOpAttr(napi_env env, TFE_Op *tfe_op, napi_value attr_value) {\n', LIST_ATTRIBUTES],
  ['  switch (tf_attr_type) {\n', CALL],
];

/** @param source of `tfjs_backend.cc`. @throws PL_SETUP if it is not the source that is known */
export function withListAttributes(source: string): string {
  return INSERTIONS.reduce((text, [before, insertion]) => {
    const parts = text.split(before);
    if (parts.length === 2) return `${parts[0]}${insertion}${before}${parts[1]}`;
    throw new PatchlineError(
      'PL_SETUP',
      `tfjs-node's source has changed: '${before.trim()}' is there ${parts.length - 1} times`,
    );
  }, source);
}
