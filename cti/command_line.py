"""The command line; what reads the journal and the records stands in the room of its name."""

import asyncio
import getpass
import sys
from typing import Annotated

import typer

from cti import config
from cti.campaigns.command import campaign
from cti.flow_commands import flow
from cti.http.principal import Language, Role
from cti.ledger.command import reconcile
from cti.prompts.command import prompts
from cti.replay.command import replay
from cti.trace.command import trace

program = typer.Typer(
    name="cti",
    help="A contact centre backend on Asterisk. Settings are read from the environment (CTI_...).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
users = typer.Typer(name="user", help="People who sign in.", no_args_is_help=True)
program.add_typer(users)
program.add_typer(prompts)
program.add_typer(flow)
program.add_typer(campaign)
program.command("reconcile")(reconcile)
program.command("trace")(trace)
program.command("replay")(replay)


@program.command("serve")
def serve_() -> None:
    """Run the service until SIGTERM or Ctrl-C."""
    from cti.service import serve

    serve()


@program.command()
def migrate(
    revision: Annotated[str, typer.Argument(help="A revision, `head` or `base`.")] = "head",
    *,
    down: Annotated[bool, typer.Option(help="Go back to an older revision.")] = False,
) -> None:
    """Bring the database to a revision; the newest when none is named."""
    from cti.db import migrations

    url = config.load().database_url.get_secret_value()
    if down:
        asyncio.run(migrations.downgrade(url, revision))
    else:
        asyncio.run(migrations.upgrade(url, revision))
    typer.echo(f"The database is at {asyncio.run(migrations.current_revision(url)) or 'base'}.")


@users.command("create")
def create_user(
    username: str,
    name: Annotated[str, typer.Option(help="The name that others see.")],
    role: Annotated[Role, typer.Option()],
    language: Annotated[Language, typer.Option()] = Language.CHINESE,
    queue: Annotated[list[str] | None, typer.Option(help="A queue that an agent serves; repeat it.")] = None,
) -> None:
    """Add somebody who may sign in; the password is read from standard input."""
    from cti.db.engine import open_engine
    from cti.people import store

    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")

    async def create() -> int:
        url = config.load().database_url.get_secret_value()
        async with open_engine(url) as engine, engine.begin() as connection:
            user = await store.create_user(
                connection,
                username=username,
                name=name,
                role=role,
                language=language,
                password=password,
                queues=queue or (),
            )
            return user.id

    typer.echo(f"User {asyncio.run(create())} was added.")


@program.command()
def doctor(
    language: Annotated[
        Language | None, typer.Option(help="Only this language; both when not given.")
    ] = None,
) -> None:
    """Look at this installation, explain each finding, and say what to do about it."""
    from cti.installation.doctor_report import doctor as examine

    languages = (language,) if language else (Language.CHINESE, Language.ENGLISH)
    raise typer.Exit(asyncio.run(examine(tuple(chosen.value for chosen in languages))))


@program.command("asterisk")
def asterisk_() -> None:
    """Render Asterisk's configuration and run it until SIGTERM or Ctrl-C."""
    from cti.installation.asterisk_service import run_asterisk

    raise typer.Exit(asyncio.run(run_asterisk(config.load())))


@program.command()
def demo() -> None:
    """Run the whole system on this machine with simulated agents and callers, until Ctrl-C."""
    from cti.simulation import demo as demonstration

    raise typer.Exit(demonstration.main())
