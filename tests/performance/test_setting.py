"""What surrounds a chip: links of each kind by their facts, the network of a run's server, and captured launches."""

from __future__ import annotations

import pytest

from dojo_calc.errors import DojoCalcError, UnknownNameError
from dojo_calc.hardware.catalog import machine
from dojo_calc.hardware.machine import Link
from dojo_calc.performance.efficiency import Parameter, changes, chip_values, efficiency, kin, parameters
from dojo_calc.performance.setting import (
    NO_NETWORK,
    Setting,
    _is_network,
    as_launched,
    domain_quantity,
    fast_links,
    network_link,
    network_share,
)
from dojo_calc.performance.stacks import software, stacks


@pytest.mark.parametrize(
    ("chip", "direct", "side"),
    [
        ("h100-sxm", 0.0, 1.0),  # a switch
        ("mi300x", 1.0, 1.0),  # a link to each of the other seven
        ("tpu-v5e", 0.0, 16.0),  # 256 chips as 16 x 16
        ("tpu-v5p", 0.0, 8960 ** (1 / 3)),  # six links are three axes
    ],
)
def test_fast_links_by_how_they_are_wired(chip: str, direct: float, side: float) -> None:
    found = fast_links(machine(chip))
    assert found.direct == direct
    assert found.side == pytest.approx(side, rel=1e-12)
    own = next(one for one in machine(chip).links() if one.name == found.name)
    assert (found.count, found.bandwidth) == (own.count, own.bandwidth)
    assert found.quantity == f"{found.name.replace('-', '_')}_bandwidth"


@pytest.mark.parametrize(
    ("name", "wired", "joins"),
    [
        ("nic", "network", True),
        ("ethernet", "network", True),
        ("nic", "", True),  # a network card of which nobody says how it is wired
        ("nvlink", "", False),
        ("nic", "switched", False),
        ("nvlink", "switched", False),
    ],
)
def test_a_link_joins_servers_if_it_is_wired_so(name: str, wired: str, joins: bool) -> None:
    assert _is_network(Link(name, "a chip", 1.0, 1e9, 1e9, None, wired)) == joins


def test_a_machine_without_links_to_its_neighbours_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"a training plan needs links of .* to its neighbours"):
        fast_links(machine("dojo-host"))


def test_the_network_of_a_run_is_shared_by_its_server() -> None:
    h100 = machine("h100-sxm")
    port = network_link(h100)
    assert port is not None
    assert network_share(h100, Setting()) == port.total_bandwidth == 50e9  # 400 Gb/s
    assert network_share(h100, Setting(network="1600 Gb/s")) == 200e9 / 8  # eight of them in a server
    assert network_share(h100, Setting(network="1600 Gb/s", per_server=4)) == 50e9
    assert network_link(machine("d1")) is None
    assert network_share(machine("d1"), Setting()) == NO_NETWORK
    assert domain_quantity(machine("gb200")) == "scale_up_block"  # a job finds 64 of a rack's 72
    assert domain_quantity(h100) == "scale_up_domain"


def test_values_of_a_chip_follow_from_its_facts_and_efficiencies() -> None:
    unit = machine("h100-sxm")
    own = {name: one.value for name, one in efficiency("h100-sxm", "fp8", "tuned").items()}
    found = chip_values("h100-sxm", "fp8", "tuned")
    assert found["matrix_peak"] == unit.peak("fp8")
    assert found["peak"] == unit.peak("bf16")
    for name, rate, share in (
        ("matrix_rate", unit.peak("fp8"), "matrix_efficiency"),
        ("head_rate", unit.peak("bf16"), "matrix_efficiency"),
        ("attention_rate", unit.peak("bf16"), "attention_efficiency"),
        ("score_rate", unit.peak("bf16"), "score_efficiency"),
        ("memory_rate", unit.total("hbm_bandwidth"), "memory_efficiency"),
        ("memory_capacity", unit.total("hbm_capacity"), "memory_usable"),
        ("network", 50e9, "network_efficiency"),
    ):
        assert found[name] == pytest.approx(rate * own[share], rel=1e-12), name
    capped = chip_values("h100-sxm", "fp8", "tuned", setting=Setting(power="350 W"))  # half of its 700 W
    for name in ("matrix_rate", "head_rate", "attention_rate", "score_rate"):
        assert capped[name] == pytest.approx(found[name] * 0.5 ** own["power_exponent"], rel=1e-12)
    assert chip_values("h100-sxm", setting=Setting(per_server=4))["domain"] == 4
    assert chip_values("h100-sxm", setting=Setting(per_server=16))["domain"] == found["domain"] == 8
    assert chip_values("gb200")["domain"] == 64
    assert chip_values(unit) == chip_values("h100-sxm", "bf16", "")
    smaller = chip_values(
        "h100-sxm", "fp8", "tuned", setting=Setting(memory="40 GB", memory_bandwidth="2 TB/s")
    )
    assert smaller["memory_capacity"] == pytest.approx(40e9 * own["memory_usable"], rel=1e-12)
    assert smaller["memory_rate"] == pytest.approx(2e12 * own["memory_efficiency"], rel=1e-12)


