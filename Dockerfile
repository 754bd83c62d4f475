# One image for the service and for Asterisk: Debian testing has Asterisk 22 and a Python that is new enough.
FROM node:22-slim AS web
WORKDIR /build
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM debian:testing-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        asterisk asterisk-core-sounds-en-wav ca-certificates espeak-ng python3 python3-venv sox util-linux \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/cti
COPY requirements.lock pyproject.toml README.md ./
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY asterisk_conf asterisk_conf
COPY ivr_flows ivr_flows
COPY migrations migrations
COPY cti cti
COPY --from=web /build/dist web/dist
RUN .venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && groupadd --gid 971 cti \
    && useradd --create-home --uid 971 --gid 971 cti \
    && install -d -o cti -g cti -m 700 /var/lib/cti
ENV PATH=/opt/cti/.venv/bin:$PATH CTI_HOME=/var/lib/cti PYTHONUNBUFFERED=1
USER cti
CMD ["cti", "serve"]
