//! Serial RTU lines: an RS-485 adapter on this machine. Behind the feature `serial`.

use std::time::Duration;

use tokio::time::Instant;
use tokio_modbus::client::Context;

use crate::connectors::ConnectorError;

/// How bits go over the wire; there are always eight of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wire {
    /// Bits a second, from 1,200 to 115,200.
    pub baud: u32,
    pub parity: Parity,
    pub stop_bits: StopBits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parity {
    None,
    Even,
    Odd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopBits {
    One,
    Two,
}

impl Wire {
    /// The silence between two frames: 3.5 characters of 11 bits, and 1.75 ms above 19,200 bits a second
    /// (Modbus over Serial Line V1.02, 2.5.1.1).
    pub fn silence(self) -> Duration {
        if self.baud > 19_200 {
            Duration::from_micros(1_750)
        } else {
            Duration::from_secs_f64(3.5 * 11.0 / f64::from(self.baud))
        }
    }
}

#[cfg(feature = "serial")]
pub async fn open(device: &str, wire: Wire, drain_until: Option<Instant>) -> Result<Context, ConnectorError> {
    use app::model::failure::FailureKind;
    use tokio_serial::{ErrorKind, SerialPortBuilderExt as _};

    let parity = match wire.parity {
        Parity::None => tokio_serial::Parity::None,
        Parity::Even => tokio_serial::Parity::Even,
        Parity::Odd => tokio_serial::Parity::Odd,
    };
    let stop_bits = match wire.stop_bits {
        StopBits::One => tokio_serial::StopBits::One,
        StopBits::Two => tokio_serial::StopBits::Two,
    };
    let port = tokio_serial::new(device, wire.baud).parity(parity).stop_bits(stop_bits);
    let mut stream = port.open_native_async().map_err(|error| {
        let (kind, code) = match error.kind() {
            // An adapter that another program holds is reported as one that is not there.
            ErrorKind::NoDevice if std::path::Path::new(device).exists() => (FailureKind::Refused, "device_busy"),
            ErrorKind::NoDevice | ErrorKind::Io(std::io::ErrorKind::NotFound) => {
                (FailureKind::Unreachable, "no_device")
            }
            ErrorKind::Io(std::io::ErrorKind::PermissionDenied) => (FailureKind::Refused, "no_permission"),
            _ => (FailureKind::Refused, "device"),
        };
        ConnectorError::new(kind, format!("{device} cannot be opened: {error}")).with_code(code)
    })?;
    if let Some(until) = drain_until {
        super::line::drain(&mut stream, until).await;
    }
    Ok(tokio_modbus::client::rtu::attach(stream))
}

#[cfg(not(feature = "serial"))]
#[expect(clippy::unused_async, reason = "with serial lines it waits")]
pub async fn open(device: &str, _: Wire, _: Option<Instant>) -> Result<Context, ConnectorError> {
    use app::model::failure::FailureKind;

    let detail = format!("{device} cannot be opened: this build of Hornero is without serial lines");
    Err(ConnectorError::new(FailureKind::Config, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_apart_as_the_standard_says() {
        let wire = |baud| Wire { baud, parity: Parity::None, stop_bits: StopBits::One };
        assert_eq!(wire(9_600).silence().as_micros(), 4_010);
        assert_eq!(wire(115_200).silence().as_micros(), 1_750);
    }
}
