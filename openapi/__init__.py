"""The API's description, made of the route table, the handlers' docstrings and the models.

It is written to ``handlers/openapi.json``, which a function serves. This runs on the machine of who changes the API,
and in the tests; it is not in the image.
"""
