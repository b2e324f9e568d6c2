"""What staging and prod may not do without, and what a local stack cannot do."""

import re

import routes
from infrastructure.stack.settings import Settings
from infrastructure.stack.stack_file import key

_LEAST_RETENTION_DAYS = {"staging": 30, "prod": 90}
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")


def faults_in(settings: Settings) -> list[str]:
    """What the settings say that the stack's environment does not allow, each beginning with the key at fault."""
    faults = _guarded_faults(settings) if settings.guarded else []
    if settings.environment == "prod" and not settings.accept_data_loss:
        faults += [
            f"{key(name)} is off, which on prod takes {key('accept_data_loss')}: true"
            for name in ("deletion_protection", "point_in_time_recovery")
            if not getattr(settings, name)
        ]
    if settings.local:
        faults += [
            f"{key(name)} {fault}"
            for name, fault in (
                ("monitoring", "is for AWS: the local AWS evaluates no alarm and keeps no query"),
                ("routes", "is for AWS: the local gateway does not throttle single routes"),
            )
            if getattr(settings, name)
        ]
    return faults + _subscriber_faults(settings) + _throttle_faults(settings)


def _guarded_faults(settings: Settings) -> list[str]:
    environment = settings.environment
    least = _LEAST_RETENTION_DAYS[environment]
    return [
        f"{key(name)} {fault}"
        for name, impossible, fault in (
            (
                "log_level",
                settings.log_level != "INFO",
                f"is {settings.log_level}; on {environment} it has to be INFO: DEBUG tells too much, and without the "
                "line of each request there are no metrics",
            ),
            (
                "log_retention_days",
                settings.log_retention_days < least,
                f"is {settings.log_retention_days}; on {environment} logs are kept for {least} days at least",
            ),
            (
                "monitoring",
                not settings.monitoring,
                f"is off; on {environment} alarms have to reach somebody",
            ),
            (
                "issuer_hosts",
                bool(settings.issuer_hosts),
                f"lets a request choose the issuer; on {environment} there is one, public_url or the gateway's",
            ),
            (
                "automatic_login",
                settings.automatic_login,
                f"signs in without a password; on {environment} nobody may",
            ),
            (
                "cors_origins",
                any(origin.startswith("http:") for origin in settings.cors_origins),
                f"may hold https origins only on {environment}",
            ),
        )
        if impossible
    ]


def _subscriber_faults(settings: Settings) -> list[str]:
    wrong = [("alarm_emails", address) for address in settings.alarm_emails if not _EMAIL.fullmatch(address)]
    wrong += [("alarm_urls", url) for url in settings.alarm_urls if not re.fullmatch(r"https://\S+", url)]
    faults = [f"{key(name)}: {value!r} is no {_KINDS[name]}" for name, value in wrong]
    if (settings.alarm_emails or settings.alarm_urls) and not settings.monitoring:
        faults.append(f"{key('monitoring')} is off, so nobody of alarm_emails and alarm_urls would be told")
    return faults


_KINDS = {"alarm_emails": "e-mail address", "alarm_urls": "https URL"}


def _throttle_faults(settings: Settings) -> list[str]:
    known = {route.name for route in routes.ROUTES}
    faults = [f"{key('routes')}.{name} is no route" for name in settings.routes if name not in known]
    for name, throttle in settings.routes.items():
        if throttle.throttle_burst < throttle.throttle_rate:
            faults.append(
                f"{key('routes')}.{name}.throttle_burst is under throttle_rate ({throttle.throttle_rate}), "
                "which could then never be reached"
            )
        if throttle.throttle_rate > settings.throttle_rate:
            faults.append(
                f"{key('routes')}.{name}.throttle_rate is over that of all routes ({settings.throttle_rate})"
            )
    return faults
