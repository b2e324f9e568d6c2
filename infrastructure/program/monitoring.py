"""What watches a stack on AWS: alarms, the topic that they notify, the dashboard, the saved queries."""

from hashlib import sha256

import pulumi
import pulumi_aws as aws

from infrastructure.program.gateway import Gateway
from infrastructure.stack import dashboard
from infrastructure.stack.alarms import API_ID, Alarm, Metric, alarms, composite_alarms
from infrastructure.stack.saved_queries import saved_queries
from infrastructure.stack.settings import Settings


class Monitoring(pulumi.ComponentResource):
    """The alarms and all about them. ``dashboard_url`` is known when the dashboard is there.

    Every alarm notifies the topic when it goes off, and names the page of the runbook in its description. The composite
    alarm notifies when all are quiet again.
    """

    dashboard_url: pulumi.Output[str]

    def __init__(
        self, settings: Settings, release: str, gateway: Gateway, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("psn-emulator:monitoring:Monitoring", "monitoring", None, opts)
        self._settings = settings
        self._child_options = pulumi.ResourceOptions(parent=self)
        self._api_id = gateway.api_id
        topic = self._topic(gateway.account_id)
        declared: list[pulumi.Resource] = [self._alarm(alarm, topic) for alarm in alarms(settings)]
        for composite in composite_alarms(settings):
            whole = aws.cloudwatch.CompositeAlarm(
                self._logical(composite.name),
                alarm_name=composite.name,
                alarm_description=composite.title,
                alarm_rule=composite.rule,
                ok_actions=[topic.arn],
                tags=settings.names.tags,
                # CloudWatch refuses a rule about alarms that are not there.
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(declared)),
            )
            declared.append(whole)
        body = pulumi.Output.all(gateway.api_id, whole.arn).apply(
            lambda known: dashboard.body(settings, release, known[0], [known[1]])
        )
        page = aws.cloudwatch.Dashboard(
            "dashboard",
            dashboard_name=settings.names.base,
            dashboard_body=body,
            opts=self._child_options,
        )
        for query in saved_queries(settings):
            aws.cloudwatch.QueryDefinition(
                f"{query.name.replace(' ', '-')}-query",
                name=f"{settings.names.base}/{query.name}",
                query_string=query.text,
                log_group_names=list(query.log_groups),
                opts=self._child_options,
            )
        self.dashboard_url = page.dashboard_name.apply(lambda _: dashboard.url(settings))
        self.register_outputs({"dashboard_url": self.dashboard_url})

    def _topic(self, account_id: pulumi.Input[str]) -> aws.sns.Topic:
        """The topic with its subscribers; an address that is told by e-mail has to confirm it once."""
        settings = self._settings
        topic = aws.sns.Topic(
            "alarms",
            name=settings.names.alarm("alarms"),
            kms_master_key_id=settings.kms_key or self._key(account_id).arn,
            tags=settings.names.tags,
            opts=self._child_options,
        )
        subscribers = [("email", address) for address in settings.alarm_emails]
        subscribers += [("https", url) for url in settings.alarm_urls]
        for protocol, endpoint in subscribers:
            # By the endpoint, so that one who goes leaves the others subscribed.
            aws.sns.TopicSubscription(
                f"alarms-{protocol}-{sha256(endpoint.encode()).hexdigest()[:8]}",
                topic=topic.arn,
                protocol=protocol,
                endpoint=endpoint,
                opts=self._child_options,
            )
        return topic

    def _key(self, account_id: pulumi.Input[str]) -> aws.kms.Key:
        """A key for the topic of a stack without one of its own."""
        return aws.kms.Key(
            "alarms-key",
            description=f"Encrypts what the alarms of {self._settings.names.base} say",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=_key_policy(account_id),
            tags=self._settings.names.tags,
            opts=self._child_options,
        )

    def _alarm(self, alarm: Alarm, topic: aws.sns.Topic) -> aws.cloudwatch.MetricAlarm:
        first = alarm.metrics[0]
        single = alarm.expression is None
        percentile = alarm.statistic.startswith("p")
        return aws.cloudwatch.MetricAlarm(
            self._logical(alarm.name),
            name=alarm.name,
            alarm_description=f"{alarm.title}. What to do: docs/operations/runbook/{alarm.runbook}.md",
            comparison_operator=alarm.comparison,
            evaluation_periods=alarm.evaluation_periods,
            datapoints_to_alarm=alarm.datapoints,
            threshold=alarm.threshold,
            treat_missing_data=alarm.treat_missing,
            namespace=first.namespace if single else None,
            metric_name=first.name if single else None,
            dimensions=self._dimensions(first) if single else None,
            period=alarm.period_seconds if single else None,
            statistic=alarm.statistic if single and not percentile else None,
            extended_statistic=alarm.statistic if single and percentile else None,
            metric_queries=None if single else self._queries(alarm),
            alarm_actions=[topic.arn],
            tags=self._settings.names.tags,
            opts=self._child_options,
        )

    def _queries(self, alarm: Alarm) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgs]:
        """The alarm's expression and what it is computed of."""
        measured = {f"m{index}": metric for index, metric in enumerate(alarm.metrics)}
        if alarm.percent_of:
            measured["whole"] = alarm.percent_of
        return [
            aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id="value", expression=alarm.expression, label=alarm.title, return_data=True
            ),
            *(
                aws.cloudwatch.MetricAlarmMetricQueryArgs(
                    id=id_,
                    metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                        namespace=metric.namespace,
                        metric_name=metric.name,
                        dimensions=self._dimensions(metric),
                        period=alarm.period_seconds,
                        stat=alarm.statistic,
                    ),
                )
                for id_, metric in measured.items()
            ),
        ]

    def _dimensions(self, metric: Metric) -> dict[str, pulumi.Input[str]]:
        return {name: self._api_id if value == API_ID else value for name, value in metric.dimensions}

    def _logical(self, name: str) -> str:
        """The name in the program, the same on every stack."""
        return f"{name.removeprefix(self._settings.names.base + '-')}-alarm"


def _key_policy(account_id: pulumi.Input[str]) -> pulumi.Output[str]:
    """Who may use the topic's key. CloudWatch cannot publish to a topic under the key that AWS manages for SNS ("Why
    didn't I receive an SNS notification for my CloudWatch alarm trigger?" of AWS's knowledge center)."""
    root = pulumi.Output.concat("arn:aws:iam::", account_id, ":root")
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    # Without it nobody could manage the key; in its policy, the resource is the key itself.
                    "Sid": "Account",
                    "Effect": "Allow",
                    "Principal": {"AWS": root},
                    "Action": "kms:*",
                    "Resource": "*",
                },
                {
                    "Sid": "Alarms",
                    "Effect": "Allow",
                    "Principal": {"Service": "cloudwatch.amazonaws.com"},
                    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
                    "Resource": "*",
                    "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
                },
            ],
        }
    )
