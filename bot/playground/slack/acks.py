"""What an acknowledgement may carry, and what the person sees of it or of its absence."""

from bot.playground.slack.blockkit import check_message, check_view
from bot.playground.slack.courier import Ack
from bot.playground.slack.elements import as_list
from bot.playground.slack.errors import ApiError
from bot.playground.slack.modals import pop_modal, push_modal, update_view
from bot.playground.slack.model import JSON, SLACKBOT_ID, Message, View
from bot.playground.slack.plain import text_of
from bot.playground.slack.posting import post_from_bot
from bot.playground.slack.reply import Reply
from bot.playground.slack.world import World


class Acks:
    def __init__(self, world: World) -> None:
        self._world = world
        self._state = world.state

    def reply(  # noqa: PLR0913 - the fields of a Reply
        self,
        user_id: str,
        status: int,
        seq: int,
        *,
        ms: int = 0,
        text: str = "",
        error: str | None = None,
        body: JSON | None = None,
        errors: dict[str, str] | None = None,
    ) -> Reply:
        def later(since: int, timeout: float) -> str:
            return self.first_shown(user_id, since, timeout)

        return Reply(status, ms, text, error, body or {}, errors or {}, seq, later)

    def notice(self, user_id: str, channel_id: str, text: str, seq: int) -> Reply:
        """Slackbot tells one person that something did not work; the bot was not asked."""
        state = self._state
        state.add_message(Message(state.new_ts(), channel_id, SLACKBOT_ID, text, to=user_id))
        return self.reply(user_id, 0, seq, text=text)

    def of_command(self, user_id: str, channel_id: str, line: str, ack: Ack, seq: int) -> Reply:
        if ack.error:
            command = line.split(maxsplit=1)[0]
            shown = self.notice(user_id, channel_id, f'{command} failed with the error "{ack.error}"', seq)
            return self.reply(user_id, ack.status, seq, ms=ack.ms, text=shown.text, error=ack.error)
        blocks = as_list(ack.body.get("blocks"))
        if ack.text or blocks:
            self._refuse_bad(blocks, ack.text, "acknowledgement of a command")
            public = ack.body.get("response_type") == "in_channel"
            if public:
                state = self._state
                state.add_message(Message(state.new_ts(), channel_id, user_id, line))
            post_from_bot(self._world, channel_id, ack.text, blocks, to=None if public else user_id)
        return self.reply(user_id, ack.status, seq, ms=ack.ms, text=ack.text, body=ack.body)

    def of_action(self, user_id: str, ack: Ack, seq: int) -> Reply:
        if ack.error is None and (ack.body or ack.text):
            self._world.violate(f"acknowledgement of an action: Slack shows nothing of {ack.body or ack.text}")
        return self.reply(user_id, ack.status, seq, ms=ack.ms, error=ack.error, body=ack.body)

    def of_submission(self, user_id: str, view: View, ack: Ack, seq: int) -> tuple[Reply, list[View]]:
        """The reply, and the views that are gone because of it."""
        action = ack.body.get("response_action")
        errors: dict[str, str] = {}
        gone: list[View] = []
        try:
            match action:
                case None:
                    if ack.body:
                        self._world.violate(f"view_submission: no response_action in {ack.body}")
                    gone = pop_modal(self._world, view)
                case "clear":
                    gone = pop_modal(self._world, view, everything=True)
                case "errors":
                    errors = self._errors(view, ack.body.get("errors"))
                case "update":
                    update_view(self._world, view, self._view(ack.body))
                case "push":
                    push_modal(self._world, user_id, self._view(ack.body))
                case _:
                    raise ApiError(f"invalid response_action {action}")  # noqa: TRY301 - shown as the others are
        except ApiError as error:
            self._world.violate(f"view_submission: {error.code}")
            view.notice = error.code
            return self.reply(user_id, ack.status, seq, ms=ack.ms, error=error.code, body=ack.body), []
        return self.reply(user_id, ack.status, seq, ms=ack.ms, body=ack.body, errors=errors), gone

    def first_shown(self, user_id: str, since: int, timeout: float) -> str:
        """Plain text of the earliest thing new to a person since a moment: ephemeral, modal or direct
        message.
        """
        state = self._state

        def found() -> Message | View | None:
            direct = state.im(user_id).messages if state.has_im(user_id) else []
            new: list[Message | View] = [
                *(m for m in state.ephemerals.get(user_id, []) if m.seq > since),
                *(v for v in state.modals.get(user_id, []) if v.seq > since),
                *(m for m in direct if m.seq > since and m.user != user_id),
            ]
            return min(new, key=lambda shown: shown.seq, default=None)

        with state.changed:
            state.changed.wait_for(lambda: found() is not None, timeout)
            shown = found()
        if shown is None:
            raise TimeoutError(f"nothing was shown to {state.users[user_id].name} in {timeout} s")
        return text_of(state, shown)

    def _errors(self, view: View, errors: object) -> dict[str, str]:
        if not isinstance(errors, dict) or not errors:
            raise ApiError("invalid errors")
        inputs = {b["block_id"] for b in view.content["blocks"] if b["type"] == "input"}
        unknown = sorted(set(errors) - inputs)
        if unknown:
            raise ApiError(f"errors name no input block: {', '.join(map(str, unknown))}")
        return {str(block): str(text) for block, text in errors.items()}

    def _view(self, body: JSON) -> JSON:
        content = body.get("view")
        if not isinstance(content, dict):
            raise ApiError("response_action without a view")
        problems = check_view(content)
        for problem in problems:
            self._world.violate(f"response_action: {problem}")
        if problems:
            raise ApiError(f"invalid view: {problems[0]}")
        return content

    def _refuse_bad(self, blocks: list[JSON], text: str, where: str) -> None:
        for problem in check_message(blocks, text):
            self._world.violate(f"{where}: {problem}")
