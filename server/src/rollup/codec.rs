//! Rollups as bytes: most sensors send tenths, many values do not move, and a year has half a million minutes.
//!
//! A number is a whole number of hundredths as a varint where that is exact, eight bytes otherwise. A field that did not
//! move is one number. Counts that are alike are written once.

use prost::encoding::{decode_varint, encode_varint};

use super::{Cell, ENERGY, METRICS, Named, Rollup, Wanted};

const VERSION: u8 = 1;

/// Flags of a cell.
const CONSTANT: u8 = 1;
const ALL_USABLE: u8 = 2;
const ALL_GOOD: u8 = 4;
/// Which of min, max, sum and last, in this order, are hundredths.
const HUNDREDTHS: u8 = 8;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no rollup")]
pub struct Unreadable;

impl Rollup {
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        bytes.push(VERSION);
        encode_varint(u64::from(self.readings), &mut bytes);
        encode_varint(self.statuses.len() as u64, &mut bytes);
        for (status, count) in &self.statuses {
            bytes.push(*status);
            encode_varint(u64::from(*count), &mut bytes);
        }
        let present = self.metrics.iter().enumerate().filter(|(_, cell)| cell.is_some());
        encode_varint(present.fold(0, |bits, (index, _)| bits | 1 << index), &mut bytes);
        for (index, cell) in self.metrics.iter().enumerate() {
            if let Some(cell) = cell {
                write_cell(&mut bytes, cell, index == ENERGY);
            }
        }
        for cells in [&self.zones, &self.extras] {
            encode_varint(cells.len() as u64, &mut bytes);
            for (name, cell) in cells {
                encode_varint(name.len() as u64, &mut bytes);
                bytes.extend_from_slice(name.as_bytes());
                write_cell(&mut bytes, cell, false);
            }
        }
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut rollup = Self::default();
        rollup.read(bytes, &Wanted::default())?;
        Ok(rollup)
    }

    /// Becomes what the bytes say of the fields that are wanted. Whoever reads many of them one after the other saves
    /// making the names each time. After an error it may be anything.
    pub fn read(&mut self, mut bytes: &[u8], wanted: &Wanted) -> Result<(), Unreadable> {
        let bytes = &mut bytes;
        if byte(bytes)? != VERSION {
            return Err(Unreadable);
        }
        self.readings = count(bytes)?;
        self.statuses.clear();
        for _ in 0..count(bytes)? {
            let status = byte(bytes)?;
            self.statuses.push((status, count(bytes)?));
        }
        let present = count(bytes)?;
        if present >> METRICS.len() != 0 {
            return Err(Unreadable);
        }
        for (index, cell) in self.metrics.iter_mut().enumerate() {
            *cell = match (present & 1 << index != 0, wanted.metric(index)) {
                (true, true) => Some(read_cell(bytes, index == ENERGY)?),
                (true, false) => skip_cell(bytes, index == ENERGY).map(|()| None)?,
                (false, _) => None,
            };
        }
        read_named(bytes, &mut self.zones, |name| wanted.zone(name))?;
        read_named(bytes, &mut self.extras, |name| wanted.additional(name))?;
        if bytes.is_empty() { Ok(()) } else { Err(Unreadable) }
    }
}

fn write_cell(bytes: &mut Vec<u8>, cell: &Cell, is_counter: bool) {
    let start = bytes.len();
    bytes.push(0);
    let mut flags = 0;
    encode_varint(u64::from(cell.count), bytes);
    if cell.total == cell.count {
        flags |= ALL_USABLE;
    } else {
        encode_varint(u64::from(cell.total), bytes);
    }
    if cell.good == cell.count {
        flags |= ALL_GOOD;
    } else {
        encode_varint(u64::from(cell.good), bytes);
    }
    if cell.count > 0 {
        let numbers = if cell.min.to_bits() == cell.max.to_bits() {
            flags |= CONSTANT;
            &[cell.min][..]
        } else {
            &[cell.min, cell.max, cell.sum, cell.last]
        };
        for (index, number) in numbers.iter().enumerate() {
            if write_number(bytes, *number) {
                flags |= HUNDREDTHS << index;
            }
        }
        if is_counter && flags & CONSTANT == 0 {
            bytes.extend_from_slice(&cell.first.to_le_bytes());
            bytes.extend_from_slice(&cell.rise.to_le_bytes());
        }
    }
    bytes[start] = flags;
}

