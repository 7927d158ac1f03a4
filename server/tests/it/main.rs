//! Integration tests: a whole server in this process (or its binary in another), ovens behind real sockets.
//!
//! # Layout
//! - [`harness`] server, client, simulated ovens, waiting for a state with a deadline
//! - [`login`] who gets in; [`tokens`] programs, [`users`] accounts, [`displays`] screens on walls, [`settings`]
//! - [`records`] the logs; [`alerts`] what users do with alerts; [`idempotency`], [`etags`], [`rate`] what all of the API has
//! - [`equipment`] ovens over the API; [`faults`] what can go wrong on the wire
//! - [`modbus`] against pymodbus, [`modbus_wire`] what a device can do wrong; [`opc_ua`] against asyncua
//! - [`mqtt`] against mosquitto ([`broker`]), [`receipt`] what it is told of a message
//! - [`rest_family`] profiles over HTTP, [`custom`] those of an admin; [`peer`] peers that were not written with Hornero
//! - [`discovery`] what there is at an address; [`alarms`] faults that ovens report
//! - [`description`] what the API says of itself and whether it keeps to it, for [`schemathesis`] to try; [`contract`] with the
//!   guide
//! - [`form`] the admin's form; [`live`] the websocket, [`reference`] its description and the page of the API; [`export`] history as a file; [`tls`] certificates
//! - [`process`] the binary: wrong settings, keys, kill -9; [`config_file`] its `config` commands, [`config_api`] the same over HTTP
//! - [`demo`] every simulated oven through its real driver
//! - [`cases`] recorded payloads, replayed without I/O; [`quality`] what every connector is held to

mod alarms;
mod alerts;
mod batches;
mod broker;
mod cases;
mod config_api;
mod config_file;
mod contract;
mod custom;
mod demo;
mod description;
mod discovery;
mod displays;
mod equipment;
mod etags;
mod export;
mod faults;
mod form;
mod harness;
mod history;
mod idempotency;
mod live;
mod login;
mod modbus;
mod modbus_wire;
mod mqtt;
mod opc_ua;
mod peer;
mod plausibility;
mod process;
mod quality;
mod rate;
mod receipt;
mod records;
mod reference;
mod rest_family;
mod schemathesis;
mod settings;
mod tls;
mod tokens;
mod users;
