# Stand-ins for the official images of Node.js, made of a Debian of this machine's own: no registry of images is asked.
FROM localhost/ringmaster-test/debian:bookworm AS slim
COPY node /usr/local/bin/node
# As theirs do: an image on top has to have its own.
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node"]

FROM slim AS full
RUN apt-get update -q && apt-get install -qy --no-install-recommends gcc libc6-dev
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
COPY etc /usr/local/etc/
