//! An oven whose controller speaks Modbus TCP instead of HTTP.
//!
//! Holding registers, decimal: 1 chamber and 5 setpoint (1/10 °C, signed, as an Eurotherm 3200 has them), 10 and 11 top
//! and bottom of deck 1, 12 and 13 of deck 2 (1/10 °C, −32768 without a sensor), 20 core, 30 humidity (%), 31 steam (%),
//! 40 mode (0 idle, 1 preheating, 2 loading, 3 steaming, 4 baking, 5 cooling), 41 progress (%), 42 seconds left (65535
//! without a bake), 50 energy (Wh, 32 bits, least significant register first), 52 power (W). Coil 0 is the open door.

use std::{future::Future, io, pin::Pin, sync::Arc};

use super::{
    fault::Fault,
    line::{Line, Lines},
    oven::Snapshot,
    program::Stage,
    station::{Station, when_due},
};
use tokio::net::TcpStream;
use tokio_modbus::{
    ExceptionCode, Request, Response,
    server::{Service, tcp::Server},
};

/// What a 16-bit controller writes where no sensor is.
const NO_VALUE: u16 = 0x8000;
const NO_TIME: u16 = 0xFFFF;
const REGISTERS: u16 = 60;

/// Serves one oven until it is dropped.
pub async fn serve(station: Arc<Station>, lines: Lines) {
    let Lines { listener, cut, open } = lines;
    let server = Server::new(listener);
    let connected = |stream: TcpStream, _| {
        let service = Controller { station: Arc::clone(&station) };
        let line = Line::new(stream, &cut, &open);
        async move { Ok::<_, io::Error>(Some((service, line))) }
    };
    // A connection that is cut ends with an error, which is what cutting means.
    let _ = server.serve(&connected, |_| {}).await;
}

struct Controller {
    station: Arc<Station>,
}

impl Service for Controller {
    type Request = Request<'static>;
    type Response = Response;
    type Exception = ExceptionCode;
    type Future = Pin<Box<dyn Future<Output = Result<Response, ExceptionCode>> + Send>>;

    fn call(&self, request: Self::Request) -> Self::Future {
        let station = Arc::clone(&self.station);
        Box::pin(async move { answer(&station, request).await })
    }
}

async fn answer(station: &Station, request: Request<'static>) -> Result<Response, ExceptionCode> {
    let in_force = when_due(station).await;
    match in_force.fault {
        Fault::ServerError | Fault::Garbage => return Err(ExceptionCode::ServerDeviceFailure),
        Fault::WrongShape => return Err(ExceptionCode::IllegalDataAddress),
        _ => {}
    }
    let snapshot = station.shown(&in_force);
    match request {
        Request::ReadHoldingRegisters(first, count) if first.saturating_add(count) <= REGISTERS => {
            let registers = registers(&snapshot);
            Ok(Response::ReadHoldingRegisters(registers[usize::from(first)..usize::from(first + count)].to_vec()))
        }
        Request::ReadCoils(0, 1) => Ok(Response::ReadCoils(vec![snapshot.door_open])),
        Request::ReadHoldingRegisters(..) | Request::ReadCoils(..) => Err(ExceptionCode::IllegalDataAddress),
        _ => Err(ExceptionCode::IllegalFunction),
    }
}

fn registers(now: &Snapshot) -> Vec<u16> {
    let mut registers = vec![0; usize::from(REGISTERS)];
    let tenths = |celsius: Option<f64>| celsius.map_or(NO_VALUE, |celsius| (celsius * 10.0).round() as i16 as u16);
    let zone = |name: &str| tenths(now.zones_celsius.get(name).copied());
    let energy_wh = now.energy_wh.round() as u32;
    for (register, value) in [
        (1, tenths(Some(now.temperature_celsius))),
        (5, tenths(Some(now.setpoint_celsius))),
        (10, zone("deck_1_top")),
        (11, zone("deck_1_bottom")),
        (12, zone("deck_2_top")),
        (13, zone("deck_2_bottom")),
        (20, tenths(now.core_celsius)),
        (30, now.humidity_percent.round() as u16),
        (31, now.steam_percent.round() as u16),
        (40, mode(now.stage)),
        (41, now.progress_percent.map_or(0, |percent| percent.round() as u16)),
        (42, now.remaining_s.map_or(NO_TIME, |seconds| seconds.ceil() as u16)),
        (50, energy_wh as u16),
        (51, (energy_wh >> 16) as u16),
        (52, (now.power_kw * 1_000.0).round() as u16),
    ] {
        registers[register] = value;
    }
    registers
}

const fn mode(stage: Stage) -> u16 {
    match stage {
        Stage::Idle => 0,
        Stage::Preheating => 1,
        Stage::Loading => 2,
        Stage::Steaming => 3,
        Stage::Baking | Stage::Proofing => 4,
        Stage::Cooling => 5,
    }
}
