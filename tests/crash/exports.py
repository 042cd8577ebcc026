"""Ana asks for her usage as a file, and posts it: one arrives, whatever happens to Purser meanwhile."""

from __future__ import annotations

from bot.domain import usage_csv
from bot.domain.spans import last_days
from bot.playground.slack.model import Message
from bot.services import exporting, usage_posts
from storage import usage_export
from storage.usage_reports import EVERYTHING
from tests.faults import kit
from tests.office import Office

USAGE_IS_READ_SECONDS = 601
FILE = "purser-usage-ana-"
POST, POSTED = "Post to channel", "Posted by @ana"


class Export:
    """What her key used, and the file that says so."""

    def __init__(self, office: Office, failpoint: str) -> None:
        self.office = office
        self.is_wanted = failpoint.endswith(f":{exporting.FILE}")
        self.is_posted = failpoint.endswith(f":{usage_posts.USAGE}")
        self._is_asked = False

    # --- what people do ---

    def use(self) -> None:
        """One call, and time for its usage to be read."""
        assert self.office.chat(kit.shown_secrets(self.office)[-1]).status_code == 200
        kit.let_pass(self.office, seconds=USAGE_IS_READ_SECONDS)

    def ask(self) -> None:
        """Once: who was told that the file comes waits for it."""
        if not self._is_asked:
            self._is_asked = True
            self.office.slack.person("ana").command("/ai-usage me 7d export", channel="search")

    def show(self) -> None:
        """What she used, for her eyes only."""
        self.office.slack.person("ana").command("/ai-usage me 7d", channel="search")

    def post(self) -> None:
        """She presses the same button, however often."""
        self.office.slack.person("ana").click(POST, in_=self._shown()[-1])

    # --- what they see ---

    def is_shown(self) -> bool:
        return bool(self._shown())

    def posts(self) -> list[Message]:
        """Messages in the channel that show her usage."""
        return [message for message in self.office.cards() if POSTED in self.office.text(message)]

    def is_used(self) -> bool:
        with kit.looking(self.office) as session:
            span = last_days(2, self.office.clock.now().date())
            return usage_export.count(session, EVERYTHING, span, most=1) > 0

    def has_come(self) -> bool:
        return bool(kit.told(self.office, "ana", FILE))

    def assert_told_once(self) -> None:
        if self.is_posted:
            assert len(self.posts()) == 1
        if self.is_wanted:
            (message,) = kit.told(self.office, "ana", FILE)
            assert "1 line." in self.office.text(message)
            linked = [file for file in self.office.slack.world.state.files.values() if file.id in str(message.text)]
            assert [file.content.decode().splitlines()[0] + "\n" for file in linked] == [usage_csv.heading()]

    def _shown(self) -> list[Message]:
        return [one for one in self.office.slack.person("ana").ephemerals("search") if POST in str(one.blocks)]