def test_captured_launches_take_the_place_of_the_others() -> None:
    own = {
        "launch": 5, "expert_launch": 7, "captured_launch": 1, "captured_expert_launch": 2,
        "partly_captured_expert_launch": 3, "element": 9,
    }  # fmt: skip
    assert as_launched(own, "none") == {"launch": 5, "expert_launch": 7, "element": 9}
    assert as_launched(own, "parts") == {"launch": 5, "expert_launch": 3, "element": 9}
    assert as_launched(own, "whole") == {"launch": 1, "expert_launch": 2, "element": 9}


def test_a_run_says_how_its_experts_ran() -> None:
    own = {
        "launch": 2.0, "expert_launch": 5.0, "expert_load": 1.1, "exposed_expert": 0.5, "fused_experts": 0.0,
    }  # fmt: skip
    assert Setting().habits(own, 0.25) == own
    drops = Setting(dispatch="drop").habits(own, 0.25)
    assert drops == own | {"expert_launch": 2.0}
    assert Setting(dispatch="drop").habits(own | {"launch": 9.0}, 0.25)["expert_launch"] == 5.0
    assert Setting(dispatch="drop", capacity=1.5).habits(own, 0.25)["expert_load"] == 1.5
    assert Setting(expert_overlap=True).habits(own, 0.25) == own | {"exposed_expert": 0.25}
    assert Setting(expert_overlap=False).habits(own, 0.25) == own | {"exposed_expert": 1.0}
    assert Setting(fused_experts=True).habits(own, 0.25) == own | {"fused_experts": 1.0}
    assert Setting().of_experts() == ()
    assert Setting(fused_experts=False, dispatch="drop").of_experts() == ("dispatch", "fused_experts")


# --- Which row counts ------------------------------------------------------------------------------------


def row(chips: str = "", precision: str = "", stacks: str = "") -> Parameter:
    any_row = parameters()[0]
    names = {"chips": tuple(chips.split()), "precision": precision, "stacks": tuple(stacks.split())}
    return Parameter(**(vars(any_row) | names))


CASE = (("own", "kin"), "16", ("mine", "kind"))


def test_of_rows_that_hold_the_one_that_says_most_counts() -> None:
    """The order that the module's text gives, from the row that counts least to the one that counts before all."""
    order = [
        row(),
        row(chips="kin"),
        row(chips="own"),
        row(precision="16"),
        row(chips="kin", stacks="kind"),
        row(chips="kin", stacks="mine"),
        row(chips="own", stacks="kind"),
        row(chips="own", stacks="mine"),
        row(chips="kin", precision="16"),
        row(chips="own", precision="16"),
        row(chips="own kin", precision="16", stacks="kind"),
        row(chips="own", precision="16", stacks="kind mine"),
    ]
    ranks = [one.rank(*CASE) for one in order]
    assert None not in ranks
    assert ranks == sorted(set(ranks), key=lambda one: one or ())
    for other in (
        row(chips="another"),
        row(precision="fp8"),
        row(stacks="another"),
        row("own", "16", "another"),
    ):
        assert other.rank(*CASE) is None


def test_a_row_is_named_by_what_it_holds_for() -> None:
    name = row().name
    assert row().key == name
    assert row(chips="a b", precision="fp8", stacks="c").key == f"{name}[a b fp8 c]"
    assert row(stacks="c").key == f"{name}[c]"
    assert (
        row(chips="a", stacks="c").key == f"{name}[a c]"
    )  # as a person types it, with one blank between two


def test_a_chip_without_rows_takes_those_of_its_kin() -> None:
    assert kin()["h800"].chip == "h100-sxm"
    lent, own = (efficiency(one, "bf16", "tuned")["matrix_efficiency"] for one in ("h800", "h100-sxm"))
    assert lent is own
    assert "h100-sxm" in own.chips
    assert efficiency("nobody's", "bf16", "tuned")["matrix_efficiency"].chips == ()


def test_what_is_changed_is_held_to_its_row() -> None:
    key = efficiency("h100-sxm", "bf16")["matrix_efficiency"].key
    assert changes({key: 0.5}) == {key: 0.5}
    assert changes({}) == {}
    with pytest.raises(DojoCalcError, match=r"no parameter .* counts here"):
        changes({key: 0.5}, [])
    new = chip_values("h100-sxm", changed={key: 0.5})
    assert new["matrix_rate"] == pytest.approx(0.5 * machine("h100-sxm").peak("bf16"), rel=1e-12)


def test_a_stack_is_its_row_or_the_typical_one_with_a_word() -> None:
    assert software("") == software("typical") == stacks()["typical"]
    assert software("megatron-2022").kind == "megatron"
    other = software("nothing like it")
    assert (other.kind, other.counted, other.graphs) == ("typical", 1, "none")
    assert "is not listed, so it counts as 'typical'; there are typical, tuned" in other.told
    assert "did you mean megatron-2022" in software("megatron-2o22").told
    assert all(stacks()[one.kind].kind == one.kind for one in stacks().values())
