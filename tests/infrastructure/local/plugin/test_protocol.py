"""What the engine is told, whatever the type of the resource."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import Any, override

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2

from infrastructure.local.plugin import serve
from infrastructure.local.plugin.engine_log import EngineLog
from infrastructure.local.plugin.provider import Provider
from infrastructure.local.plugin.values import UNKNOWN
from tests.infrastructure.local.plugin.conftest import Cloud, Run
from tests.infrastructure.local.plugin.driver import Engine, RefusedError, Resource

TOPIC = "aws:sns/topic:Topic"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
FUNCTION = "aws:lambda/function:Function"
INVOCATION = "aws:lambda/invocation:Invocation"


def a_function(**other: Any) -> dict[str, Any]:
    return {
        "name": "f",
        "packageType": "Image",
        "imageUri": "localhost:4566/psn:1",
        "role": "arn:aws:iam::000000000000:role/f",
        "publish": True,
        **other,
    }


def deployed(inputs: dict[str, Any]) -> Resource:
    """A function as the state of an earlier run has it."""
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    outputs = {"arn": arn, "version": "1", "qualifiedArn": f"{arn}:1", "tagsAll": {}, "lastModified": "then"}
    return Resource(FUNCTION, "f", inputs, {**inputs, **outputs})


def test_an_unsupported_type_is_an_error_in_a_preview(engine: Engine) -> None:
    with pytest.raises(RefusedError, match="aws:s3/bucket:Bucket is not supported by the stand-in plugin"):
        engine.check("aws:s3/bucket:Bucket", {})


def test_an_unsupported_property_is_an_error_in_a_preview(engine: Engine) -> None:
    _, refused = engine.check(TOPIC, {"name": "t", "fifoTopic": True})
    assert list(refused) == ["fifoTopic"]


def test_a_function_of_the_schema_is_refused_by_name(engine: Engine) -> None:
    with pytest.raises(grpc.RpcError, match="aws:index/getRegion:getRegion is not supported"):
        engine.stub.Invoke(provider_pb2.InvokeRequest(tok="aws:index/getRegion:getRegion"))


def test_the_plugin_passes_for_the_version_of_the_sdk(engine: Engine) -> None:
    engine.stub.Attach(plugin_pb2.PluginAttach(address=""))
    info = engine.stub.GetPluginInfo(empty_pb2.Empty())
    assert info.version == metadata.version("pulumi-aws")


def test_a_preview_knows_the_inputs_and_defaults_and_not_the_outputs(engine: Engine) -> None:
    previewed = engine.create(FUNCTION, a_function(timeout=10), preview=True)
    assert previewed.id == ""
    assert (previewed["name"], previewed["timeout"], previewed["memorySize"]) == ("f", 10, 128)
    assert previewed["arn"] is previewed["version"] is previewed["invokeArn"] is UNKNOWN


def test_a_preview_of_a_new_image_expects_a_new_version_and_nothing_else(engine: Engine) -> None:
    function = deployed(a_function())
    previewed = engine.update(function, a_function(imageUri="localhost:4566/psn:2"), preview=True)
    assert previewed["version"] is previewed["qualifiedArn"] is previewed["lastModified"] is UNKNOWN
    assert previewed["arn"] == function["arn"]
    assert previewed["imageUri"] == "localhost:4566/psn:2"


def test_a_preview_of_new_tags_expects_no_new_version(engine: Engine) -> None:
    function = deployed(a_function())
    previewed = engine.update(function, a_function(tags={"a": "1"}), preview=True)
    assert previewed["version"] == "1"
    assert previewed["tagsAll"] == {"a": "1"}


def test_a_preview_of_a_removed_input_expects_the_default(engine: Engine) -> None:
    function = deployed(a_function(timeout=10, description="x"))
    previewed = engine.update(function, a_function(), preview=True)
    assert previewed["timeout"] == 3
    assert "description" not in previewed.properties


def test_changes_are_told_by_property_path(engine: Engine) -> None:
    function = deployed(a_function(environment={"variables": {"LEVEL": "INFO"}}))
    found = engine.compare(function, a_function(environment={"variables": {"LEVEL": "DEBUG"}}, timeout=9))
    assert found.paths == {"environment.variables.LEVEL": "update", "timeout": "add"}
    assert not found.replaces


def test_an_unknown_input_is_a_change(engine: Engine) -> None:
    found = engine.compare(deployed(a_function()), a_function(imageUri=UNKNOWN))
    assert found.paths == {"imageUri": "update"}


def test_a_replacement_under_the_same_name_deletes_first(engine: Engine) -> None:
    function = deployed(a_function())
    renamed = engine.compare(function, a_function(name="g"))
    assert (renamed.paths, renamed.replaces, renamed.delete_first) == (
        {"name": "update_replace"},
        True,
        False,
    )
    group = Resource(LOG_GROUP, "g", {"name": "g"}, {"name": "g", "tagsAll": {}})
    other_class = engine.compare(group, {"name": "g", "logGroupClass": "INFREQUENT_ACCESS"})
    assert (other_class.replaces, other_class.delete_first) == (True, True)


def test_an_invocation_is_repeated_before_the_last_one_is_forgotten(engine: Engine) -> None:
    inputs = {"functionName": "f", "qualifier": "1", "input": "{}"}
    invocation = Resource(INVOCATION, "f_1_x", inputs, {**inputs, "result": "{}"})
    found = engine.compare(invocation, {**inputs, "qualifier": "2"})
    assert (found.paths, found.replaces, found.delete_first) == ({"qualifier": "update_replace"}, True, False)


def test_what_the_program_leaves_unnamed_keeps_the_name_it_was_given(engine: Engine) -> None:
    policy = {"role": "r", "policy": "{}"}
    first, _ = engine.check(ROLE_POLICY, policy, name="reads")
    again, _ = engine.check(ROLE_POLICY, policy, olds=first, name="reads")
    assert first["name"] == again["name"] == "reads-0102030"


def test_default_tags_of_the_provider_are_a_change_of_every_tagged_resource(
    addresses: dict[str, str], aws_url: str, aws: Cloud, engine: Engine, unique: str
) -> None:
    topic = engine.create(TOPIC, {"name": unique, "tags": {"own": "1"}})
    later = Engine(addresses["aws"])
    later.configure_aws(aws_url, defaultTags={"tags": {"project": "psn", "own": "default"}})
    found = later.compare(topic, topic.inputs)
    assert found.paths == {"tagsAll": "update"}
    updated = later.update(topic, topic.inputs)
    assert updated["tagsAll"] == {"project": "psn", "own": "1"}
    assert later.compare(updated, topic.inputs).paths == {}
    tags = aws("sns").list_tags_for_resource(ResourceArn=topic["arn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"project": "psn", "own": "1"}
    refreshed = later.refresh(updated)
    assert refreshed
    assert refreshed.inputs["tags"] == {"own": "1"}
    later.close()


def test_tags_changed_by_hand_show_and_are_repaired(engine: Engine, aws: Cloud, unique: str) -> None:
    topic = engine.create(TOPIC, {"name": unique, "tags": {"a": "1", "b": "2"}})
    sns = aws("sns")
    sns.tag_resource(ResourceArn=topic["arn"], Tags=[{"Key": "a", "Value": "x"}, {"Key": "c", "Value": "3"}])
    sns.untag_resource(ResourceArn=topic["arn"], TagKeys=["b"])
    drifted = engine.refresh(topic)
    assert drifted
    assert engine.compare(drifted, topic.inputs).paths == {
        "tags.a": "update",
        "tags.b": "add",
        "tags.c": "delete",
    }
    repaired = engine.update(drifted, topic.inputs)
    assert repaired["tagsAll"] == {"a": "1", "b": "2"}


def test_a_resource_cannot_be_imported(engine: Engine) -> None:
    with pytest.raises(RefusedError, match="SNS Topic arn: the stand-in plugin cannot import resources"):
        engine.refresh(Resource(TOPIC, "arn", {}, {}))


def test_a_refused_call_names_the_resource_and_the_answer_of_aws(engine: Engine) -> None:
    policy = {"name": "reads", "role": "nobody", "policy": '{"Version": "2012-10-17", "Statement": []}'}
    with pytest.raises(RefusedError) as refused:
        engine.create(ROLE_POLICY, policy)
    assert str(refused.value).startswith(
        "creating IAM Role Policy (nobody/reads): PutRolePolicy: NoSuchEntity: "
    )


def test_parameters_that_do_not_fit_the_api_are_named(engine: Engine) -> None:
    with pytest.raises(RefusedError) as refused:
        engine.create(ROLE_POLICY, {"name": "reads", "role": "", "policy": "{}"})
    assert "PutRolePolicy: Invalid length for parameter RoleName" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_local_aws_that_does_not_answer_is_named(addresses: dict[str, str]) -> None:
    engine = Engine(addresses["aws"])
    engine.configure_aws("http://127.0.0.1:9")
    with pytest.raises(
        RefusedError, match=r"CreateTopic: the local AWS at http://127\.0\.0\.1:9 does not answer"
    ):
        engine.create(TOPIC, {"name": "t"})
    engine.close()


def test_a_run_forgets_nothing_that_it_has_just_made(new_run: Run, aws: Cloud, unique: str) -> None:
    """A renamed resource is made under its new name before the old one is deleted: they are one thing."""
    first = new_run().create(LOG_GROUP, {"name": unique})
    run = new_run()
    adopted = run.create(LOG_GROUP, {"name": unique, "retentionInDays": 7})
    run.delete(first)
    assert adopted.id == first.id
    [group] = aws("logs").describe_log_groups(logGroupNamePrefix=unique)["logGroups"]
    assert group["retentionInDays"] == 7
    new_run().delete(adopted)
    assert aws("logs").describe_log_groups(logGroupNamePrefix=unique)["logGroups"] == []


def test_an_unchanged_resource_costs_neither_the_aws_sdk_nor_docker() -> None:
    """In a process of its own, where no other test has loaded them."""
    script = """
