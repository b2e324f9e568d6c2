# One image for all functions; each names its own handler, such as main.players_create. `docker run -p 8080:8080 <image> serve`
# serves the whole API, without AWS.
# BASE_IMAGE is Lambda's own, or for a local stack what offers the same: Python 3.13 with pip in /var/lang, the
# runtime client and /lambda-entrypoint.sh.
ARG BASE_IMAGE=public.ecr.aws/lambda/python:3.13

FROM ${BASE_IMAGE} AS build
# PEM of authorities that a company's network adds; seen by this stage alone.
ARG CA_CERTIFICATES=""
ENV PATH=/var/lang/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
    UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never PYTHONDONTWRITEBYTECODE=1
WORKDIR /build

# The locked packages, each checked against its hash, compiled below.
COPY pyproject.toml uv.lock infrastructure/uv.txt ./
RUN if [ -n "$CA_CERTIFICATES" ]; then \
        cat "$(python -m pip._vendor.certifi)" > /tmp/ca.pem \
        && printf '\n%s\n' "$CA_CERTIFICATES" >> /tmp/ca.pem \
        && export PIP_CERT=/tmp/ca.pem SSL_CERT_FILE=/tmp/ca.pem; \
    fi \
    && python -m pip install --quiet --require-hashes --only-binary :all: --requirement uv.txt \
    && uv export --quiet --frozen --no-default-groups --extra aws --no-emit-project --output-file requirements.txt \
    && uv pip install --quiet --python "$(command -v python3.13)" --target packages --require-hashes --no-deps \
        --requirement requirements.txt

COPY infrastructure/trim_packages.py ./
RUN python trim_packages.py packages \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash packages \
    && chmod -R a+rX,go-w packages

COPY main.py routes.py variables.py account_rules.py authorizer.py entrypoint.sh application/
COPY handlers application/handlers
COPY models application/models
COPY seeding application/seeding
COPY serve application/serve
COPY services application/services
COPY utils application/utils
COPY infrastructure/seeds/local.yaml application/infrastructure/seeds/
# What has no extension is no source, and not in the tag's hash. Bytecode is never checked against its source, which cannot
# change in an image.
RUN find application ! -type d ! -name '*.*' -delete \
    && python -m compileall -q --invalidation-mode unchecked-hash application \
    && chmod -R a+rX,go-w application

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="psn-partner-emulator" \
      org.opencontainers.image.description="The functions of the PSN Partner Emulator" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /var/task
COPY --from=build /build/packages ./
COPY --from=build /build/application ./
# A user without a name or rights; Lambda itself runs the container as one of its own.
USER 10001:10001
ENTRYPOINT ["/bin/sh", "/var/task/entrypoint.sh"]
CMD ["main.root"]
EXPOSE 8080
# Last, so that a new release of the same content shares every layer.
ARG IMAGE_TAG=""
ARG RELEASE=""
ENV IMAGE_TAG=${IMAGE_TAG} RELEASE=${RELEASE}
LABEL org.opencontainers.image.version=${RELEASE}
