# The service as an image: one binary on a small Debian. It does not run as root and keeps its files below /data.
#
# Both base images can be replaced: --build-arg BUILD_IMAGE=… (Rust and a C compiler, Debian bookworm or
# older libraries) and --build-arg RUN_IMAGE=… (glibc of the same age or newer).
ARG BUILD_IMAGE=rust:1.95-bookworm
ARG RUN_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked --bin entrenous

FROM ${RUN_IMAGE}
# Root certificates, for a store that is reached over TLS (rediss://).
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 entrenous \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin entrenous \
    && install -d -o 10001 -g 10001 -m 700 /data /data/config
COPY --from=build /build/target/release/entrenous /usr/local/bin/entrenous
# The working folder: entrenous.db, journal, and config/*.toml if any.
WORKDIR /data
VOLUME /data
USER 10001:10001
ENV ENTRENOUS__SERVER__LISTEN=0.0.0.0:8080 \
    ENTRENOUS__STORE__URL=sqlite:/data/entrenous.db \
    ENTRENOUS__JOURNAL__DIR=/data/journal
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["entrenous", "healthcheck"]
ENTRYPOINT ["entrenous"]
CMD ["serve"]