import json, sys
from infrastructure.local.plugin import serve
from tests.infrastructure.local.plugin.driver import Engine
from tests.infrastructure.local.plugin.test_protocol import a_function, deployed

with serve() as variables:
    engine = Engine("127.0.0.1:" + variables["PULUMI_DEBUG_PROVIDERS"].split(",")[0].split(":")[1])
    engine.configure_aws("http://localhost:9")
    print(json.dumps(engine.compare(deployed(a_function()), a_function()).paths))
    engine.close()
print(json.dumps(sorted({"boto3", "botocore", "docker", "requests"} & sys.modules.keys())))
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert [json.loads(line) for line in answer.stdout.splitlines()] == [{}, []]


def test_an_error_in_the_plugin_itself_is_told_with_its_place(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise KeyError("gone")

    monkeypatch.setattr(Provider, "check", broken)
    with pytest.raises(
        RefusedError, match=r"(?s)the stand-in plugin broke: KeyError: 'gone'\n.*test_protocol"
    ):
        engine.check(TOPIC, {"name": "t"})


def test_leaving_breaks_off_what_is_under_way(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, never = threading.Event(), threading.Event()

    def endless(self: Provider, *_arguments: object, **_options: object) -> None:
        begun.set()
        never.wait()

    monkeypatch.setattr(Provider, "create", endless)
    with serve() as variables:
        port = variables["PULUMI_DEBUG_PROVIDERS"].split(",")[0].partition(":")[2]
        engine = Engine(f"127.0.0.1:{port}")
        engine.configure_aws(aws_url)
        call = engine.stub.Create.future(provider_pb2.CreateRequest(type=TOPIC))
        assert begun.wait(timeout=30)
    assert call.code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.UNAVAILABLE}
    engine.close()
    never.set()


class Listener(engine_pb2_grpc.EngineServicer):
    """An engine that only listens."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, bool]] = []

    @override
    def Log(self, request: engine_pb2.LogRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.heard.append((request.message, request.urn, request.ephemeral))
        return empty_pb2.Empty()


def test_lines_reach_the_engine_until_it_goes() -> None:
    listener = Listener()
    server = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(listener, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    log, other = EngineLog(address), EngineLog(address)
    log.write("building", "urn", ephemeral=True)
    log.write("found")
    log.close()
    log.write("too late")
    server.stop(grace=None).wait()
    other.write("nobody listens")
    EngineLog("").write("nobody ever listened")
    assert listener.heard == [("building", "urn", True), ("found", "", False)]
    other.close()
