"""github_bodies: the JSON of GitHub's REST answers, with every field that its description requires."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

_TIME = "2023-11-14T22:13:20Z"
_OWNER_LINKS = "events followers following gists organizations received_events repos starred subscriptions"
_REPOSITORY_LINKS = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors "
    "deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events "
    "issues keys labels languages merges milestones notifications pulls releases stargazers statuses "
    "subscribers subscription tags teams trees"
)
_COUNTS = (
    "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count "
    "network_count subscribers_count"
)


def error(message: str, status: int) -> dict[str, Any]:
    """A "Basic Error"."""
    return {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}


def moved(url: str) -> dict[str, Any]:
    """The body of a 301."""
    return {"message": "Moved Permanently", "url": url, "documentation_url": "https://docs.github.com/rest"}


def repository(full_name: str, number: int, *, private: bool, api: str, web: str) -> dict[str, Any]:
    """A "Full Repository"."""
    owner, name = full_name.split("/")
    url = f"{api}/repos/{full_name}"
    body: dict[str, Any] = {
        "id": number,
        "node_id": _node_id("R", full_name),
        "name": name,
        "full_name": full_name,
        "owner": _owner(owner, api=api, web=web),
        "private": private,
        "html_url": f"{web}/{full_name}",
        "url": url,
        "clone_url": f"{web}/{full_name}.git",
        "git_url": f"git:github.com/{full_name}.git",
        "ssh_url": f"git@github.com:{full_name}.git",
        "svn_url": f"{web}/{full_name}",
        "default_branch": "main",
        "pushed_at": _TIME,
        "created_at": _TIME,
        "updated_at": _TIME,
    }
    body |= {f"{link}_url": f"{url}/{link.replace('git_', 'git/')}" for link in _REPOSITORY_LINKS.split()}
    body |= dict.fromkeys(_COUNTS.split(), 0)
    body |= dict.fromkeys(("description", "homepage", "language", "license", "mirror_url"))
    body |= dict.fromkeys(("fork", "archived", "disabled", "has_pages", "has_discussions"), False)
    body |= dict.fromkeys(("has_issues", "has_projects", "has_wiki"), True)
    return body


def tag(full_name: str, name: str, commit: str, *, api: str) -> dict[str, Any]:
    """A "Tag"."""
    url = f"{api}/repos/{full_name}"
    return {
        "name": name,
        "commit": {"sha": commit, "url": f"{url}/commits/{commit}"},
        "zipball_url": f"{url}/zipball/refs/tags/{name}",
        "tarball_url": f"{url}/tarball/refs/tags/{name}",
        "node_id": _node_id("T", f"{full_name} {name}"),
    }


def content_file(
    full_name: str, path: str, ref: str, content: bytes, *, api: str, web: str
) -> dict[str, Any]:
    """A "Content File"."""
    blob = hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()
    url = f"{api}/repos/{full_name}/contents/{path}?ref={ref}"
    git_url, html_url = f"{api}/repos/{full_name}/git/blobs/{blob}", f"{web}/{full_name}/blob/{ref}/{path}"
    return {
        "type": "file",
        "encoding": "base64",
        "size": len(content),
        "name": path.rpartition("/")[2],
        "path": path,
        "content": b64encode(content).decode(),
        "sha": blob,
        "url": url,
        "git_url": git_url,
        "html_url": html_url,
        "download_url": f"{web}/{full_name}/raw/{ref}/{path}",
        "_links": {"self": url, "git": git_url, "html": html_url},
    }


def _owner(login: str, *, api: str, web: str) -> dict[str, Any]:
    url = f"{api}/users/{login}"
    body: dict[str, Any] = {f"{link}_url": f"{url}/{link}" for link in _OWNER_LINKS.split()}
    return body | {
        "login": login,
        "id": int(hashlib.sha256(login.encode()).hexdigest()[:6], 16),
        "node_id": _node_id("U", login),
        "avatar_url": f"{web}/{login}.png",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{web}/{login}",
        "type": "User",
        "site_admin": False,
    }


def _node_id(kind: str, text: str) -> str:
    return b64encode(f"{kind}:{text}".encode()).decode()
