# Airflow and the commands its tasks call: docker build -f deploy/docker/airflow.Dockerfile .
# A task runs `tapeline`, as a person does, so the image is a checkout with its three environments.
ARG BASE=docker.io/library/python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE} AS build
WORKDIR /opt/tapeline
COPY . .
ENV UV_NO_CACHE=1 PIP_NO_CACHE_DIR=1
RUN scripts/install app && scripts/install dbt && scripts/install airflow

FROM ${BASE} AS airflow
# An account for the number: Airflow does not start without the name of its user.
RUN groupadd --gid 10001 tapeline \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/tapeline --no-create-home --shell /usr/sbin/nologin tapeline
RUN mkdir -p /var/lib/tapeline && chown 10001:10001 /var/lib/tapeline
COPY --from=build /opt/tapeline /opt/tapeline
ENV PATH=/opt/tapeline/.venv-airflow/bin:/opt/tapeline/.venv/bin:$PATH PYTHONUNBUFFERED=1 \
    HOME=/var/lib/tapeline TAPELINE_HOME=/var/lib/tapeline AIRFLOW_HOME=/var/lib/tapeline/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/tapeline/airflow/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/tapeline/airflow/plugins \
    DBT_TARGET_PATH=/var/lib/tapeline/dbt/target DBT_LOG_PATH=/var/lib/tapeline/dbt/logs
USER 10001:10001
WORKDIR /var/lib/tapeline
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s --retries=6 \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/api/v2/monitor/health', timeout=8)"]
ENTRYPOINT ["airflow"]
CMD ["api-server"]
