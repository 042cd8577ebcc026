# syntax=docker/dockerfile:1
# Purser as one process, from the very pins that the tests run on. The image holds no settings and no secret: they come
# from the environment. Everything it writes lies in /data, so the rest may be mounted read-only:
#   docker run --read-only --tmpfs /tmp -v purser:/data --env-file .env purser

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/purser /opt/build
ENV PATH=/opt/purser/bin:$PATH
WORKDIR /src
# Pins before code: a change in the code reuses the layers with the dependencies.
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN pip install --require-hashes -r requirements/runtime.txt \
 && /opt/build/bin/pip install --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md ./
COPY bot bot
COPY storage storage
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip install --no-deps --no-index /wheels/*.whl \
 && python -m compileall -q /opt/purser/lib

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin purser \
 && install -d -o purser -g purser -m 0700 /data
COPY --from=build /opt/purser /opt/purser
ENV PATH=/opt/purser/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATABASE_URL=sqlite:////data/purser.db
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["purser", "health"]
CMD ["purser", "serve"]
