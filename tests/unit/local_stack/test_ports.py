"""Ports are asked for, remembered or found, and never shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_stack.errors import StackError
from local_stack.ports import choose, free_port, override_name

NAMES = ["kafka", "api-gateway", "risk"]


def test_a_free_remembered_port_stays():
    remembered = {"kafka": 20_001, "api-gateway": 20_002, "risk": 20_003}
    assert choose(NAMES, remembered, {}, lambda port: True) == remembered


def test_a_taken_remembered_port_is_replaced_and_the_others_stay():
    remembered = {"kafka": 20_001, "api-gateway": 20_002, "risk": 20_003}
    chosen = choose(NAMES, remembered, {}, lambda port: port != 20_002)
    assert chosen["kafka"] == 20_001
    assert chosen["risk"] == 20_003
    assert chosen["api-gateway"] not in remembered.values()


def test_the_environment_wins():
    chosen = choose(NAMES, {"api-gateway": 20_002}, {"TAPELINE_PORT_API_GATEWAY": "8080"}, lambda port: True)
    assert chosen["api-gateway"] == 8080


@pytest.mark.parametrize("text", ["", "http", "-1", "0", "65536", "80.5"])
def test_what_is_no_port_is_refused_with_the_variable_named(text: str):
    with pytest.raises(StackError, match="TAPELINE_PORT_RISK"):
        choose(["risk"], {}, {"TAPELINE_PORT_RISK": text}, lambda port: True)


def test_an_asked_for_port_that_is_taken_is_refused():
    with pytest.raises(StackError, match="8080"):
        choose(["risk"], {}, {"TAPELINE_PORT_RISK": "8080"}, lambda port: False)


@given(
    st.dictionaries(st.sampled_from(NAMES), st.integers(20_000, 20_004)), st.sets(st.integers(20_000, 20_004))
)
def test_chosen_ports_are_free_and_differ(remembered: dict[str, int], taken: set[int]):
    chosen = choose(NAMES, remembered, {}, lambda port: port not in taken)
    assert set(chosen) == set(NAMES)
    assert len(set(chosen.values())) == len(NAMES)
    assert not set(chosen.values()) & taken


def test_no_free_port_says_so():
    with pytest.raises(StackError, match="no free port"):
        free_port(probe=lambda port: False)


def test_override_name():
    assert override_name("api-gateway") == "TAPELINE_PORT_API_GATEWAY"
