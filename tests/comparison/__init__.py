"""The emulator beside WireMock, MockServer and mock-oauth2-server: six scenarios of integrators, written for each and
run."""
