//! Units that ovens report in, and their conversion to the stored unit of each dimension.

use super::wire_enum;

/// A physical dimension; the stored unit is in the comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// °C
    Temperature,
    /// %
    Percentage,
    /// kWh
    Energy,
    /// kW
    Power,
    /// min
    Minutes,
    /// 1/min
    Speed,
    /// kg
    Mass,
    /// Kept as it comes.
    None,
}

wire_enum! {
    Unit {
        Celsius = "°C",
        Fahrenheit = "°F",
        Kelvin = "K",
        Percent = "%",
        /// 0 to 1.
        Fraction = "fraction",
        WattHour = "Wh",
        KilowattHour = "kWh",
        Joule = "J",
        Watt = "W",
        Kilowatt = "kW",
        Second = "s",
        Minute = "min",
        Hour = "h",
        RevolutionsPerMinute = "rpm",
        Gram = "g",
        Kilogram = "kg",
        Pound = "lb",
    }
}

impl Unit {
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::Celsius | Self::Fahrenheit | Self::Kelvin => Dimension::Temperature,
            Self::Percent | Self::Fraction => Dimension::Percentage,
            Self::WattHour | Self::KilowattHour | Self::Joule => Dimension::Energy,
            Self::Watt | Self::Kilowatt => Dimension::Power,
            Self::Second | Self::Minute | Self::Hour => Dimension::Minutes,
            Self::RevolutionsPerMinute => Dimension::Speed,
            Self::Gram | Self::Kilogram | Self::Pound => Dimension::Mass,
        }
    }

    /// The value in the stored unit of this unit's dimension.
    pub fn to_stored(self, value: f64) -> f64 {
        match self {
            Self::Fahrenheit => (value - 32.0) / 1.8,
            Self::Kelvin => value - 273.15,
            Self::Fraction => value * 100.0,
            Self::WattHour | Self::Watt | Self::Gram => value / 1_000.0,
            Self::Joule => value / 3.6e6,
            Self::Second => value / 60.0,
            Self::Hour => value * 60.0,
            // Exact by the international pound of 1959.
            Self::Pound => value * 0.453_592_37,
            Self::Celsius
            | Self::Percent
            | Self::KilowattHour
            | Self::Kilowatt
            | Self::Minute
            | Self::RevolutionsPerMinute
            | Self::Kilogram => value,
        }
    }
}

/// A temperature in °F, for users who chose it.
pub fn celsius_to_fahrenheit(celsius: f64) -> f64 {
    celsius * 1.8 + 32.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_to_stored_units() {
        for (unit, value, stored) in [
            (Unit::Fahrenheit, 482.0, 250.0),
            (Unit::Kelvin, 523.15, 250.0),
            (Unit::WattHour, 12_500.0, 12.5),
            (Unit::Joule, 3.6e6, 1.0),
            (Unit::Second, 90.0, 1.5),
            (Unit::Fraction, 0.65, 65.0),
            (Unit::Celsius, -40.0, -40.0),
        ] {
            assert!((unit.to_stored(value) - stored).abs() < 1e-9, "{value} {unit}");
        }
        assert!((celsius_to_fahrenheit(250.0) - 482.0).abs() < 1e-9);
    }
}
