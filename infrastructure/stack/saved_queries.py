"""The questions to a stack's logs that are kept in CloudWatch Logs Insights."""

from dataclasses import dataclass

from infrastructure.stack.function_specs import function_specs
from infrastructure.stack.settings import Settings


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query by its name, and the log groups that it asks, at most 50 ("StartQuery" in the API reference)."""

    name: str
    text: str
    log_groups: tuple[str, ...]


def saved_queries(settings: Settings) -> tuple[SavedQuery, ...]:
    """The saved queries of the stack."""
    functions = tuple(settings.names.function_log_group(spec.name) for spec in function_specs(settings))
    everything = (*functions, settings.names.access_log_group)
    return (
        SavedQuery(
            "errors",
            "fields @timestamp, function, route, status, message, request_id, exception"
            ' | filter level in ["ERROR", "CRITICAL"] or status >= 500 | sort @timestamp desc | limit 200',
            functions,
        ),
        SavedQuery(
            "slowest",
            "fields @timestamp, function, route, status, duration_ms, cold_start, request_id"
            ' | filter message = "answered" | sort duration_ms desc | limit 100',
            functions,
        ),
        SavedQuery(
            "cold starts",
            'filter type = "platform.report" and ispresent(record.metrics.initDurationMs)'
            " | stats count(*) as starts, avg(record.metrics.initDurationMs) as average_ms,"
            " max(record.metrics.initDurationMs) as longest_ms by @log | sort starts desc",
            functions,
        ),
        SavedQuery(
            "denials",
            "fields @timestamp, function, route, route_key, status, Reason, request_id"
            " | filter ispresent(Reason) | sort @timestamp desc | limit 200",
            functions,
        ),
        SavedQuery(
            "one request",
            "fields @timestamp, @log, @message"
            ' | filter request_id = "ID" or requestId = "ID" or correlation_id = "ID" or function_request_id = "ID"'
            " | sort @timestamp asc | limit 1000",
            everything,
        ),
    )
