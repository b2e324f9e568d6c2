"""The commands, each of which calls one function and prints what that returns. Their docstrings are the help texts,
their values the exit codes."""

import argparse
import json
import sys
from typing import Any

from infrastructure.errors import DeployError


def deploy(options: argparse.Namespace) -> int:
    """Build and deploy; end with the URL."""
    from infrastructure.automation import last_deploy

    last_deploy.running_program()  # before the rest of it is read
    from infrastructure.commands import report, unchanged
    from infrastructure.commands.deploy_request import DeployRequest

    request = DeployRequest(
        settings=options.settings,
        infrastructure_only=options.infrastructure_only,
        image_only=options.image_only,
        force=options.force,
        refresh=options.refresh,
        replaceable=options.replace,
    )
    if not options.dry_run and (result := unchanged.deploy_unchanged(request)):
        report.print_deployed(options.settings, result)
        return 0
    # The engine's SDK takes a second to import, which a deploy with nothing to change need not wait.
    from infrastructure.commands import deploy

    if options.dry_run:
        report.print_review(deploy.preview(request), options.form)
    else:
        report.print_deployed(options.settings, deploy.deploy(request))
    return 0


def promote(options: argparse.Namespace) -> int:
    """Put another stack's release into service, its very image."""
    from infrastructure.commands import deploy, promote, report
    from infrastructure.commands.deploy_request import DeployRequest

    promotion = promote.plan_promotion(
        options.source, options.target, options.tag, may_start=not options.dry_run
    )
    request = DeployRequest(options.target, promotion=promotion, replaceable=options.replace)
    if options.dry_run:
        report.print_review(deploy.preview(request), options.form)
    else:
        report.print_deployed(options.target, deploy.deploy(request))
    return 0


def preview(options: argparse.Namespace) -> int:
    """Show what a deploy would change."""
    from infrastructure.commands import deploy, report
    from infrastructure.commands.deploy_request import DeployRequest

    review = deploy.preview(DeployRequest(options.settings, refresh=options.refresh))
    report.print_review(review, options.form)
    return 2 if options.detailed and review.changes else 0


def rollback(options: argparse.Namespace) -> int:
    """Put an earlier release into service again."""
    from infrastructure.commands import report, rollback

    if options.dry_run:
        report.print_rollback(options.settings.stack, rollback.preview(options.settings, options.tag))
        return 0
    plan, phases = rollback.rollback(options.settings, options.tag)
    report.print_rollback(options.settings.stack, plan, phases)
    return 0


def rotate_keys(options: argparse.Namespace) -> int:
    """Let a new key sign tokens; the one before goes when its tokens have expired."""
    from infrastructure.commands import report, rotate_keys

    if options.dry_run:
        schedule = rotate_keys.preview(options.settings, now=options.now)
    else:
        schedule = rotate_keys.rotate(options.settings, now=options.now)
    report.print_rotation(options.settings.stack, schedule, done=not options.dry_run)
    return 0


def smoke(options: argparse.Namespace) -> int:
    """Ask the deployed API whether it answers as it must."""
    from infrastructure.commands import smoke, stack_info

    outputs = stack_info.outputs(options.settings)
    done = smoke.smoke(options.settings, outputs, options.user, options.password)
    print(f"Stack {options.settings.stack} answers as it must: {outputs['image_tag']}; {done}")
    return 0


def bootstrap(options: argparse.Namespace) -> int:
    """Make what an AWS account needs once: the state's bucket and key, and the role of GitHub's jobs."""
    from infrastructure.commands import bootstrap

    account = bootstrap.find_account(options.settings)
    parts = list(bootstrap.plan(account, options.repository))
    print(f"Account {account.number}, region {account.settings.region}, stack {account.settings.stack}")
    for part in parts:
        print(f"  {'is there' if part.is_there else 'to make '}  {part.kind}: {part.name}")
    missing = [part for part in parts if not part.is_there]
    if missing and not options.dry_run:
        if not options.yes and input("Make them? [y/N] ").strip().lower() not in {"y", "yes"}:
            print("Nothing was made.")
            return 1
        for part in missing:
            part.make()
            print(f"  made      {part.kind}: {part.name}")
    print(f"PULUMI_BACKEND_URL={account.backend}")
    for purpose in account.roles:
        print(f"AWS_ROLE={account.role_arn(purpose)} in the jobs that {purpose}")
    print(f"secrets provider: {account.secrets_provider}")
    print(
        f"psn-emulator:permissions_boundary: {account.boundary} in infrastructure/Pulumi.{account.settings.stack}.yaml"
    )
    return 0


def unlock(options: argparse.Namespace) -> int:
    """Lift the lock-out of a user or a client after failed logins."""
    from infrastructure.commands import unlock

    sources = unlock.unlock(
        options.settings,
        user=options.user,
        client=options.client,
        sandbox=options.sandbox,
        dry_run=options.dry_run,
    )
    name = options.user or options.client
    if not sources:
        print(f"{name} has no failed logins in the sandbox {options.sandbox}")
        if stranger := unlock.stranger(
            options.settings, user=options.user, client=options.client, sandbox=options.sandbox
        ):
            print(stranger)
            return 1
    else:
        done = "Would forget" if options.dry_run else "Forgot"
        print(f"{done} the failed logins of {name} from {', '.join(sources)}")
    return 0


