# The warehouse's project with dbt: docker build -f deploy/docker/dbt.Dockerfile . ; arguments are dbt's own.
ARG BASE=docker.io/library/python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE} AS build
COPY locks/bootstrap.txt locks/dbt.txt /tmp/locks/
RUN python3 -m venv /opt/build && python3 -m venv /opt/dbt \
 && /opt/build/bin/pip install --no-cache-dir --require-hashes -r /tmp/locks/bootstrap.txt \
 && /opt/build/bin/uv pip install --no-cache --python /opt/dbt --require-hashes -r /tmp/locks/dbt.txt

FROM ${BASE} AS dbt
RUN mkdir -p /var/lib/tapeline && chown 10001:10001 /var/lib/tapeline
COPY --from=build /opt/dbt /opt/dbt
COPY warehouse /opt/tapeline/warehouse
ENV PATH=/opt/dbt/bin:$PATH PYTHONUNBUFFERED=1 DBT_PROJECT_DIR=/opt/tapeline/warehouse \
    DBT_PROFILES_DIR=/opt/tapeline/warehouse DBT_TARGET_PATH=/var/lib/tapeline/target \
    DBT_LOG_PATH=/var/lib/tapeline/logs DBT_SEND_ANONYMOUS_USAGE_STATS=false
USER 10001:10001
WORKDIR /var/lib/tapeline
ENTRYPOINT ["dbt"]
CMD ["build"]
