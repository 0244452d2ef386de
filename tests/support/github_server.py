"""github_server: a GitHub on loopback: real git repositories behind its web, API and archive hosts.

Three servers with an address each, as in life, so that what may not travel from one to
the other can be seen: ``web`` (git and archive links), ``api`` (REST), ``codeload``
(archives). An Enterprise host is one server for all, its API below ``/api/v3``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.support import github_bodies as bodies
from tests.support.git_repositories import Content, GitRepository, package
from tests.support.loopback_server import Fault, LoopbackServer, Reply, Request

_RAW_TYPES = (
    "application/vnd.github.raw+json",
    "application/vnd.github.v3.raw",
    "application/vnd.github.raw",
)
#: 2100-01-01: a reset that no test lives to see.
FAR_RESET = 4_102_444_800


@dataclass(slots=True)
class _Repository:
    full_name: str
    number: int
    git: GitRepository
    token: str | None = None


@dataclass(slots=True)
class Quota:
    """The primary rate limit of one kind of caller."""

    limit: int
    used: int = 0
    reset: int = FAR_RESET


@dataclass(slots=True)
class _Limits:
    anonymous: Quota = field(default_factory=lambda: Quota(60))
    authenticated: Quota = field(default_factory=lambda: Quota(5000))
    refusal_status: int = 403


class GithubServer:
    """What a test does with the stand-in: publish, then look at :attr:`requests`.

    Attributes:
        server_url: Where git and the archive links are.
        api_url: Where REST is.
        tree: The folder of the bare repositories, ``owner/repo.git`` as first created.
        codeload_url: Where archives come from.
        limits: The rate limits of the API, counted as GitHub does.
    """

    def __init__(self, folder: Path, *, enterprise: bool = False) -> None:
        self.tree = folder / "repositories"
        self._endings = ExitStack()
        self._enterprise = enterprise
        self._repositories: dict[str, _Repository] = {}
        self._renamed: dict[str, str] = {}
        self._archives: dict[tuple[str, str], bytes] = {}
        self._guard = threading.Lock()
        self._log: list[Request] = []
        self._faults: list[Fault] = []
        self.tokens: set[str] = set()
        self.limits = _Limits()
        self._web = self._server("web", self._answer_web)
        self._api = self._web if enterprise else self._server("api", self._answer_api)
        self._codeload = self._web if enterprise else self._server("codeload", self._answer_codeload)

    def _server(self, place: str, answer: Any) -> LoopbackServer:
        server = LoopbackServer(place, answer)
        server.requests, server.faults = self._log, self._faults
        return server

    @property
    def server_url(self) -> str:
        return self._web.url

    @property
    def api_url(self) -> str:
        return f"{self._web.url}/api/v3" if self._enterprise else self._api.url

    @property
    def codeload_url(self) -> str:
        return self._codeload.url

    def environment(self) -> dict[str, str]:
        """The variables that make hpm use this GitHub, ask what it has to, and not sleep between retries."""
        return {
            "HPM_GITHUB_SERVER_URL": self.server_url,
            "HPM_GITHUB_API_URL": self.api_url,
            "HPM_RETRY_DELAYS": "0",
            "HPM_SPECULATION": "off",
        }

    def at_end(self, close: Callable[[], object]) -> None:
        """*close* is called when the server ends."""
        self._endings.callback(close)

    # ------------------------------------------------------------ repositories

    def publish(
        self,
        name: str,
        tag: str | None,
        files: Mapping[str, Content] | None = None,
        *,
        dependencies: Mapping[str, str] | None = None,
        executable: Iterable[str] = (),
        symlinks: Mapping[str, str] | None = None,
        annotated: bool = False,
    ) -> str:
        """The commit of a release of *name*; without *files*, of a small package with *dependencies*."""
        if files is None:
            files = package(name, (tag or "0.0.0").removeprefix("v"), dependencies)
        git = self.create(name)
        return git.publish(tag, files, executable=executable, symlinks=symlinks, annotated=annotated)

    def create(self, name: str) -> GitRepository:
        """The repository *name*, empty unless it exists already."""
        found = self._repositories.get(name.lower())
        if found is None:
            number = 1001 + len(self._repositories)
            git = GitRepository(self.tree / f"{name}.git")
            found = self._repositories[name.lower()] = _Repository(name, number, git)
        return found.git

    def repository(self, name: str) -> GitRepository:
        """The repository *name*, for what :meth:`publish` does not do: move or delete a tag ..."""
        return self._repositories[name.lower()].git

    def repository_path(self, name: str) -> Path:
        """The bare repository of *name*; also usable as a git source by its path."""
        return self.repository(name).path

    def repository_id(self, name: str) -> int:
        """The number that the API tells for *name*."""
        return self._repositories[name.lower()].number

    def rename(self, old: str, new: str) -> None:
        """*old* is called *new*; requests for *old* are redirected."""
        found = self._repositories.pop(old.lower())
        found.full_name = new
        self._repositories[new.lower()] = found
        self._renamed[old.lower()] = new.lower()

    def delete(self, name: str) -> None:
        """There is no repository *name*."""
        del self._repositories[name.lower()]

    def make_private(self, name: str, token: str) -> None:
        """Only who shows *token* sees *name*."""
        self.tokens.add(token)
        self._repositories[name.lower()].token = token

    # ------------------------------------------------------------ log and faults

    @property
    def requests(self) -> list[Request]:
        """Every request so far, in the order of arrival."""
        return list(self._log)

    def clear_log(self) -> None:
        """No request is in the log."""
        self._log.clear()

    def count(self, pattern: str = "*") -> int:
        """How many requests had a ``place path`` that matches: ``api *``, ``* /acme/a/archive/*``."""
        return sum(fnmatchcase(f"{request.place} {request.path}", pattern) for request in self._log)

    def fail(self, pattern: str, reply: Reply, *, times: int | None = 1) -> None:
        """The next *times* requests that match (None: all of them) are answered with *reply*."""
        self._faults.append(Fault(pattern, times, reply=reply))

    def redirect(self, pattern: str, location: str, *, status: int = 302, times: int | None = 1) -> None:
        """The next *times* requests that match are sent to *location*."""
        self.fail(pattern, Reply(status, headers={"Location": location}), times=times)

    def cut(self, pattern: str, at: int, *, times: int | None = 1) -> None:
        """Of the next *times* answers only *at* bytes arrive, although all are announced."""
        self._faults.append(Fault(pattern, times, cut_at=at))

    def reset(self, pattern: str, *, times: int | None = 1) -> None:
        """The next *times* requests end in a reset connection."""
        self._faults.append(Fault(pattern, times, reset=True))

    def hold(self, pattern: str, *, times: int | None = 1) -> threading.Event:
        """The next *times* requests are answered only once the returned event is set."""
        fault = Fault(pattern, times, until=threading.Event())
        self._faults.append(fault)
        assert fault.until
        return fault.until

    def heal(self) -> None:
        """Nothing is going to fail."""
        self._faults.clear()

    def exhaust(self, *, status: int = 403, reset: int = FAR_RESET) -> None:
        """The primary rate limit of everybody is used up until *reset*."""
        self.limits.refusal_status = status
        for quota in (self.limits.anonymous, self.limits.authenticated):
            quota.used, quota.reset = quota.limit, reset

    # ------------------------------------------------------------ web: git and archive links

    def _answer_web(self, request: Request) -> Reply:
        if self._enterprise and request.path.startswith("/api/v3/"):
            return self._answer_api(replace(request, target=request.target.removeprefix("/api/v3")))
        parts = request.path.strip("/").split("/")
        if len(parts) < 3 or parts[0] == "raw":
            return self._raw(parts[1:], request)
        key = f"{parts[0]}/{parts[1].removesuffix('.git')}".lower()
        if key in self._renamed and key not in self._repositories:
            new = self._repositories[self._renamed[key]].full_name
            suffix = ".git" if parts[1].endswith(".git") else ""
            rest = request.target.split("/", 3)[3]
            return Reply(301, headers={"Location": f"{self.server_url}/{new}{suffix}/{rest}"})
        found = self._repositories.get(key)
        if found is None or not self._may_see(found, request):
            return self._unseen(request)
        if parts[1].endswith(".git"):
            return _serve_git(found.git, "/".join(parts[2:]), request)
        return self._archive_link(found, request) if parts[2] == "archive" else _page(404)

    def _raw(self, parts: list[str], request: Request) -> Reply:
        found = self._repositories.get("/".join(parts[:2]).lower())
        if found is None or len(parts) < 4 or not self._may_see(found, request):
            return Reply(404, b"404: Not Found")
        blob = found.git.run("cat-file", "blob", f"{found.git.commit_of(parts[2])}:{'/'.join(parts[3:])}")
        if blob.returncode != 0:
            return Reply(404, b"404: Not Found")
        return Reply(200, blob.stdout, {"Content-Type": "text/plain; charset=utf-8"})

    def _unseen(self, request: Request) -> Reply:
        """Like GitHub: git is asked for a password, a browser finds nothing."""
        if ".git/" in request.path:
            return Reply(401, b"Repository not found.", {"WWW-Authenticate": 'Basic realm="GitHub"'})
        return _page(404)

    def _archive_link(self, found: _Repository, request: Request) -> Reply:
        ref = request.path.split("/archive/", 1)[1].removesuffix(".tar.gz")
        short = ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
        commit = found.git.commit_of(ref)
        if commit is None:
            return _page(404)
        if self._enterprise:
            return self._archive(found, commit, _top_folder(found, short))
        return self._to_codeload(found, f"tar.gz/{ref}")

    def _to_codeload(self, found: _Repository, rest: str) -> Reply:
        secret = f"?token={_download_token(found)}" if found.token else ""
        return Reply(
            302, headers={"Location": f"{self.codeload_url}/{found.full_name}/{quote(rest)}{secret}"}
        )

    def _may_see(self, found: _Repository, request: Request) -> bool:
        return found.token is None or request.token in _shown_as(found.token)

    # ------------------------------------------------------------ codeload

    def _answer_codeload(self, request: Request) -> Reply:
        parts = request.path.strip("/").split("/", 3)
        found = self._repositories.get("/".join(parts[:2]).lower())
        if found is None or len(parts) < 4:
            return Reply(404, b"404: Not Found")
        if found.token and request.query.get("token") != _download_token(found):
            return Reply(404, b"404: Not Found")
        commit = found.git.commit_of(parts[3])
        if commit is None:
            return Reply(404, b"404: Not Found")
        if parts[2] == "legacy.tar.gz":
            top = f"{found.full_name.replace('/', '-')}-{commit[:7]}"
        else:
            top = _top_folder(found, parts[3].removeprefix("refs/tags/").removeprefix("refs/heads/"))
        return self._archive(found, commit, top)

    def _archive(self, found: _Repository, commit: str, top: str) -> Reply:
        with self._guard:
            content = self._archives.get((commit, top))
            if content is None:
                tar = found.git.git("archive", "--format=tar", f"--prefix={top}/", commit)
                content = self._archives[commit, top] = gzip.compress(tar, compresslevel=1, mtime=0)
        etag = f'W/"{hashlib.sha256(content).hexdigest()}"'
        return Reply(200, content, {"Content-Type": "application/x-gzip", "ETag": etag})

    # ------------------------------------------------------------ REST

    def _answer_api(self, request: Request) -> Reply:
        secret = request.token.partition(" ")[2]
        authenticated = bool(secret) and secret in self.tokens
        if secret and not authenticated:
            return _json(bodies.error("Bad credentials", 401), 401)
        quota = self.limits.authenticated if authenticated else self.limits.anonymous
        with self._guard:
            if quota.used >= quota.limit:
                return self._over_limit(quota)
            quota.used += 1
        reply = self._route_api(request)
        if reply.status == 200:
            etag = f'W/"{hashlib.sha256(reply.body + secret.encode()).hexdigest()}"'
            reply = replace(reply, headers={**reply.headers, "ETag": etag})
            if request.headers.get("if-none-match") == etag:
                with self._guard:
                    quota.used -= authenticated
                reply = Reply(304, headers={"ETag": etag})
        return replace(reply, headers={**reply.headers, **_quota_headers(quota)})

    def _over_limit(self, quota: Quota) -> Reply:
        reply = _json(bodies.error("API rate limit exceeded for 127.0.0.1.", 403), self.limits.refusal_status)
        return replace(reply, headers={**reply.headers, **_quota_headers(quota)})

    def _route_api(self, request: Request) -> Reply:
        parts = request.path.split("/")[1:]
        if parts[0] == "rate_limit":
            return _json(self._rate_limits())
        if parts[0] == "repositories" and len(parts) >= 2:
            found = next((each for each in self._repositories.values() if str(each.number) == parts[1]), None)
            rest = parts[2:]
        elif parts[0] == "repos" and len(parts) >= 3:
            key = "/".join(parts[1:3]).lower()
            if key in self._renamed and key not in self._repositories:
                moved = self._repositories[self._renamed[key]]
                tail = "".join(f"/{part}" for part in request.target.split("/")[4:])
                url = f"{self.api_url}/repositories/{moved.number}{tail}"
                return _json(bodies.moved(url), 301, Location=url)
            found, rest = self._repositories.get(key), parts[3:]
        else:
            found, rest = None, []
        if found is None or not self._may_see(found, request):
            return _not_found()
        return self._repository_api(found, rest, request)

    def _repository_api(self, found: _Repository, rest: list[str], request: Request) -> Reply:
        match rest:
            case []:
                private = found.token is not None
                return _json(
                    bodies.repository(
                        found.full_name, found.number, private=private, api=self.api_url, web=self.server_url
                    )
                )
            case ["tags"]:
                return self._tags(found, request)
            case ["contents", *path]:
                return self._contents(found, "/".join(path), request)
            case ["tarball", *ref]:
                return self._tarball(found, "/".join(ref) or "main")
            case _:
                return _not_found()

    def _contents(self, found: _Repository, path: str, request: Request) -> Reply:
        ref = request.query.get("ref", "main")
        blob = found.git.run("cat-file", "blob", f"{found.git.commit_of(ref)}:{path}")
        if blob.returncode != 0:
            return _not_found()
        if any(kind in request.headers.get("accept", "") for kind in _RAW_TYPES):
            return Reply(200, blob.stdout, {"Content-Type": f"{_RAW_TYPES[0]}; charset=utf-8"})
        return _json(
            bodies.content_file(
                found.full_name, path, ref, blob.stdout, api=self.api_url, web=self.server_url
            )
        )

    def _tarball(self, found: _Repository, ref: str) -> Reply:
        commit = found.git.commit_of(ref)
        if commit is None:
            return _not_found()
        if self._enterprise:
            return self._archive(found, commit, f"{found.full_name.replace('/', '-')}-{commit[:7]}")
        return self._to_codeload(found, f"legacy.tar.gz/{ref}")

    def _tags(self, found: _Repository, request: Request) -> Reply:
        size, page = int(request.query.get("per_page", "30")), int(request.query.get("page", "1"))
        size = min(size, 100)
        tags = sorted(found.git.tags().items(), reverse=True)
        if not tags and not found.git.git("for-each-ref"):
            return _json(bodies.error("Git Repository is empty.", 409), 409)
        here = tags[(page - 1) * size : page * size]
        last = max(1, -(-len(tags) // size))
        address = f"{self.api_url}/repositories/{found.number}/tags?per_page={size}&page="
        links = []
        if page > 1:
            links.append(f'<{address}{page - 1}>; rel="prev"')
        if page < last:
            links += [f'<{address}{page + 1}>; rel="next"', f'<{address}{last}>; rel="last"']
        if page > 1:
            links.append(f'<{address}1>; rel="first"')
        listed = [bodies.tag(found.full_name, name, commit, api=self.api_url) for name, commit in here]
        reply = _json(listed)
        return replace(reply, headers={**reply.headers, "Link": ", ".join(links)}) if links else reply

    def _rate_limits(self) -> dict[str, Any]:
        quota = self.limits.anonymous
        core = {
            "limit": quota.limit,
            "used": quota.used,
            "remaining": max(0, quota.limit - quota.used),
            "reset": quota.reset,
        }
        return {"resources": {"core": core, "search": core}, "rate": core}


@contextmanager
def github(tmp_path: Path, *, enterprise: bool = False) -> Iterator[GithubServer]:
    """A GitHub whose repositories live below *tmp_path*."""
    server = GithubServer(tmp_path, enterprise=enterprise)
    with ExitStack() as running:
        for each in dict.fromkeys((server._web, server._api, server._codeload)):
            running.enter_context(each)
        with server._endings:
            yield server


def _serve_git(git: GitRepository, service: str, request: Request) -> Reply:
    """The smart HTTP protocol (gitprotocol-http, gitprotocol-v2), by git itself."""
    version = request.headers.get("git-protocol", "")
    environment = {"GIT_PROTOCOL": version} if version else {}
    path = str(git.path)
    if service == "info/refs" and request.query.get("service") == "git-upload-pack":
        done = git.run("upload-pack", "--stateless-rpc", "--advertise-refs", path, environment=environment)
        head = b"" if "version=2" in version else b"001e# service=git-upload-pack\n0000"
        return Reply(200, head + done.stdout, {"Content-Type": "application/x-git-upload-pack-advertisement"})
    if service == "git-upload-pack" and request.method == "POST":
        body = request.body
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        done = git.run("upload-pack", "--stateless-rpc", path, stdin=body, environment=environment)
        return Reply(200, done.stdout, {"Content-Type": "application/x-git-upload-pack-result"})
    return _page(404)


def _top_folder(found: _Repository, ref: str) -> str:
    """How codeload names the one folder in an archive: ``repo-1.2.3`` for v1.2.3."""
    bare = ref[1:] if ref[:1] == "v" and ref[1:2].isdigit() else ref
    return f"{found.full_name.partition('/')[2]}-{bare.replace('/', '-')}"


def _shown_as(token: str) -> tuple[str, ...]:
    basic = b64encode(f"x-access-token:{token}".encode()).decode()
    return (f"Bearer {token}", f"token {token}", f"Basic {basic}")


def _download_token(found: _Repository) -> str:
    """What codeload takes instead of the token; GitHub's expire after five minutes."""
    return hashlib.sha256(f"{found.number} {found.token}".encode()).hexdigest()[:20]


def _quota_headers(quota: Quota) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(quota.limit),
        "x-ratelimit-used": str(quota.used),
        "x-ratelimit-remaining": str(max(0, quota.limit - quota.used)),
        "x-ratelimit-reset": str(quota.reset),
        "x-ratelimit-resource": "core",
    }


def _json(body: Any, status: int = 200, **headers: str) -> Reply:
    content_type = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(status, json.dumps(body).encode(), {**content_type, **headers})


def _not_found() -> Reply:
    return _json(bodies.error("Not Found", 404), 404)


def _page(status: int) -> Reply:
    return Reply(status, f"<html>{HTTPStatus(status).phrase}</html>".encode(), {"Content-Type": "text/html"})
