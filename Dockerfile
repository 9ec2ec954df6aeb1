# The connectors as Airbyte runs them: docker build -t source-bigcommerce . && docker run --rm -i source-bigcommerce spec
# and docker build --target destination -t destination-bigcommerce .
FROM python:3.13-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY source_bigcommerce ./source_bigcommerce
COPY destination_bigcommerce ./destination_bigcommerce
RUN pip install --quiet --constraint constraints.txt uv
# Left out: what the framework needs for files, SQL and Google's secrets alone, two thirds of the size.
RUN uv build --quiet --wheel --out-dir /build/dist \
    && uv venv --quiet /opt/connector \
    && printf '%s; python_version < "3"\n' pandas nltk google-cloud-secret-manager > /build/left-out.txt \
    && uv pip install --quiet --python /opt/connector/bin/python --constraint constraints.txt \
        --overrides /build/left-out.txt --no-build --compile-bytecode /build/dist/*.whl

FROM python:3.13-slim-bookworm AS source
LABEL io.airbyte.name="source-bigcommerce" \
      io.airbyte.version="0.1.0"
RUN groupadd --gid 1000 airbyte \
    && useradd --uid 1000 --gid airbyte --create-home --home-dir /airbyte airbyte
COPY --from=build /opt/connector /opt/connector
ENV AIRBYTE_ENTRYPOINT="/opt/connector/bin/source-bigcommerce"
WORKDIR /airbyte
# By number, so that Kubernetes can tell that it is not root.
USER 1000:1000
ENTRYPOINT ["/opt/connector/bin/source-bigcommerce"]

FROM source AS destination
LABEL io.airbyte.name="destination-bigcommerce"
ENV AIRBYTE_ENTRYPOINT="/opt/connector/bin/destination-bigcommerce"
ENTRYPOINT ["/opt/connector/bin/destination-bigcommerce"]

# What is built where no target is named.
FROM source
