"""Hashes of passwords that cost next to nothing, for all tests in which the cost of one is not the point."""

from argon2 import PasswordHasher

HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
