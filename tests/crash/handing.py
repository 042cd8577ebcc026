"""Ana's automation key is given to Ben once it is off: its gateway is told, and so is Ben, once."""

from __future__ import annotations

from bot.services import holders
from tests.faults import kit
from tests.office import Office

LINE = "automation evals $25 $5/day @omar evaluate rerankers"


class Handing:
    """A key that changes hands."""

    def __init__(self, office: Office, failpoint: str) -> None:
        self.office = office
        self.is_wanted = failpoint.endswith(f":{holders.HOLDER}")

    def give(self) -> None:
        """Whoever types it again reads that he holds it already."""
        label = next(key.label for person in ("ana", "ben") for key in kit.keys_of(self.office, person))
        self.office.slack.person("olga").command(f"/ai-team handover {label} @ben", channel="search")

    def is_given(self) -> bool:
        ben = self.office.slack.person("ben").id
        return bool(self._told()) and [key.user_id for key in self.office.gateway.keys] == [ben]

    def assert_told_once(self) -> None:
        if self.is_wanted:
            assert len(self._told()) == 1
            assert len(kit.rows(self.office, action="key.handed_over")) == 1

    def _told(self) -> list[object]:
        return [*kit.told(self.office, "ben", "gave `evals-")]
