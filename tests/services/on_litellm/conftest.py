"""The company of tests/services, with a real LiteLLM proxy in the gateway's place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.company import Company
from tests.contract.rig import Rig, litellm_on_real

if TYPE_CHECKING:
    from tests.conftest import RealLiteLLM

CALL_MICROS = 28_000
"""What one call of mock-expensive costs."""


@pytest.fixture
def rig(litellm: RealLiteLLM) -> Iterator[Rig]:
    """The proxy; keys named in `made` are deleted at the end."""
    with litellm_on_real(litellm.base_url, litellm.master_key) as rig:
        yield rig


@pytest.fixture
def company(company: Company, rig: Rig) -> Company:
    """Its keys are the proxy's, and its clock is the proxy's."""
    company.clock.at = rig.now()
    company.purser = replace(company.purser, gateways={rig.gateway.name: rig.gateway})
    return company