def seed(options: argparse.Namespace) -> int:
    """Have a sandbox hold a seed and nothing else."""
    from infrastructure.commands import sandboxes

    told = sandboxes.seed(
        options.settings,
        sandbox=options.sandbox,
        file=options.file,
        name=options.seed,
        ttl=options.ttl,
        login=sandboxes.Login(options.user, options.password, options.token),
    )
    _print_sandbox(told)
    _sweep(options)
    return 0


def reset(options: argparse.Namespace) -> int:
    """Reset a sandbox to its seed."""
    from infrastructure.commands import sandboxes

    login = sandboxes.Login(options.user, options.password, options.token)
    if options.force:
        _print_sandbox(sandboxes.begin_anew(options.settings, sandbox=options.sandbox))
    else:
        _print_sandbox(sandboxes.reset(options.settings, sandbox=options.sandbox, login=login))
    _sweep(options)
    return 0


def update_base(options: argparse.Namespace) -> int:
    """Note the digest of the base image in the stack's file."""
    from infrastructure.commands import update_base

    image, before, now = update_base.update_base(options.settings, dry_run=options.dry_run)
    if before == now:
        print(f"{image} is {now} as before")
    else:
        noted = "would be noted" if options.dry_run else "is noted; commit it, and deploy"
        print(f"{image}: {before or 'no digest'} → {now}, which {noted}")
    return 0


def outputs(options: argparse.Namespace) -> int:
    """Print the stack's outputs."""
    from infrastructure.commands import report, stack_info

    values = stack_info.outputs(options.settings)
    if options.json:
        _print_json(values)
    else:
        report.print_outputs(values)
    return 0


def history(options: argparse.Namespace) -> int:
    """List the stack's updates."""
    from infrastructure.commands import report, stack_info

    updates = stack_info.history(options.settings)
    if options.json:
        _print_json([update.as_json() for update in updates])
    else:
        report.print_history(updates)
    return 0


def ecr_url(options: argparse.Namespace) -> int:
    """Print the URL of the image repository."""
    from infrastructure.commands import stack_info

    print(stack_info.outputs(options.settings)["ecr_url"])
    return 0


def env(options: argparse.Namespace) -> int:
    """Print the shell lines that let the pulumi command see the stack."""
    from infrastructure.commands import stack_info

    print("\n".join(stack_info.shell_lines(options.settings)))
    return 0


def status(options: argparse.Namespace) -> int:
    """Say how the stack is: release, health, functions, alarms, data."""
    from infrastructure.commands import report, status

    findings = status.findings(options.settings)
    if options.json:
        _print_json([finding.as_json() for finding in findings])
    else:
        report.print_status(findings)
    return status.exit_code(findings)


def doctor(options: argparse.Namespace) -> int:
    """Say what is there, what is missing and how to get it."""
    from infrastructure.commands import doctor, report

    checks = doctor.run_checks(options.settings)
    if options.json:
        _print_json([check.as_json() for check in checks])
    else:
        report.print_checks(checks)
    return 0 if all(check.ok for check in checks) else 1


def destroy(options: argparse.Namespace) -> int:
    """Delete the stack's resources."""
    from infrastructure.commands import destroy, report

    settings = options.settings
    destroy.check_deletable(settings)
    if not options.dry_run and settings.environment == "prod":
        _confirm(settings.stack, f"This deletes every resource of stack {settings.stack!r}, players and all.")
    review = destroy.destroy(settings, dry_run=options.dry_run)
    if options.dry_run:
        report.print_review(review, options.form)
    else:
        report.print_destroyed(review)
    return 0


def export_data(options: argparse.Namespace) -> int:
    """Save what is in the table in a file."""
    from infrastructure.commands import table_data

    print(f"Wrote {table_data.export(options.settings, options.file)} items to {options.file}")
    return 0


def import_data(options: argparse.Namespace) -> int:
    """Bring what make export-data saved into the table."""
    from infrastructure.commands import table_data

    number = table_data.bring_back(
        options.settings, options.file, force=options.force, dry_run=options.dry_run
    )
    done = "Would write" if options.dry_run else "Wrote"
    print(f"{done} {number} items of {options.file} into the table of stack {options.settings.stack!r}")
    return 0


def _print_sandbox(told: dict[str, Any]) -> None:
    seed = "the document" if told["seed"] == "document" else f"the seed {told['seed']}"
    until = f" until {told['ends_at']}" if told["ends_at"] else ""
    print(f"Sandbox {told['name']} holds {seed}{until}: {told['base_url']}")


def _sweep(options: argparse.Namespace) -> None:
    from infrastructure.commands import sandboxes

    if deleted := sandboxes.sweep(options.settings, options.sandbox):
        print(f"Deleted {deleted} items that it had before")


def _confirm(stack: str, warning: str) -> None:
    """Shows the ``warning`` and asks for the stack's name. Raises ``DeployError`` for another name, and without a
    terminal."""
    if not sys.stdin.isatty():
        raise DeployError(f"{warning} Nobody is there to confirm it.", "Run it in a terminal.")
    if input(f"{warning}\nType {stack!r} to go on: ") != stack:
        raise DeployError("Not confirmed; nothing was changed.")


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=2))
