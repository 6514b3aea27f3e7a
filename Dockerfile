# Ringmaster's own image. `docker build -t ringmaster .`; see docs/docker.md.
#
# Both base images need Node.js 20.19 or newer, and the same one: the code cache is of the very Node.js that builds. BUILD_IMAGE also
# needs npm and a C compiler, RUNTIME_IMAGE nothing more.
ARG BUILD_IMAGE=node:24-bookworm
ARG RUNTIME_IMAGE=node:24-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build
# The package has what `files` in package.json lists. The bundles have all that they import in them: there is no node_modules.
# `ringmaster` is the entry, and the link beside it says which Node.js it becomes.
RUN mkdir -p /image/lib/ringmaster /image/bin \
  && npm pack --ignore-scripts --pack-destination /tmp \
  && tar -xzf /tmp/ringmaster-*.tgz -C /image/lib/ringmaster --strip-components=1 --no-same-owner \
  && ln -s ../lib/ringmaster/build/ringmaster-entry /image/bin/ringmaster \
  && ln -s ../../../bin/node /image/lib/ringmaster/build/node

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="ringmaster" \
      org.opencontainers.image.description="Process supervisor for containers" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/ /usr/local/
# By number, so that Kubernetes can tell that it is not root.
USER 65534:65534
EXPOSE 9099
STOPSIGNAL SIGTERM
# Healthy is who does its work, so readyz: livez would say no more than that the container runs. See docs/docker.md.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["ringmaster", "probe", "readyz"]
ENTRYPOINT ["ringmaster", "run"]
