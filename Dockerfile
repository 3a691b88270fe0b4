# Two images from one file, on the same pins as the development environment:
#   docker build --target airflow .    Airflow's services with the DAGs, the plugin and the package
#   docker build --target bot .        what talks to Slack: the package without Airflow
# The tree is the repository's, so that every default path is the same everywhere.
FROM python:3.12-slim AS base
ENV PYTHONUNBUFFERED=1 RELANCE_HOME=/var/lib/relance
RUN pip install --no-cache-dir uv==0.13.9 \
    && useradd --uid 10001 --create-home relance \
    && install -d -o relance /var/lib/relance /opt/airflow
WORKDIR /opt/relance
COPY pyproject.toml requirements.txt README.md LICENSE ./
COPY plugins plugins
COPY bot bot
COPY include/templates include/templates
COPY config config

FROM base AS bot
RUN uv pip install --system --no-cache --compile-bytecode --constraint requirements.txt --editable .
USER relance
CMD ["python", "-m", "bot"]

FROM base AS airflow
ENV AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/relance/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/relance/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS=False
RUN uv pip install --system --no-cache --compile-bytecode --constraint requirements.txt --editable ".[airflow]"
COPY dags dags
COPY include/sample include/sample
USER relance
CMD ["airflow", "version"]
