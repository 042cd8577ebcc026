"""Digests and Home tabs, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.digests import Age, Audience, Cause, DigestState, Figures, Forecast, Troubles, Why
from bot.domain.homes import HomeFacts, TeamGlance
from bot.domain.people import Member, Team
from bot.domain.usage import NOTHING, Totals
from bot.slack.views import digest, home
from bot.slack.views.base import Message
from tests.slack.views import kit_digest, kit_home
from tests.slack.views.kit import ANA, NOW, USD, World
from tests.slack.views.kit_digest import totals

Screen = Message | dict[str, Any]


def teams(world: World) -> dict[str, Figures]:
    """A team's week, in every mood."""
    plain = kit_digest.plain(world)
    much = {"causes": (Cause(Why.NEW_KEYS, 400 * USD, None),), "before": NOTHING, "days_before": (NOTHING,) * 7}
    mixed = (Cause(Why.VOLUME, 140_000_000, 47), Cause(Why.PRICE, -26_400_000, -9))
    less = (Cause(Why.VOLUME, -90_000_000, -22), Cause(Why.NEW_KEYS, 1_000_000, 0))
    fewer = (totals(322, 700), totals(412, 900))
    huge = (Cause(Why.NEW_KEYS, 300 * USD, 150_000), Cause(Why.VOLUME, 112_100_000, 56_050))
    return {
        "full": kit_digest.figures(world),
        "plain": plain,
        "over": replace(kit_digest.figures(world), month_micros=2_020_500_000, forecast=None),
        "offset": replace(plain, causes=mixed),
        "less": replace(plain, causes=less, totals=fewer[0], before=fewer[1], members=(), models=()),
        "same": replace(plain, before=plain.totals, causes=()),
        "first": replace(plain, **much),  # type: ignore[arg-type]
        "huge": replace(plain, before=totals(0.2, 3), causes=huge),
        "stopped": _stopped(world),
        "unpriced_only": _free(world),
        "no_budget": replace(plain, forecast=Forecast(1_400 * USD, 1_600 * USD, 1_800 * USD)),
        "never_read": replace(plain, read_at=None),
        "quiet": kit_digest.quiet(world),
        "quiet_old": kit_digest.quiet(
            world, old_keys=kit_digest.old_keys(world)[:1], troubles=Troubles(1), skipped=("2026-W45",)
        ),
    }


def _stopped(world: World) -> Figures:
    causes = (Cause(Why.VOLUME, -298_700_000, -100),)
    members = kit_digest.ranks([world.team], "U0{}", NOTHING)
    models = kit_digest.ranks([world.models[0]], "{}", NOTHING)
    none = {"totals": NOTHING, "days": (NOTHING,) * 7, "causes": causes, "members": members, "models": models}
    return kit_digest.plain(world, **none, projects=())


def _free(world: World) -> Figures:
    free = Totals(requests=20, unpriced_requests=20, tasks=20)
    zero = {"totals": free, "before": NOTHING, "causes": (), "days": (NOTHING,) * 7, "days_before": (NOTHING,) * 7}
    ranks = kit_digest.ranks([world.team], "U0{}", free, NOTHING)
    models = kit_digest.ranks([world.models[0]], "{}", free, NOTHING)
    unpriced = ((world.models[0], 20),)
    return kit_digest.plain(world, **zero, members=ranks, models=models, projects=(), unpriced=unpriced)


def digests(world: World) -> dict[str, Screen]:
    """Every message of every digest: the short one, and each of its thread."""
    notices = {f"digest_{name}": kit_digest.notice(one) for name, one in teams(world).items()}
    personal, everywhere = kit_digest.personal(world), kit_digest.roll_up(world)
    notices |= {
        "digest_personal": kit_digest.notice(personal, Audience.MEMBER),
        "digest_personal_quiet": kit_digest.notice(replace(kit_digest.quiet(world), team_id=""), Audience.MEMBER),
        "digest_owners": kit_digest.notice(everywhere, Audience.OWNERS),
        "digest_owners_fine": kit_digest.notice(replace(everywhere, courses=_fine(everywhere)), Audience.OWNERS),
        "digest_owners_quiet": kit_digest.notice(replace(kit_digest.quiet(world), team_id=""), Audience.OWNERS),
        "digest_to_owner": kit_digest.notice(
            kit_digest.plain(world), channel_id="", why="<#C0SEARCH> does not take it (is_archived)."
        ),
    }
    gone = replace(kit_digest.quiet(world), skipped=("2026-W45", "2026-W46"))
    missed = kit_digest.notice(gone, state=DigestState.SKIPPED, next_at=NOW + timedelta(days=3))
    notices |= {"digest_skipped": missed, "digest_skipped_off": replace(missed, next_at=None)}
    notices = {name: replace(one, names=kit_digest.names(world)) for name, one in notices.items()}
    shown: dict[str, Screen] = {name: digest.digest(one) for name, one in notices.items()}
    for name, one in notices.items():
        for number, message in enumerate(digest.thread(one), 1):
            shown[f"{name}_thread_{number}"] = message
    (remark,) = digest.thread(
        replace(notices["digest_plain"], note="The CSV could not be attached: Slack asks to slow down.")
    )
    return shown | {"digest_remark": remark}


def _fine(figures: Figures) -> Any:
    return tuple(replace(one, month_micros=USD, forecast=None) for one in figures.courses)


def homes(world: World) -> dict[str, Screen]:
    full = kit_home.home_facts(world)
    nobody = HomeFacts(Member(ANA, "T0", "ana", "Ana"))
    one_old = (kit_digest.old_key(world, Age.PAST_ROTATION),)
    calm = TeamGlance(Team("team-1", world.team, "C0SEARCH"), week=kit_home.bare_report(world))
    first = replace(nobody, week=kit_home.bare_report(world), teams=(calm, replace(calm, old_keys=one_old, waiting=1)))
    return {
        "home": home.home(full, NOW),
        "home_empty": home.home(nobody, NOW),
        "home_owner": home.home(replace(nobody, is_owner=True), NOW),
        "home_monday": home.home(replace(first, is_owner=True, wants_digest=True), NOW),
    }


def every_about_weeks(world: World) -> dict[str, Screen]:
    """All of them by name."""
    return digests(world) | homes(world)
