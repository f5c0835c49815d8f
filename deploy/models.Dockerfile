# Your models in the worker's image: versioned, signed, rolled out and rolled back with it.
#
#   docker build -f deploy/models.Dockerfile --build-arg PATCHLINE=patchline:cpu -t line:2026-11-26 models
#
# `models` holds a model for each camera, named by it, and one called default for the others.
ARG PATCHLINE=patchline:cpu
FROM ${PATCHLINE}
COPY --chown=0:0 . /models/
