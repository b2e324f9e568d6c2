"""The ``docker`` package of resources: images, built by the Docker engine and pushed to the local AWS."""
