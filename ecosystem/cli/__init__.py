"""The command ``ecosystem``: every mistake of a user is answered with one paragraph, never with a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from ecosystem import __version__
from ecosystem.kernel import platform as _platform  # noqa: F401 - before anything that loads NumPy
from ecosystem.kernel.errors import InputError, nearest

BAD_INPUT = 2
INTERRUPTED = 130
COMMANDS = {
    "run": ("ecosystem.cli.run", "run"),
    "compare": ("ecosystem.cli.compare", "compare"),
    "measures": ("ecosystem.cli.measures", "measures"),
    "levers": ("ecosystem.cli.lookup", "levers"),
    "parameters": ("ecosystem.cli.lookup", "parameters"),
    "export": ("ecosystem.cli.export", "export"),
    "batch": ("ecosystem.cli.batch", "batch"),
    "transplant": ("ecosystem.cli.transplant", "transplant"),
    "sensitivity": ("ecosystem.cli.sensitivity", "sensitivity"),
    "report": ("ecosystem.cli.report", "report"),
    "app": ("ecosystem.cli.app", "app"),
}
"""Command -> module and name; a module is loaded when its command is used."""


class Commands(click.Group):
    """A group that loads a command when it is called and answers a typo with the nearest name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command by name, or None."""
        if name not in COMMANDS:
            return None
        from importlib import import_module

        module, attribute = COMMANDS[name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; raise InputError for an unknown one."""
        name = args[0]
        if not name.startswith("-") and name not in COMMANDS:
            raise InputError(
                f"There is no command named {name!r}",
                allowed=", ".join(COMMANDS),
                nearest=nearest(name, COMMANDS),
                do="'ecosystem --help' says what each does",
            )
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ecosystem")
def ecosystem() -> None:
    """Compare intellectual-property and innovation policies by simulation; not a forecast.

    \b
    Examples:
      ecosystem run --years 30 --out baseline
      ecosystem run --lever office.examiners@us=12000
      ecosystem app
    """


def _usage(error: click.ClickException) -> str:
    message = error.format_message().replace("Did you mean", "Nearest match:").rstrip(".?")
    if isinstance(error, click.NoSuchOption):
        known = [o for p in (error.ctx.command.params if error.ctx else []) for o in p.opts]
        return str(
            InputError(
                f"There is no option named {error.option_name!r}",
                where=error.ctx.command_path if error.ctx else "",
                allowed=", ".join(sorted(o for o in known if o.startswith("--"))) or "--help",
                nearest=nearest(error.option_name, known) if known else "",
                do=f"'{error.ctx.command_path if error.ctx else 'ecosystem'} --help' says what each does",
            )
        )
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "ecosystem"
    return str(InputError(message, where=where, do=f"'{where} --help' shows an example"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 2 bad input, 130 interrupted."""
    try:
        result = ecosystem.main(
            args=arguments if arguments is None else list(arguments), prog_name="ecosystem", standalone_mode=False
        )
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except InputError as error:
        click.echo(f"Error: {error}", err=True)
        return BAD_INPUT
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else error.format_message(), err=True)
        return BAD_INPUT
    except click.ClickException as error:
        click.echo(f"Error: {_usage(error)}", err=True)
        return BAD_INPUT
    except (KeyboardInterrupt, click.Abort) as stop:
        # click turns an interrupt into its own Abort, caused by ours.
        words = str(stop) or str(stop.__cause__ or "") or "Interrupted; what was finished before is kept."
        click.echo(words, err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: nothing more to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


__all__ = ["main"]
