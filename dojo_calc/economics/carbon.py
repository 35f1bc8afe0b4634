"""Water, and greenhouse gas from running a machine and from making its dies, as mass of CO2 equivalent.

References
----------
.. [1] Gupta, Elgamal, Hills, Wei, Lee, Brooks, Wu, "ACT: Designing Sustainable Computer Systems with an
       Architectural Carbon Modeling Tool", ISCA 2022: energy, gas and material a wafer area, over the yield.
.. [2] The Green Grid, "Water Usage Effectiveness (WUE)", white paper 35, 2011: water over energy of the
       computers, the hall's not counted.
"""

from __future__ import annotations

from dojo_calc.quantities import (
    Area,
    Duration,
    Energy,
    EnergyPerArea,
    Mass,
    MassPerArea,
    MassPerEnergy,
    PositiveDuration,
    PositiveFraction,
    Volume,
    VolumePerEnergy,
)

__all__ = ["carbon_share", "die_carbon", "operational_carbon", "wafer_carbon", "water_used"]


def operational_carbon(energy: Energy, intensity: MassPerEnergy) -> Mass:
    """Greenhouse gas from the electricity of a machine.

    Parameters
    ----------
    energy : Energy
        At the meter of the site [J].
    intensity : MassPerEnergy
        Of its grid [kg/J].

    Returns
    -------
    Mass
        [kg]; broadcast shape.
    """
    return energy * intensity


def water_used(it_energy: Energy, effectiveness: VolumePerEnergy) -> Volume:
    """Water that a hall evaporates for its computers [2]_.

    Parameters
    ----------
    it_energy : Energy
        Of the computers [J].
    effectiveness : VolumePerEnergy
        Water usage effectiveness [m^3/J].

    Returns
    -------
    Volume
        [m^3]; broadcast shape.
    """
    return it_energy * effectiveness


def wafer_carbon(
    energy: EnergyPerArea, intensity: MassPerEnergy, gas: MassPerArea, material: MassPerArea
) -> MassPerArea:
    """Greenhouse gas from making an area of wafer [1]_.

    Parameters
    ----------
    energy : EnergyPerArea
        Electricity of the fab [J/m^2].
    intensity : MassPerEnergy
        Of the fab's grid [kg/J].
    gas : MassPerArea
        Process gases that escape, after abatement [kg/m^2].
    material : MassPerArea
        Of raw materials [kg/m^2].

    Returns
    -------
    MassPerArea
        [kg/m^2]; broadcast shape.
    """
    return energy * intensity + gas + material


def die_carbon(area: Area, wafer: MassPerArea, die_yield: PositiveFraction, packaging: Mass) -> Mass:
    """Greenhouse gas from making one good packaged die [1]_.

    Parameters
    ----------
    area : Area
        Of the die [m^2].
    wafer : MassPerArea
        See `wafer_carbon` [kg/m^2].
    die_yield : PositiveFraction
        Above zero [1].
    packaging : Mass
        Of one package [kg].

    Returns
    -------
    Mass
        ``area * wafer / die_yield + packaging`` [kg]; broadcast shape.
    """
    return area * wafer / die_yield + packaging


def carbon_share(made: Mass, used: Duration, life: PositiveDuration) -> Mass:
    """Part of the making that a use of limited time carries.

    Parameters
    ----------
    made : Mass
        From making the machine [kg].
    used : Duration
        At most the life [s].
    life : PositiveDuration
        Above zero [s].

    Returns
    -------
    Mass
        ``made * used / life`` [kg]; broadcast shape.
    """
    return made * used / life
