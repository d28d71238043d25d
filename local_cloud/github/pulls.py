"""Pull requests, without what they would merge, and the comments below them."""

from __future__ import annotations

import datetime
from typing import Any

from local_cloud.github import checks
from local_cloud.github.errors import blank, invalid, not_found
from local_cloud.github.site import Object, Repository, Site

_LONGEST_COMMENT = 65536


class Pulls:
    def __init__(self, site: Site, repository: Repository, login: str):
        self._site = site
        self._repository = repository
        self._login = login

    def listed(self) -> list[Object]:
        return list(reversed(self._repository.pulls.values()))

    def find(self, number: str) -> Object:
        found = self._repository.pulls.get(int(number)) if number.isdecimal() else None
        if found is None:
            raise not_found()
        return found

    def create(self, body: Any) -> Object:
        given = checks.record(body, ("title", "head", "base", "body", "draft", "maintainer_can_modify"))
        title, head, base = (str(checks.needed(given, name, str)) for name in ("title", "head", "base"))
        if head == base:
            raise invalid({"resource": "PullRequest", "code": "custom", "message": f"No commits between {base} and it"})
        number = len(self._repository.pulls) + 1
        pull = {
            **self._site.stamped("PullRequest"),
            "number": number,
            "state": "open",
            "title": title,
            "body": checks.field(given, "body", str, None),
            "user": self._author(),
            "head": {"ref": head, "repo": self._repository.identity},
            "base": {"ref": base, "repo": self._repository.identity},
            "url": f"{self._site.url}/repos/{self._repository.full_name}/pulls/{number}",
            "html_url": f"https://stand-in.github.com/{self._repository.full_name}/pull/{number}",
            "created_at": self._site.timestamp(),
        }
        self._repository.pulls[number] = pull
        return pull

    def comments(self, pull: Object, since: str) -> list[Object]:
        """Those of a pull request that were changed at or after a point in time, the oldest first."""
        found = [item for item in self._repository.comments.values() if item["issue_url"] == self._issue(pull)]
        return [item for item in found if not since or _moment(item["updated_at"]) >= _moment(since)]

    def comment(self, pull: Object, body: Any) -> Object:
        text = _text(body)
        made = self._site.stamped("IssueComment")
        now = self._site.timestamp()
        item = {
            **made,
            "body": text,
            "user": self._author(),
            "author_association": "MEMBER",
            "issue_url": self._issue(pull),
            "url": f"{self._site.url}/repos/{self._repository.full_name}/issues/comments/{made['id']}",
            "html_url": f"{pull['html_url']}#issuecomment-{made['id']}",
            "created_at": now,
            "updated_at": now,
        }
        self._repository.comments[item["id"]] = item
        return item

    def find_comment(self, number: str) -> Object:
        found = self._repository.comments.get(int(number)) if number.isdecimal() else None
        if found is None:
            raise not_found()
        return found

    def change_comment(self, item: Object, body: Any) -> Object:
        item.update(body=_text(body), updated_at=self._site.timestamp())
        return item

    def delete_comment(self, item: Object) -> None:
        del self._repository.comments[item["id"]]

    def _author(self) -> Object:
        return self._site.user_view(self._site.users[self._login])

    def _issue(self, pull: Object) -> str:
        return f"{self._site.url}/repos/{self._repository.full_name}/issues/{pull['number']}"


def _text(body: Any) -> str:
    text = str(checks.needed(checks.record(body, ("body",)), "body", str))
    if not text.strip():
        raise blank("IssueComment", "data", "Body cannot be blank")
    if len(text) > _LONGEST_COMMENT:
        raise blank("IssueComment", "data", f"Body is too long (maximum is {_LONGEST_COMMENT} characters)")
    return text


def _moment(text: str) -> datetime.datetime:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise invalid({"resource": "IssueComment", "field": "since", "code": "invalid"}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
