"""manifests.py MANIFESTS CRD…: each manifest against its published schema; no unknown field passes."""

import sys

import jsonschema
import kubernetes_validate
import yaml

KUBERNETES = "1.34"


def schemas_of(paths):
    """The schemas in files of CustomResourceDefinitions, by apiVersion and kind."""
    schemas = {}
    for path in paths:
        with open(path) as file:
            for crd in yaml.safe_load_all(file):
                kind = crd["spec"]["names"]["kind"]
                for version in crd["spec"]["versions"]:
                    key = f"{crd['spec']['group']}/{version['name']}", kind
                    schemas[key] = closed(version["schema"]["openAPIV3Schema"])
    return schemas


def closed(schema):
    """The schema, open nowhere: the API server would drop what it does not know in silence."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: closed(part) for key, part in schema.items()}
    if isinstance(parts.get("properties"), dict) and "additionalProperties" not in parts:
        parts["additionalProperties"] = parts.get("x-kubernetes-preserve-unknown-fields", False)
    if parts.get("x-kubernetes-int-or-string"):
        parts.pop("type", None)
    if isinstance(parts.get("pattern"), str):  # Go lets flags stand behind the anchor
        parts["pattern"] = parts["pattern"].replace("^(?i)", "(?i)^")
    return parts


def root(schema):
    """Its metadata is checked by name alone: the definitions leave it to Kubernetes."""
    schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
    return schema


def problem_of(manifest, schemas):
    key = manifest["apiVersion"], manifest["kind"]
    try:
        if key in schemas:
            jsonschema.validate(manifest, root(schemas[key]))
        else:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
        return f"{'.'.join(map(str, error.path))}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return error.message
    return None


def main(path, *crds):
    schemas = schemas_of(crds)
    with open(path) as file:
        manifests = list(yaml.safe_load_all(file))
    problems = [(m["kind"], problem_of(m, schemas)) for m in manifests]
    for kind, problem in problems:
        print(f"{kind}: {problem or 'ok'}")
    return any(problem for _, problem in problems) or len(manifests) == 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
