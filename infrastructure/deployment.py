"""The commands that change a stack, and the preview of them."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from pulumi import automation as auto

from infrastructure import environment, program, release, workspace
from infrastructure.changes import ChangeLog, resource_name, short_type, summary
from infrastructure.errors import DeployError
from infrastructure.local import narrate
from infrastructure.progress import Progress
from infrastructure.promotion import Promotion
from infrastructure.settings import Settings, is_local

_ANSWER_SECONDS = 30


@dataclass(slots=True)
class Phases:
    """Where the time of a command went, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Adds the time of the block to ``name``."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0) + time.monotonic() - start

    def __str__(self) -> str:
        total = sum(self.seconds.values())
        return (
            ", ".join(f"{name} {taken:.1f} s" for name, taken in self.seconds.items())
            + f"; {total:.1f} s in all"
        )


@dataclass(frozen=True, slots=True)
class Request:
    """What a deploy is asked to do.

    ``infrastructure_only`` leaves the deployed image, ``image_only`` leaves all but the image and what follows
    from it. ``force`` makes a new release of the same content, ``refresh`` reads the cloud back first.
    ``promotion`` says that the release is another stack's.
    """

    stack: str
    infrastructure_only: bool = False
    image_only: bool = False
    force: bool = False
    refresh: bool = False
    promotion: Promotion | None = None

    @property
    def kind(self) -> str:
        """What the history calls it."""
        if self.promotion:
            return f"promote from {self.promotion.source.stack}"
        return "infrastructure" if self.infrastructure_only else "image" if self.image_only else "deploy"


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deploy left: the stack's outputs, what it changed, where its time went."""

    outputs: dict[str, object]
    changes: str
    phases: Phases


def deploy(request: Request) -> Deployed:
    """Brings the stack to what the tree says and waits until it answers.

    The release that runs keeps serving until every function of the new one has answered its smoke event. Where
    the cloud holds less than the state says, the deploy reads it back and repairs it. Raises ``DeployError``.
    """
    phases = Phases()
    settings = Settings.load(request.stack)
    settings.read_seed()
    _check_source_of_image(settings, request)
    with phases.phase("set-up"):
        environment.ready(request.stack)
    with (
        workspace.exclusive(request.stack),
        phases.phase("update"),
        workspace.opened(request.stack, may_create=True) as opened,
    ):
        recovered = workspace.recover(opened)
        result, log = _update(opened, request, refresh=request.refresh and not recovered)
        outputs = {name: output.value for name, output in result.outputs.items()}
        with phases.phase("answer"):
            if not _answers(str(outputs["api_url"])):
                narrate.say("The API does not answer: reading back what is there and repairing it")
                environment.ready_to_build(request.stack)
                result, log = _update(opened, request, refresh=True)
                if not _answers(str(outputs["api_url"])):
                    raise DeployError(
                        f"The API does not answer at {outputs['api_url']}/healthz.",
                        f"Look at its log: make logs FN=healthz STACK={request.stack}",
                    )
        if log.changes:
            environment.settle(request.stack)
    phases.seconds["update"] -= phases.seconds["answer"]
    return Deployed(outputs, summary(log.counts(), done=True), phases)


def preview(request: Request) -> ChangeLog:
    """What a deploy would change. Builds nothing, starts nothing and writes nothing."""
    stack = request.stack
    _check_source_of_image(Settings.load(stack), request)
    first = is_local(stack) and not workspace.state_exists(stack)
    with workspace.opened(stack, may_create=first, scratch=first) as opened:
        log = ChangeLog()
        resources = workspace.resources_of(opened.export_stack())
        chosen = _chosen(request, resources)
        target = _image(stack, resources) if request.image_only else None
        with _explained(log, f"The preview of {stack} failed"):
            opened.preview(
                program=partial(program.program, stack, chosen),
                on_event=log.record,
                color="never",
                refresh=request.refresh,
                target=target,
                target_dependents=bool(target),
            )
        return log


def check_deletable(stack: str) -> None:
    """Raises ``DeployError`` where resources of the stack are protected from deletion, naming them."""
    state = workspace.resources(stack)
    protected = [
        f"{short_type(item['type'])} {resource_name(urn)}"
        for urn, item in state.items()
        if item.get("protect")
    ]
    if protected:
        raise DeployError(
            f"Stack {stack!r} is protected from deletion: {', '.join(protected)}.",
            "Set psn-emulator:deletion_protection to false in its file, run "
            f"make deploy-infra STACK={stack}, then this again.",
        )


