//! One poll without its I/O: what to ask next, and what the answers come to.

use app::model::{failure::FailureKind, wire::Table};
use serde_json::Value;
use tokio_modbus::ExceptionCode;

use super::{
    decode, exception,
    plan::{Block, Plan},
};
use crate::connectors::ConnectorError;

pub struct Poll<'a> {
    plan: &'a mut Plan,
    unit: u8,
    index: usize,
    found: Vec<Value>,
    refusal: Option<ExceptionCode>,
}

impl<'a> Poll<'a> {
    pub fn of(plan: &'a mut Plan, unit: u8) -> Self {
        let found = vec![Value::Null; plan.values()];
        Self { plan, unit, index: 0, found, refusal: None }
    }

    /// Table, first register and how many; nothing when all was asked.
    pub fn question(&self) -> Option<(Table, u16, u16)> {
        self.plan.blocks().get(self.index).map(|block| (block.table, block.start, block.length))
    }

    /// Takes the answer to the [`question`](Self::question).
    pub fn answer(&mut self, answer: Result<Vec<u16>, ExceptionCode>) -> Result<(), ConnectorError> {
        match answer {
            Ok(words) => {
                if let Some(block) = self.plan.blocks().get(self.index) {
                    take(block, &words, &mut self.found);
                }
                self.index += 1;
            }
            // The plan asks for less at once, or gives a value up; the other values are not affected.
            Err(code) if exception::is_about_the_block(code) => {
                self.refusal = Some(code);
                self.plan.refused(self.index);
            }
            Err(code) => return Err(exception::error(code, self.unit)),
        }
        Ok(())
    }

    /// The values in the order of their references; null where one was refused.
    pub fn found(self) -> Result<Vec<Value>, ConnectorError> {
        if self.found.iter().any(|value| !value.is_null()) {
            return Ok(self.found);
        }
        if let Some(code @ ExceptionCode::IllegalFunction) = self.refusal {
            return Err(exception::error(code, self.unit));
        }
        let detail = format!("unit {} has none of the registers in the mapping", self.unit);
        Err(ConnectorError::new(FailureKind::Mapping, detail))
    }
}

fn take(block: &Block, words: &[u16], found: &mut [Value]) {
    for (place, reference) in &block.references {
        let from = usize::from(reference.address - block.start);
        let Some(words) = words.get(from..from + usize::from(reference.length())) else { continue };
        if let Some(value) = found.get_mut(*place) {
            *value = decode::value(reference, words);
        }
    }
}
