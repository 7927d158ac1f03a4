//! A scan of registers for an admin: it only reads, gives the line back after each request, and stops in time.

use std::{sync::Arc, time::Duration};

use app::model::{
    discovery::{Discovery, FoundMachine, FoundValue, Search},
    failure::FailureKind,
    wire::Table,
};
use tokio::time::{Instant, timeout_at};
use tokio_modbus::ExceptionCode;

use super::{
    ask,
    decodings::{self, Words},
    exception,
    line::Line,
    options::Options,
    plan::Plan,
    presets,
    reference::Reference,
};
use crate::connectors::{ConnectorError, within};

/// Registers of one scan.
const MOST: u32 = 1_000;

/// A device that answers slowly, or refuses a lot, is left after this with what was found.
const LONGEST: Duration = Duration::from_secs(45);

/// Where an admin says nothing.
const DEFAULT_RANGE: (&str, &str) = ("holding 0", "holding 99");

pub async fn run(options: &Options, line: &Arc<Line>, search: &Search) -> Result<Discovery, ConnectorError> {
    let (table, first, last) = range(options, search)?;
    let mut scan = Scan { options, line, until: Instant::now() + LONGEST };
    let mut found = Discovery::default();
    let words = scan.words(table, first, last, &mut found.truncated).await?;
    found.values = values(table, &words, options);
    found.machines = scan.machines().await;
    Ok(found)
}

fn range(options: &Options, search: &Search) -> Result<(Table, u16, u16), ConnectorError> {
    let wrong = |detail: String| ConnectorError::new(FailureKind::Config, detail);
    let end = |text: Option<&str>, default| {
        let text = text.map(str::trim).filter(|text| !text.is_empty()).unwrap_or(default);
        Reference::parse(text, options.order).map_err(|detail| wrong(format!("`{text}`: {detail}")))
    };
    let from = end(search.from.as_deref(), DEFAULT_RANGE.0)?;
    let to = end(search.to.as_deref(), DEFAULT_RANGE.1)?;
    if from.table != to.table || from.address > to.address {
        return Err(wrong(format!("`{}` to `{}` is no range of one table", from.text, to.text)));
    }
    if u32::from(to.address - from.address) >= MOST {
        return Err(wrong(format!("a search covers at most {MOST} registers")));
    }
    Ok((from.table, from.address, to.address))
}

struct Scan<'a> {
    options: &'a Options,
    line: &'a Arc<Line>,
    until: Instant,
}

impl Scan<'_> {
    /// The registers that the device has. A block that it refuses is halved until the missing ones are found.
    async fn words(
        &mut self,
        table: Table,
        first: u16,
        last: u16,
        truncated: &mut bool,
    ) -> Result<Words, ConnectorError> {
        let mut words = Words::new();
        let mut refusal = None;
        let mut open: Vec<(u16, u16)> = blocks(first, last, self.options.max_registers).into_iter().rev().collect();
        while let Some((start, length)) = open.pop() {
            if Instant::now() >= self.until {
                *truncated = true;
                break;
            }
            match self.read(table, start, length).await {
                Ok(Ok(held)) => words.extend((start..=u16::MAX).zip(held)),
                Ok(Err(code)) if exception::is_about_the_block(code) => {
                    refusal = Some(code);
                    if length > 1 && code != ExceptionCode::IllegalFunction {
                        let half = length / 2;
                        open.extend([(start + half, length - half), (start, half)]);
                    }
                }
                // What was read is worth showing, whatever comes now.
                Ok(Err(_)) | Err(_) if !words.is_empty() => {
                    *truncated = true;
                    break;
                }
                Ok(Err(code)) => return Err(exception::error(code, self.options.line.unit)),
                Err(error) => return Err(error),
            }
        }
        match refusal {
            Some(code) if words.is_empty() => Err(exception::error(code, self.options.line.unit)),
            _ => Ok(words),
        }
    }

    async fn read(
        &self,
        table: Table,
        start: u16,
        length: u16,
    ) -> Result<Result<Vec<u16>, ExceptionCode>, ConnectorError> {
        let mine = &self.options.line;
        let asking = async {
            let turn = self.line.turn(mine).await;
            within(mine.timeout, async { turn.open().await?.read(table, start, length).await }).await
        };
        timeout_at(self.until, asking).await.unwrap_or_else(|_| Err(ConnectorError::late(LONGEST)))
    }

    /// The known controllers whose registers this device has.
    async fn machines(&self) -> Vec<FoundMachine> {
        let (mut machines, mine) = (Vec::new(), &self.options.line);
        for preset in &*presets::ALL {
            if Instant::now() >= self.until {
                break;
            }
            let mut plan = Plan::of(preset.references(self.options.order), 0, self.options.max_registers);
            let asking = async {
                let turn = self.line.turn(mine).await;
                within(mine.timeout, async { ask(&mut plan, mine.unit, &mut turn.open().await?).await }).await
            };
            if let Ok(Ok(found)) = timeout_at(self.until, asking).await {
                machines.extend(preset.offer(&found));
            }
        }
        machines
    }
}