def destroy(stack: str, *, dry_run: bool) -> ChangeLog:
    """Deletes the stack's resources, or says which; its history stays. Raises ``DeployError``."""
    if not dry_run:
        environment.ready(stack)
    with workspace.exclusive(stack), workspace.opened(stack, may_create=False) as opened:
        if not dry_run:
            workspace.recover(opened)
        log = ChangeLog()
        with _explained(log, f"Deleting {stack} failed"), Progress() as progress:
            opened.destroy(
                on_event=_both(log.record, progress.record),
                color="never",
                preview_only=dry_run,
                message="destroy",
            )
        return log


def _update(stack: auto.Stack, request: Request, *, refresh: bool) -> tuple[auto.UpResult, ChangeLog]:
    log = ChangeLog()
    resources = workspace.resources_of(stack.export_stack())
    chosen = _chosen(request, resources)
    build = partial(environment.ready_to_build, request.stack)
    provide_image = request.promotion.copy_image if request.promotion else build
    target = _image(request.stack, resources) if request.image_only else None
    with _explained(log, f"The deploy of {request.stack} failed; what ran before goes on serving"):
        if refresh:
            stack.refresh(color="never", message="refresh")
        with Progress() as progress:
            result = stack.up(
                program=partial(program.program, request.stack, chosen, provide_image),
                on_event=_both(log.record, progress.record),
                color="never",
                message=f"{chosen.tag} {request.kind}",
                target=target,
                target_dependents=bool(target),
            )
    return result, log


def _chosen(request: Request, resources: workspace.Resources) -> release.Release:
    deployed = release.from_state(resources)
    if request.promotion:
        return release.promoted(request.promotion.entry, request.promotion.source.stack, deployed)
    return release.choose(
        Settings.load(request.stack), deployed, keep_image=request.infrastructure_only, force=request.force
    )


def _check_source_of_image(settings: Settings, request: Request) -> None:
    """Says that the image stays, where it comes by promotion. Raises ``DeployError`` when only it was asked for."""
    if not settings.image_by_promotion or request.force or request.promotion:
        return
    if request.image_only:
        raise DeployError(
            f"The image of stack {settings.stack!r} comes by promotion.",
            f"Promote one: make promote FROM=… TO={settings.stack}; or FORCE=1 builds one here.",
        )
    narrate.say(f"The image of stack {settings.stack!r} comes by promotion: the one that runs stays")


def _image(stack: str, resources: workspace.Resources) -> list[str]:
    """The URN of the stack's image, which an image-only update is limited to, with all that depends on it."""
    images = [urn for urn, item in resources.items() if item["type"] == release.IMAGE]
    if not images:
        raise DeployError(
            f"Stack {stack!r} has no image yet.", f"Deploy all of it: make deploy STACK={stack}"
        )
    return images


@contextmanager
def _explained(log: ChangeLog, what: str) -> Iterator[None]:
    """Turns a failure of the engine's into its first error in one line."""
    try:
        yield
    except auto.ConcurrentUpdateError:
        raise DeployError(
            f"{what}: another update of this stack is running.",
            "Wait until it has ended, then run this again.",
        ) from None
    except auto.CommandError as error:
        cause = log.cause or _last_error_line(str(error))
        raise DeployError(f"{what}: {cause}", "DEBUG=1 shows all of it.") from error


def _last_error_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if "error:" in line.lower()]
    return lines[-1] if lines else output.strip().splitlines()[-1]


def _answers(api_url: str) -> bool:
    """Whether the API's health check answers 200 before the deadline; a wrong answer is asked again."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{api_url}/healthz", timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except urllib.error.HTTPError as error:
            if error.code == 404 or time.monotonic() > deadline:
                return False
        except OSError:
            if time.monotonic() > deadline:
                return False
        time.sleep(0.5)


def _both(*listeners: Callable[[auto.EngineEvent], None]) -> Callable[[auto.EngineEvent], None]:
    def listen(event: auto.EngineEvent) -> None:
        for listener in listeners:
            listener(event)

    return listen
