"""explanations: what ``hpm help HPM011`` says: each failure by its code, what it means, and the ways out."""

from __future__ import annotations

from collections.abc import Mapping

from hpmtasks.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """One kind of failure, explained.

    Attributes:
        exit_code: Of hpm, when it ends with this failure.
        title: What failed, in a few words.
        meaning: What is true when it is shown.
        causes: What usually leads to it.
        ways_out: What to do about it.
    """

    exit_code: int
    title: str
    meaning: str
    causes: tuple[str, ...]
    ways_out: tuple[str, ...]


EXPLANATIONS: Mapping[str, Explanation] = {
    "HPM011": Explanation(
        1,
        "No versions fit together",
        "Every combination of versions was considered, and none satisfies package.json and all the"
        " packages that it leads to. The message is the shortest story of why; nothing was changed.",
        (
            "Two packages require versions of a third one that exclude each other.",
            "package.json asks for a version that one of its own packages cannot work with.",
            "The version that would fit was retracted, needs another Hemlock, or is unusable.",
            "It is younger than minimumReleaseAge, or not signed as the locked one (hpm.trust).",
        ),
        (
            "Take one of the changes that the message proposes: each was tried before it was printed.",
            "Ask the authors of the package with the narrower requirement to widen it.",
            'Overrule the requirement with "overrides" in package.json, if you know that it is too narrow.',
            "What is too young is taken all the same with HPM_MINIMUM_RELEASE_AGE=0, or in a few days.",
        ),
    ),
    "HPM021": Explanation(
        2,
        "There is no such package",
        "The source that the name belongs to was asked and has no such repository, or does not show it.",
        (
            "The name is misspelled; it is owner/repo, as in the address on GitHub.",
            "The repository is private, and the token is missing or may not read it.",
            "It was renamed, deleted, or moved to another server.",
        ),
        (
            "Look at the names that the message proposes.",
            "For a private repository set GITHUB_TOKEN to a token with the permission contents: read.",
            "If it lives on another server, say so under sources; 'hpm doctor' names the sources in use.",
        ),
    ),
    "HPM022": Explanation(
        2,
        "The project does not have the package",
        "A package was named that neither package.json nor package-lock.json has.",
        ("The name is misspelled.", "It was removed already, or never installed here."),
        ("'hpm list' shows what the project has.", "'hpm install owner/repo' adds a package."),
    ),
    "HPM023": Explanation(
        2,
        "There is no such script",
        'package.json has no script of that name under "scripts".',
        ("The name is misspelled.", "The command was run in another project than the one that was meant."),
        ("'hpm run' names the scripts.", "'hpm run --if-present NAME' succeeds where there is none."),
    ),
    "HPM024": Explanation(
        2,
        "A program cannot be made one file",
        "'hpm bundle' reads the program and every module that it imports, and one of them is not there, is"
        " imported in a circle, lacks a name that is imported from it, or is refused by the compiler.",
        (
            "A package is not installed, or an import misspells it.",
            "Two modules import each other; the interpreter cannot load them either.",
        ),
        (
            "'hpm check --imports' names every import that leads nowhere, with the way out.",
            "Run the program with the interpreter: what it says of a source is nearer to its place.",
        ),
    ),
    "HPM031": Explanation(
        3,
        "No version satisfies the constraint",
        "The package exists, and none of its versions is allowed by what is asked for.",
        (
            "The version was never tagged. Only tags such as v1.2.3 or 1.2.3 are versions.",
            (
                "All that would do are pre-releases; those count only where the constraint names one of the"
                " same number, as ^2.0.0-beta.1 does."
            ),
            "The constraint excludes itself, as >=2.0.0 <1.0.0 does.",
        ),
        (
            "Choose one of the versions that the message lists.",
            "If the tag was made a moment ago, make sure that it was pushed.",
        ),
    ),
    "HPM041": Explanation(
        4,
        "The network does not do its part",
        "A server could not be reached, or did not answer as it should, and trying again did not help.",
        (
            "There is no connection, or a firewall allows it only by a proxy.",
            "A proxy presents a certificate of its own that this machine does not trust.",
            "The server has a problem for the moment.",
        ),
        (
            "'hpm doctor' shows which sources can be reached, by which proxy, and with which certificates.",
            "Behind a proxy set HTTPS_PROXY, and SSL_CERT_FILE to a file with its certificate authority.",
            "What was fetched before can be installed with --offline.",
        ),
    ),
    "HPM042": Explanation(
        4,
        "The network would be needed, and may not be used",
        "Under --offline something is needed that neither the lock nor the store has.",
        (
            "The package was never installed on this machine, or the store was emptied.",
            "The lock does not answer package.json, so versions have to be looked up.",
        ),
        (
            "Run the command once without --offline.",
            (
                "On a machine that has a network run it there, and bring package-lock.json and the cache"
                " folder along ('hpm cache path')."
            ),
        ),
    ),
    "HPM043": Explanation(
        4,
        "The disk does not do its part",
        "The file system refused to read or to write what the message names.",
        (
            "The disk is full, or a quota is used up.",
            "The file or folder belongs to another user, or the file system is read-only.",
        ),
        (
            "'hpm cache size' tells what the store takes, 'hpm cache prune --older 30d' frees some of it.",
            "HPM_CACHE_DIR moves the store to another place.",
            "Check who owns the path in the message; hpm never needs to be run as root.",
        ),
    ),
    "HPM044": Explanation(
        4,
        "The server refuses",
        "The server was reached and knows what is wanted, and does not allow it.",
        (
            "The token has expired, or lacks the permission contents: read.",
            "The organization requires single sign-on, and the token was not approved for it.",
            "An address list of the organization does not have this machine.",
        ),
        (
            "'hpm doctor' says whether the token is valid.",
            "Renew or approve the token; for public packages none is needed.",
        ),
    ),
    "HPM045": Explanation(
        4,
        "The server does not speak git",
        "An address that should be a git server's answered with something else.",
        (
            "A proxy or a sign-on page answers in its place.",
            "HPM_GITHUB_SERVER_URL, or the url of a source, does not name a git server.",
            "The server is too old for version 2 of git's protocol.",
        ),
        (
            "Open the address in a browser and look at what answers.",
            "HPM_GITHUB_TRANSPORT=api reads tags by GitHub's REST API instead.",
        ),
    ),
    "HPM051": Explanation(
        5,
        "package.json cannot be used",
        "There is no package.json, or it holds what it may not hold. All that is wrong is told at once.",
        (
            "The command was run outside of a project.",
            "A comma too many, a comment, or a name that stands twice: JSON has none of them.",
            "A name that is not owner/repo, a version that is not X.Y.Z, or a constraint that is none.",
        ),
        (
            "'hpm init' makes a package.json.",
            "Correct the fields that the message names; docs/manifest.md says what each may hold.",
        ),
    ),
    "HPM052": Explanation(
        5,
        "package-lock.json cannot be used",
        "package-lock.json is damaged, or was written by a newer hpm.",
        ("Two branches were merged, and the marks of the conflict were left in.", "It was edited by hand."),
        (
            "After a merge take either side of the file, then run 'hpm install'.",
            (
                "Otherwise restore it from version control; if it is lost, delete it and run 'hpm install',"
                " which chooses versions anew."
            ),
        ),
    ),
    "HPM053": Explanation(
        5,
        "A setting cannot be used",
        "A value in the environment, in config.json, or under hpm in package.json makes no sense.",
        (
            "A list of sources that is not JSON, or has a field misspelled.",
            "A token with a line break in it.",
        ),
        (
            "'hpm config list --show-origin' shows every setting and where it comes from.",
            "'hpm config set' refuses what cannot be used; 'hpm config unset' removes a value.",
        ),
    ),
    "HPM054": Explanation(
        5,
        "A patch of the project cannot be applied",
        "A patch that package.json names does not fit the package that it belongs to, or is no patch.",
        ("The package was updated, and the patch was made for its old version.", "It was edited by hand."),
        ("Make the patch anew from the version that is locked, or remove it from package.json.",),
    ),
    "HPM055": Explanation(
        5,
        "A database of advisories cannot be used",
        "What --db, HPM_AUDIT_DATABASE or a setting names holds no advisories, or cannot be read.",
        (
            "The path is misspelled, or the database was not downloaded yet.",
            "A zip file was cut short on its way.",
        ),
        (
            "Name a folder with JSON files of the OSV schema, or a zip of them.",
            "Without a database 'hpm audit' asks the service at osv.dev.",
        ),
    ),
    "HPM061": Explanation(
        6,
        "Contents are not the promised ones",
        "What was fetched differs from what package-lock.json promises. None of it reached hem_modules.",
        (
            "A tag was moved, or the history of the repository was rewritten, after it was locked.",
            "Somebody changed what is published, or what comes over the network.",
            "The lock was edited or merged wrongly.",
        ),
        (
            "Find out why before you install it: compare the commits, ask the authors.",
            (
                "If the new contents are right, delete the package's entry from package-lock.json and run"
                " 'hpm install'."
            ),
        ),
    ),
    "HPM062": Explanation(
        6,
        "An archive cannot be unpacked safely",
        "The archive is damaged, or holds what no honest package holds: a path or a link that leads out of"
        " it, a device, more than all bounds.",
        ("It was cut short on its way.", "It was made to attack whoever unpacks it."),
        (
            "Run the command again: the archive was thrown away and is fetched afresh.",
            "If it stays so, do not use that version, and tell its authors.",
        ),
    ),
    "HPM063": Explanation(
        6,
        "A copy in the store was damaged",
        "A file in the store is not what was stored. It was removed, and fetching it again did not help.",
        (
            "A file in hem_modules, which is shared with the store, was edited although it is read-only.",
            "The disk is failing, or another program cleans up the cache folder.",
        ),
        (
            "Run the command again.",
            "'hpm cache verify --fix' reads all of the store and drops what is damaged.",
        ),
    ),
    "HPM071": Explanation(
        7,
        "GitHub allows no more requests for now",
        "The limit of GitHub's REST API is used up. The message says until when.",
        (
            "60 requests an hour are allowed without a token, for all who share the address.",
            "HPM_GITHUB_TRANSPORT=api is set; git's own protocol has no such limit.",
        ),
        (
            "Set GITHUB_TOKEN; a token without any permission will do.",
            "Use HPM_GITHUB_TRANSPORT=auto, which is the default.",
            "What is in the store already can be used with --offline.",
        ),
    ),
    "HPM081": Explanation(
        8,
        "Packages need each other in a circle",
        "A package requires, perhaps by others, itself. No order exists in which they could be loaded.",
        ("Two packages were split, and each still uses something of the other.",),
        (
            "Require a version of one of them that does not require the other.",
            "Tell their authors; what both need belongs into a third package.",
        ),
    ),
    "HPM082": Explanation(
        8,
        "Tasks depend on each other in a circle",
        "A task of package.json needs, perhaps by others, itself to be done first. Nothing was run.",
        (
            "Two tasks name each other under dependsOn.",
            "A task depends on the same task of a required member, which depends on it by name.",
        ),
        (
            "Take one of the dependencies that the message names out of package.json.",
            "Move what both need into a task of its own, and let both depend on that.",
        ),
    ),
    "HPM091": Explanation(
        9,
        "Something is out of date",
        "package-lock.json, or what is installed, does not answer package.json, and was not to be changed;"
        " or there is no package-lock.json yet.",
        (
            "package.json was edited and the lock was not committed with it.",
            "--locked or --frozen was given, as a CI should.",
        ),
        ("Run 'hpm install' and commit package-lock.json.",),
    ),
    "HPM641": Explanation(
        64,
        "The command line was not understood",
        "A command, an option or an argument does not exist or makes no sense here. Nothing was done.",
        ("A word is misspelled.", "An option belongs to another command."),
        ("'hpm help' names the commands, 'hpm COMMAND --help' what each takes.",),
    ),
    "HPM701": Explanation(
        70,
        "hpm has a defect",
        "Something happened that hpm does not expect. It is never the fault of what you typed.",
        ("A mistake in hpm.",),
        (
            "Report it with the output of the same command and --verbose.",
            "It may help to delete .hpm in the project, which is safe at any time.",
        ),
    ),
    "HPM1301": Explanation(
        130,
        "Interrupted",
        "Ctrl-C was pressed. package.json and package-lock.json are whole, and so is each package folder.",
        ("You, or a program on your behalf.",),
        ("Run the command again; it goes on where it was.",),
    ),
    "HPM1431": Explanation(
        143,
        "Ended by the system",
        "The process was asked to end (SIGTERM). All files are whole, as after Ctrl-C.",
        ("A time limit of a CI, a container that is shut down.",),
        ("Run the command again; it goes on where it was.",),
    ),
}
