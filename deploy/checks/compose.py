"""compose.py COMPOSE SCHEMA: a Compose file, its anchors resolved, against the specification."""

import json
import sys

import jsonschema
import yaml


def main(path, schema):
    with open(path) as file:
        compose = yaml.safe_load(file)
    with open(schema) as file:
        jsonschema.validate(compose, json.load(file))


if __name__ == "__main__":
    main(*sys.argv[1:])
