# bar-aggregator with the Java and the Spark libraries it runs on: docker build -f deploy/docker/spark.Dockerfile .
# The libraries are those of jars.lock, checked against their SHA-256 like the packages against locks/app.txt.
ARG BASE=docker.io/library/python:3.11.16-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${BASE} AS java
RUN apt-get update \
 && apt-get install -y --no-install-recommends openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/*
ENV JAVA_HOME=/usr/lib/jvm/default-java
RUN ln -sfn "$(dirname "$(dirname "$(readlink -f /usr/bin/java)")")" /usr/lib/jvm/default-java

FROM java AS build
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
# What fetches the libraries stays in this stage.
RUN mkdir /tmp/stack && /opt/build/bin/python deploy/docker/requirements.py local-stack /tmp/stack \
 && /opt/build/bin/uv pip install --no-cache --python /opt/build --require-hashes -r /tmp/stack/requirements.txt \
 && PYTHONPATH=deploy/local/src /opt/build/bin/python -c "import os; from pathlib import Path; \
from local_stack.jars import ensure; from local_stack.java import find_java; \
print(*ensure('spark', Path('jars'), find_java(Path('/tmp/java'), os.environ)))"
RUN /opt/build/bin/python deploy/docker/requirements.py bar-aggregator /tmp \
 && /opt/build/bin/uv pip install --no-cache --python venv --require-hashes -r /tmp/requirements.txt \
 && /opt/build/bin/uv pip install --no-cache --python venv --no-deps $(cat /tmp/members.txt) \
 && venv/bin/python -m compileall -q venv/lib

FROM java AS service
# An account for the number: without one Java has no home directory and Spark does not start.
RUN groupadd --gid 10001 tapeline \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/tapeline --no-create-home --shell /usr/sbin/nologin tapeline
RUN mkdir -p /var/lib/tapeline /lake && chown 10001:10001 /var/lib/tapeline /lake
COPY --from=build /opt/tapeline/venv /opt/tapeline/venv
COPY --from=build /opt/tapeline/jars /opt/tapeline/jars
ENV PATH=/opt/tapeline/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    TAPELINE_HTTP_HOST=0.0.0.0 TAPELINE_HTTP_PORT=8080 TAPELINE_LOG_FORMAT=json \
    TAPELINE_STATE_DIR=/var/lib/tapeline TAPELINE_LAKE=/lake TAPELINE_SPARK_JARS=/opt/tapeline/jars/spark
USER 10001:10001
WORKDIR /var/lib/tapeline
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=6 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["python", "-m", "bar_aggregator"]
