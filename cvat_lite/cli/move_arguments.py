"""What can be typed after ``cvat-lite push`` and ``cvat-lite pull``."""

from __future__ import annotations

from argparse import ArgumentParser

PUSH = (
    "Move projects and tasks to a full CVAT, by way of their backups: of this data directory, "
    "whether its server runs or not, or of any server with --from. They stay here as they are. "
    "What was moved is noted: a run that was cut off goes on where it was when it is started again."
)
PULL = (
    "Bring projects and tasks of a full CVAT here, by way of their backups: into this data "
    "directory, whether its server runs or not, or into any server with --to. They stay there as "
    "they are. What was moved is noted: a run that was cut off goes on where it was when it is "
    "started again."
)
EPILOG = (
    "Who asks is told by --{far}-token or --{far}-user as well (--token and --user for short), or "
    "by CVAT_LITE_{FAR}_TOKEN or CVAT_LITE_{FAR}_USER, which no list of processes shows; for the "
    "other server, if one is named, by --{near}-token, --{near}-user and their variables. Projects "
    "bring their tasks. Backups hold no users and assignees, organizations, issues, webhooks and "
    "cloud storages. The exit status is 0 if everything has been moved, 1 if not, 130 if stopped."
)


def fill(parser: ArgumentParser, far: str) -> None:
    """The options of a command whose far server is named by ``--to`` or ``--from``."""
    near = "from" if far == "to" else "to"
    parser.description = PUSH if far == "to" else PULL
    parser.epilog = EPILOG.format(far=far, near=near, FAR=far.upper())
    parser.set_defaults(far=far, near=near)
    parser.add_argument(
        f"--{far}", required=True, dest="far_url", metavar="URL", help="the address of the CVAT"
    )
    parser.add_argument(
        f"--{near}",
        dest="near_url",
        metavar="URL",
        help="the address of a running server, in place of the data directory",
    )
    add_people(parser, far, near)
    add_choice(parser)
    parser.add_argument(
        "--organization",
        metavar="SLUG",
        help="the organization of the CVAT to work in, '' for one's own (default: none when "
        "putting there, all when taking from there)",
    )
    parser.add_argument(
        "--insecure", action="store_true", help="do not check the CVAT's certificate"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only tell what would be moved, and move nothing"
    )
    parser.add_argument(
        "--again", action="store_true", help="move also what has been moved before, as a new copy"
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave the archives in the data directory, below moves/",
    )


def add_people(parser: ArgumentParser, far: str, near: str) -> None:
    """Who asks, at either end."""
    parser.add_argument(
        "--token",
        f"--{far}-token",
        dest="far_token",
        metavar="TOKEN",
        help="an access token of that CVAT, or the key of a login",
    )
    parser.add_argument(
        "--user",
        f"--{far}-user",
        dest="far_user",
        metavar="NAME[:PASSWORD]",
        help="a user of that CVAT, instead; the password is asked for at a terminal",
    )
    parser.add_argument(
        f"--{near}-token", dest="near_token", metavar="TOKEN", help=f"a token for --{near}"
    )
    parser.add_argument(
        f"--{near}-user", dest="near_user", metavar="NAME[:PASSWORD]", help=f"a user of --{near}"
    )


def add_choice(parser: ArgumentParser) -> None:
    """What is to be moved."""
    parser.add_argument(
        "--project",
        action="append",
        default=[],
        type=int,
        dest="projects",
        metavar="ID",
        help="a project with its tasks; may be repeated",
    )
    parser.add_argument(
        "--task",
        action="append",
        default=[],
        type=int,
        dest="tasks",
        metavar="ID",
        help="a task; may be repeated",
    )
    parser.add_argument("--all", action="store_true", help="all projects and tasks")