fn blocks(first: u16, last: u16, most: u16) -> Vec<(u16, u16)> {
    let most = u32::from(most.max(1));
    let end = u32::from(last) + 1;
    let starts = (u32::from(first)..end).step_by(most as usize);
    starts.map(|start| (start as u16, most.min(end - start) as u16)).collect()
}

fn values(table: Table, words: &Words, options: &Options) -> Vec<FoundValue> {
    let mut taken_until = 0_u32;
    let each = words.iter().map(|(address, word)| {
        let path = format!("{table} {address}");
        if table.is_bits() {
            let sample = Some((*word != 0).to_string());
            return FoundValue { name: path.clone(), path, sample, ..FoundValue::default() };
        }
        let is_taken = u32::from(*address) < taken_until;
        let decodings = decodings::of(table, words, *address, options.order, is_taken);
        if !is_taken {
            taken_until = u32::from(*address) + u32::from(decodings::taken(&decodings, options.order));
        }
        let first = decodings.first().filter(|decoding| decoding.plausible);
        let sample = first.map_or_else(|| word.to_string(), |decoding| decoding.sample.clone());
        FoundValue { name: path.clone(), path, sample: Some(sample), decodings, ..FoundValue::default() }
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::connectors::Settings;

    fn options() -> Options {
        let settings = Settings { discovering: true, ..Settings::for_tests("plc.lan", json!({})) };
        Options::parse(&settings).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    #[test]
    fn a_range_is_within_one_table() {
        let of = |from: Option<&str>, to: Option<&str>| {
            let search = Search { from: from.map(str::to_owned), to: to.map(str::to_owned), ..Search::default() };
            range(&options(), &search).map_err(|error| error.detail)
        };
        assert_eq!(of(None, None), Ok((Table::Holding, 0, 99)));
        assert_eq!(of(Some("input 0x10"), Some("input 0x1F")), Ok((Table::Input, 16, 31)));
        assert!(of(Some("input 0"), Some("holding 9")).unwrap_err().contains("one table"));
        assert!(of(Some("holding 9"), Some("holding 0")).unwrap_err().contains("one table"));
        assert!(of(Some("holding 0"), Some("holding 1000")).unwrap_err().contains("1000 registers"));
        assert!(of(Some("register 0"), None).unwrap_err().contains("begins with holding"));
    }

    #[test]
    fn blocks_cover_a_range_to_the_last_register() {
        assert_eq!(blocks(0, 299, 125), [(0, 125), (125, 125), (250, 50)]);
        assert_eq!(blocks(65_530, 65_535, 125), [(65_530, 6)]);
    }

    #[test]
    fn the_second_half_of_a_float_is_not_proposed() {
        let words = Words::from([(20, 0x4367), (21, 0x8000), (22, 2_315)]);
        let values = values(Table::Holding, &words, &options());
        let proposed: Vec<_> = values.iter().map(FoundValue::proposed_path).collect();
        assert_eq!(proposed, ["holding 20 f32", "holding 21", "holding 22 i16"]);
        assert_eq!(values[0].sample.as_deref(), Some("231.5"));
    }
}
