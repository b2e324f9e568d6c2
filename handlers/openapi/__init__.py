"""What the OpenAPI document says, a module for the routes of each of the handlers' modules."""
