"""The contract of gateways where people have accounts beside their keys."""

from __future__ import annotations

from bot.gateways.base import FailureKind, Members, Probe, Seat
from tests.contract.rig import Rig, failure_of


def _members(rig: Rig) -> Members:
    assert rig.gateway.members is not None
    return rig.gateway.members


class MembersContract:
    """Promises of `bot.gateways.base.Members`."""

    def test_an_account_is_found_by_its_id_and_by_its_address_whatever_its_capitals(self, rig: Rig) -> None:
        name = rig.user("Ana.{}@Example.com", role="internal_user")
        found = [Seat(name, "internal_user")]
        assert _members(rig).seats(name, "") == found
        assert _members(rig).seats("U0NOBODY", f"ana.{name.upper()}@example.COM") == found
        assert _members(rig).seats(name, f"ana.{name}@example.com") == found

    def test_an_account_is_never_found_by_a_part_of_its_id_or_address(self, rig: Rig) -> None:
        name = rig.user("Ana.{}@Example.com")
        assert _members(rig).seats(name[:-1], f"{name}@example.com") == []
        assert _members(rig).seats(name.lower(), "") == []
        assert _members(rig).seats("U0NOBODY", "") == []

    def test_id_and_address_of_two_accounts_find_both(self, rig: Rig) -> None:
        one, other = rig.user("one.{}@example.com"), rig.user("other.{}@example.com")
        assert {seat.id for seat in _members(rig).seats(one, f"other.{other}@example.com")} == {one, other}

    def test_an_account_is_found_among_more_than_fit_on_a_page(self, rig: Rig) -> None:
        first = rig.user("{}@example.com")
        for number in range(101):
            rig.user("{}@example.com", name=f"{first}-{number}")
        assert [seat.id for seat in _members(rig).seats(first, "")] == [first]

    def test_an_account_without_keys_is_taken_away(self, rig: Rig) -> None:
        name = rig.user("{}@example.com")
        _members(rig).remove(name)
        assert _members(rig).seats(name, f"{name}@example.com") == []

    def test_taking_an_account_away_again_is_a_success(self, rig: Rig) -> None:
        name = rig.user("{}@example.com")
        _members(rig).remove(name)
        _members(rig).remove(name)
        _members(rig).remove("U0NOBODY")

    def test_keys_of_an_account_are_listed_also_those_that_are_off(self, rig: Rig) -> None:
        name = rig.user("{}@example.com")
        works, off, others = rig.issue(), rig.issue(), rig.issue()
        for key in (works, off):
            rig.gateway.set_holder(key.handle, name)
        rig.gateway.disable(off.handle)
        listed = _members(rig).keys(name)
        assert {key.handle: key.enabled for key in listed} == {works.handle: True, off.handle: False}
        assert others.handle not in {key.handle for key in listed}

    def test_an_account_with_a_key_is_not_taken_away_and_the_key_works_on(self, rig: Rig) -> None:
        name = rig.user("{}@example.com")
        key = rig.issue()
        rig.gateway.set_holder(key.handle, name)
        failure = failure_of(lambda: _members(rig).remove(name))
        assert failure.kind is FailureKind.PERMANENT
        assert [seat.id for seat in _members(rig).seats(name, "")] == [name]
        assert rig.gateway.probe(key.secret) is Probe.ACCEPTED

    def test_keys_that_were_moved_outlive_the_account_whose_they_were(self, rig: Rig) -> None:
        name = rig.user("{}@example.com")
        taken, nobodys = rig.issue(), rig.issue()
        for key in (taken, nobodys):
            rig.gateway.set_holder(key.handle, name)
        rig.gateway.set_holder(taken.handle, "U-BEN")
        rig.gateway.set_holder(nobodys.handle, "")
        _members(rig).remove(name)
        assert rig.chat(taken.secret).status_code == 200
        assert rig.chat(nobodys.secret).status_code == 200
        assert (rig.found(taken.handle).holder, rig.found(nobodys.handle).holder) == ("U-BEN", "")
