# One image for all functions; each names its own handler, such as main.players_create.
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
COPY pyproject.toml uv.lock ./
RUN if [ -n "$CA_CERTIFICATES" ]; then \
        cat "$(python -m pip._vendor.certifi)" > /tmp/ca.pem \
        && printf '\n%s\n' "$CA_CERTIFICATES" >> /tmp/ca.pem \
        && export PIP_CERT=/tmp/ca.pem SSL_CERT_FILE=/tmp/ca.pem; \
    fi \
    && python -m pip install --quiet uv==0.13.8 \
    && uv export --quiet --frozen --no-default-groups --no-emit-project --output-file requirements.txt \
    && uv pip install --quiet --python "$(command -v python3.13)" --target packages --require-hashes --no-deps \
        --requirement requirements.txt

# botocore describes every AWS service. Kept are the two in use, of these the operations in use: a client of
# DynamoDB starts in four fifths of the time. Of Swagger UI the page needs one of several builds. Nothing at run time
# reads tests, stubs or an installer's notes.
# Written in Python because Lambda's base image has neither find nor gzip.
RUN printf '%s\n' \
        'import gzip, json, pathlib, shutil' \
        'packages = pathlib.Path("packages")' \
        'for folder in [packages / "bin", *packages.rglob("tests"), *packages.rglob("__pycache__")]:' \
        '    shutil.rmtree(folder, ignore_errors=True)' \
        'left = ("*.pyi", ".lock", "*.dist-info/RECORD", "*.dist-info/REQUESTED")' \
        'for file in [file for pattern in left for file in packages.rglob(pattern)]:' \
        '    file.unlink(missing_ok=True)' \
        'data = packages / "botocore/data"' \
        'used = {"dynamodb": ("Item", "Items", "Query", "Scan"), "secretsmanager": ("GetSecretValue",)}' \
        'def shapes(part):' \
        '    if isinstance(part, list):' \
        '        return {name for item in part for name in shapes(item)}' \
        '    if not isinstance(part, dict):' \
        '        return set()' \
        '    own = {part["shape"]} if isinstance(part.get("shape"), str) else set()' \
        '    return own | shapes(list(part.values()))' \
        'for folder in [path for path in data.iterdir() if path.is_dir()]:' \
        '    for older in sorted(folder.iterdir())[:-1] if folder.name in used else [folder]:' \
        '        shutil.rmtree(older)' \
        'for service, endings in used.items():' \
        '    [file] = data.glob(f"{service}/*/service-2.json.gz")' \
        '    model = json.loads(gzip.decompress(file.read_bytes()))' \
        '    operations = {k: v for k, v in model["operations"].items() if k.endswith(endings)}' \
        '    kept, found = {}, shapes(operations)' \
        '    while found:' \
        '        kept |= {name: model["shapes"][name] for name in found}' \
        '        found = shapes([model["shapes"][name] for name in found]) - kept.keys()' \
        '    leaner = json.dumps(model | {"operations": operations, "shapes": kept})' \
        '    file.with_suffix("").write_text(leaner)' \
        '    file.unlink()' \
        'shown = {"swagger-ui.css", "swagger-ui-bundle.js", "oauth2-redirect.html", "oauth2-redirect.js", "LICENSE"}' \
        'for file in [path for path in (packages / "flask_swagger_ui/dist").iterdir() if path.name not in shown]:' \
        '    file.unlink()' \
        'endpoints = json.loads((data / "endpoints.json").read_text())' \
        'for partition in endpoints["partitions"]:' \
        '    partition["services"] = {k: v for k, v in partition["services"].items() if k in used}' \
        '(data / "endpoints.json").write_text(json.dumps(endpoints))' \
        > leaner.py \
    && python leaner.py \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash packages \
    && chmod -R a+rX,go-w packages

COPY main.py routes.py authorizer.py application/
COPY handlers application/handlers
COPY models application/models
COPY services application/services
COPY utils application/utils
# Bytecode is never checked against its source, which cannot change in an image.
RUN python -m compileall -q --invalidation-mode unchecked-hash application \
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
CMD ["main.root"]
# Last, so that a new release of the same content shares every layer.
ARG IMAGE_TAG=""
ARG RELEASE=""
ENV IMAGE_TAG=${IMAGE_TAG} RELEASE=${RELEASE}
LABEL org.opencontainers.image.version=${RELEASE}