fn read_cell(bytes: &mut &[u8], is_counter: bool) -> Result<Cell, Unreadable> {
    let flags = byte(bytes)?;
    let mut cell = Cell { count: count(bytes)?, ..Cell::default() };
    cell.total = if flags & ALL_USABLE == 0 { count(bytes)? } else { cell.count };
    cell.good = if flags & ALL_GOOD == 0 { count(bytes)? } else { cell.count };
    if cell.count == 0 {
        return Ok(cell);
    }
    let mut number = |index: u8| read_number(bytes, flags & HUNDREDTHS << index != 0);
    cell.min = number(0)?;
    if flags & CONSTANT != 0 {
        (cell.max, cell.first, cell.last) = (cell.min, cell.min, cell.min);
        cell.sum = cell.min * f64::from(cell.count);
        return Ok(cell);
    }
    (cell.max, cell.sum, cell.last) = (number(1)?, number(2)?, number(3)?);
    if is_counter {
        cell.first = read_number(bytes, false)?;
        cell.rise = read_number(bytes, false)?;
    }
    Ok(cell)
}

/// Goes past a cell.
fn skip_cell(bytes: &mut &[u8], is_counter: bool) -> Result<(), Unreadable> {
    let flags = byte(bytes)?;
    let values = count(bytes)?;
    for flag in [ALL_USABLE, ALL_GOOD] {
        if flags & flag == 0 {
            count(bytes)?;
        }
    }
    if values == 0 {
        return Ok(());
    }
    let numbers = if flags & CONSTANT == 0 { 4 } else { 1 };
    for index in 0..numbers {
        if flags & HUNDREDTHS << index == 0 {
            skip(bytes, 8)?;
        } else {
            decode_varint(bytes).map_err(|_| Unreadable)?;
        }
    }
    if is_counter && flags & CONSTANT == 0 { skip(bytes, 16) } else { Ok(()) }
}

fn skip(bytes: &mut &[u8], length: usize) -> Result<(), Unreadable> {
    *bytes = bytes.get(length..).ok_or(Unreadable)?;
    Ok(())
}

fn read_named(bytes: &mut &[u8], cells: &mut Named, wanted: impl Fn(&str) -> bool) -> Result<(), Unreadable> {
    let mut index = 0;
    for _ in 0..count(bytes)? {
        let length = count(bytes)? as usize;
        let (name, rest) = bytes.split_at_checked(length).ok_or(Unreadable)?;
        *bytes = rest;
        let name = std::str::from_utf8(name).map_err(|_| Unreadable)?;
        if !wanted(name) {
            skip_cell(bytes, false)?;
            continue;
        }
        let cell = read_cell(bytes, false)?;
        match cells.get_mut(index) {
            Some((known, _)) if **known != *name => cells[index] = (name.into(), cell),
            Some((_, known)) => *known = cell,
            None => cells.push((name.into(), cell)),
        }
        index += 1;
    }
    cells.truncate(index);
    Ok(())
}

/// Says whether it was written as hundredths.
fn write_number(bytes: &mut Vec<u8>, value: f64) -> bool {
    let hundredths = (value * 100.0).round();
    if hundredths.abs() < 1e12 && (hundredths / 100.0).to_bits() == value.to_bits() {
        let whole = hundredths as i64;
        encode_varint(((whole << 1) ^ (whole >> 63)) as u64, bytes);
        return true;
    }
    bytes.extend_from_slice(&value.to_le_bytes());
    false
}

fn read_number(bytes: &mut &[u8], is_hundredths: bool) -> Result<f64, Unreadable> {
    if is_hundredths {
        let whole = decode_varint(bytes).map_err(|_| Unreadable)?;
        let whole = (whole >> 1) as i64 ^ -((whole & 1) as i64);
        return Ok(whole as f64 / 100.0);
    }
    let (number, rest) = bytes.split_first_chunk().ok_or(Unreadable)?;
    *bytes = rest;
    Ok(f64::from_le_bytes(*number))
}

fn byte(bytes: &mut &[u8]) -> Result<u8, Unreadable> {
    let (first, rest) = bytes.split_first().ok_or(Unreadable)?;
    *bytes = rest;
    Ok(*first)
}

fn count(bytes: &mut &[u8]) -> Result<u32, Unreadable> {
    let value = decode_varint(bytes).map_err(|_| Unreadable)?;
    u32::try_from(value).map_err(|_| Unreadable)
}
