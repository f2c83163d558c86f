# The service in a small image. To build it: docker build -t triggers . (docs/deployment.md says how to run it.) The first
# stage builds the package, which declares the libraries that the second stage needs and creates the user.
FROM debian:12-slim AS build
WORKDIR /src
# The packages change less often than the sources, so they have their own layer.
COPY scripts/install_packages.sh scripts/
COPY scripts/packages scripts/packages
RUN scripts/install_packages.sh build package npm
COPY . .
RUN scripts/package.sh && mv build/package/triggers_*.deb /triggers.deb

FROM debian:12-slim
COPY --from=build /triggers.deb /tmp/triggers.deb
COPY packaging/container/health packaging/container/first-start /usr/lib/triggers/
# File modes are set here, because COPY sets them only with BuildKit, which Debian's Docker does not have.
RUN apt-get update && \
    apt-get install --yes --no-install-recommends ca-certificates /tmp/triggers.deb && \
    chmod 755 /usr/lib/triggers/health /usr/lib/triggers/first-start && \
    rm -rf /tmp/triggers.deb /var/lib/apt/lists/*
USER triggers
# The embedded store's directory. With DynamoDB, nothing is written there.
ENV DATA_DIR=/var/lib/triggers
VOLUME /var/lib/triggers
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/usr/lib/triggers/health"]
ENTRYPOINT ["/usr/bin/triggers"]
CMD ["serve"]
