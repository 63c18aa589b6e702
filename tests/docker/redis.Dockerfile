# A stand-in for the official image of Redis: Debian's own. In tests only.
FROM tenfold-stand-in/debian:12
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* \
 && mkdir -p /data && chmod 1777 /data
VOLUME /data
WORKDIR /data
EXPOSE 6379
CMD ["redis-server"]
