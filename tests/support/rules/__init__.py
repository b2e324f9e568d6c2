"""The player API's rules, one suite for the API in process and for a deployed one."""
