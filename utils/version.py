"""The product's version, by Semantic Versioning; the same as in ``pyproject.toml``, which the image lacks."""

VERSION = "0.1.0"
