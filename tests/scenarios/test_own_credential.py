"""Somebody finds the credential that Purser itself uses: nobody can turn it off but people, at once."""

from __future__ import annotations

from tests.office import Office


def test_a_pasted_management_credential_calls_the_owners_and_is_not_repeated(office: Office) -> None:
    credential = office.gateway.master_key
    ben = office.slack.person("ben")

    assert ben.command(f"/ai-disable {credential} found in a wiki", channel="search").ok

    answer = office.reads("ben", "not a member's key", where="search")
    told = office.reads("olga", "Leak: the credential")
    assert credential not in office.text(answer) + office.text(told)
    assert "change it at `litellm` first" in office.text(told)
