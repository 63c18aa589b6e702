# A stand-in for distroless/cc: the same Debian packages, and no shell. In tests only.
FROM tenfold-stand-in/debian:12 AS packages
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
      libstdc++6 libgomp1 libssl3 tzdata ca-certificates netbase
RUN for package in base-files libc6 libgcc-s1 libstdc++6 libgomp1 libssl3 tzdata netbase; do dpkg -L $package; done \
    | while read -r file; do \
        case $file in /usr/share/doc/*|/usr/share/man/*|/usr/share/locale/*|/usr/share/lintian/*) continue ;; esac; \
        if [ ! -d "$file" ] && [ -e "$file" ]; then \
          folder=$(realpath "$(dirname "$file")"); mkdir -p "/root-fs$folder"; cp -a "$file" "/root-fs$folder/"; \
        fi; \
      done; \
    mkdir -p /root-fs/etc/ssl/certs /root-fs/tmp /root-fs/home/nonroot /root-fs/proc /root-fs/sys /root-fs/dev /root-fs/run; \
    cp /etc/ssl/certs/ca-certificates.crt /root-fs/etc/ssl/certs/; chmod 1777 /root-fs/tmp; \
    ln -s usr/lib /root-fs/lib; ln -s usr/lib64 /root-fs/lib64; \
    printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >/root-fs/etc/passwd; \
    printf 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n' >/root-fs/etc/group
FROM scratch
COPY --from=packages /root-fs /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532
WORKDIR /home/nonroot
