# One image per service: docker build -f deploy/docker/service.Dockerfile --build-arg SERVICE=risk .
# It holds what that service declares and nothing else, every package checked against its hash in locks/app.txt.
ARG BASE=docker.io/library/python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE} AS build
WORKDIR /opt/tapeline
COPY locks/bootstrap.txt locks/app.in locks/app.txt locks/
RUN python3 -m venv /opt/build && python3 -m venv venv \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r locks/bootstrap.txt
COPY pyproject.toml .
COPY contracts contracts
COPY libs libs
COPY services services
COPY jobs jobs
COPY reports reports
COPY cli cli
COPY deploy/local deploy/local
COPY deploy/docker/requirements.py deploy/docker/
ARG SERVICE
RUN /opt/build/bin/python deploy/docker/requirements.py "${SERVICE:?name a service with --build-arg SERVICE=}" /tmp \
 && /opt/build/bin/uv pip install --no-cache --python venv --require-hashes -r /tmp/requirements.txt \
 && /opt/build/bin/uv pip install --no-cache --python venv --no-deps $(cat /tmp/members.txt) \
 && venv/bin/python -m compileall -q venv/lib \
 && printf '#!/bin/sh\nexec /opt/tapeline/venv/bin/python -m %s "$@"\n' "$(echo "$SERVICE" | tr - _)" > run \
 && chmod 755 run

FROM ${BASE} AS service
# A number, not a name: Kubernetes can then see that it is not root.
RUN mkdir -p /var/lib/tapeline && chown 10001:10001 /var/lib/tapeline
COPY --from=build /opt/tapeline/venv /opt/tapeline/venv
COPY --from=build /opt/tapeline/run /opt/tapeline/run
ENV PATH=/opt/tapeline/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TAPELINE_HTTP_HOST=0.0.0.0 TAPELINE_HTTP_PORT=8080 TAPELINE_LOG_FORMAT=json TAPELINE_STATE_DIR=/var/lib/tapeline
USER 10001:10001
WORKDIR /var/lib/tapeline
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["/opt/tapeline/run"]
