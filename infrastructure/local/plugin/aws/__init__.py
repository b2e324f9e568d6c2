"""The ``aws`` package of resources, served from the local AWS."""
