"""The PSN Partner Emulator as a package: the command ``psn-partner-emulator``, and what tests ask it with.

The application is in the wheel's folder ``application``, beside these modules and never on the path of a program that
imports them, so that its ``utils`` and ``models`` meet nobody else's.
"""
