//! Exception codes in words (Modbus Application Protocol V1.1b3, 7).

use app::model::failure::FailureKind;
use tokio_modbus::ExceptionCode;

use crate::connectors::ConnectorError;

/// Whether the device has not all of what was asked for, and may well have the rest: registers that are missing, too many
/// at once, or a table that it does not know.
pub const fn is_about_the_block(code: ExceptionCode) -> bool {
    use ExceptionCode::{IllegalDataAddress, IllegalDataValue, IllegalFunction};
    matches!(code, IllegalFunction | IllegalDataAddress | IllegalDataValue)
}

pub fn error(code: ExceptionCode, unit: u8) -> ConnectorError {
    let (kind, words) = match code {
        ExceptionCode::IllegalFunction => (FailureKind::Mapping, "does not know this kind of register"),
        ExceptionCode::IllegalDataAddress => (FailureKind::Mapping, "does not have these registers"),
        ExceptionCode::IllegalDataValue => (FailureKind::Mapping, "does not give so many registers at once"),
        ExceptionCode::ServerDeviceFailure => (FailureKind::Protocol, "reports a failure of its own"),
        ExceptionCode::Acknowledge => (FailureKind::Protocol, "needs more time to answer"),
        ExceptionCode::ServerDeviceBusy => (FailureKind::Protocol, "is busy"),
        ExceptionCode::MemoryParityError => (FailureKind::Protocol, "reports an error of its memory"),
        ExceptionCode::GatewayPathUnavailable => (FailureKind::Unreachable, "is on no line of the gateway"),
        ExceptionCode::GatewayTargetDevice => (FailureKind::Unreachable, "does not answer the gateway"),
        ExceptionCode::Custom(_) => (FailureKind::Protocol, "answers with an exception of its own"),
    };
    let number = u8::from(code);
    ConnectorError::new(kind, format!("unit {unit} {words} (exception {number:02})"))
        .with_code(format!("modbus_{number:02}"))
}
