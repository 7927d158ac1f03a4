//! Neighbouring registers in one request.

use std::time::Duration;

use app::model::wire::Table;
use tokio::time::Instant;

use super::{options::Options, reference::Reference};

/// One request and the values in its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub table: Table,
    pub start: u16,
    pub length: u16,
    /// Each with its place among all values.
    pub references: Vec<(usize, Reference)>,
}

/// The requests of one poll, fewer where values are neighbours.
#[derive(Clone, Debug)]
pub struct Plan {
    blocks: Vec<Block>,
    /// How many values there are, refused ones included.
    values: usize,
    /// When the first value was given up.
    given_up: Option<Instant>,
}

/// What was refused is tried again after so long: an oven may get new software.
const GIVEN_UP_FOR: Duration = Duration::from_secs(3_600);

impl Plan {
    pub fn new(options: &Options) -> Self {
        Self::of(options.references.clone(), options.max_gap, options.max_registers)
    }

    /// Whether it is time to try again what was refused.
    pub fn is_stale(&self, now: Instant) -> bool {
        self.given_up.is_some_and(|since| now.saturating_duration_since(since) >= GIVEN_UP_FOR)
    }

    /// Values of one table share a request while at most `max_gap` unused registers lie between two of them, and the
    /// request stays within `max_length` registers (16 times as many bits).
    pub fn of(references: Vec<Reference>, max_gap: u16, max_length: u16) -> Self {
        let values = references.len();
        let blocks = Self::blocks_of(references.into_iter().enumerate().collect(), max_gap, max_length);
        Self { blocks, values, given_up: None }
    }

    fn blocks_of(mut references: Vec<(usize, Reference)>, max_gap: u16, max_length: u16) -> Vec<Block> {
        references.sort_by_key(|(_, reference)| (reference.table, reference.address));
        let mut blocks: Vec<Block> = Vec::new();
        for (place, reference) in references {
            let limit = if reference.table.is_bits() { u32::from(max_length) * 16 } else { u32::from(max_length) };
            let end = u32::from(reference.address) + u32::from(reference.length());
            if let Some(block) = blocks.last_mut()
                && block.table == reference.table
                && u32::from(reference.address) <= u32::from(block.start) + u32::from(block.length) + u32::from(max_gap)
                && end - u32::from(block.start) <= limit
            {
                block.length = block.length.max((end - u32::from(block.start)) as u16);
                block.references.push((place, reference));
                continue;
            }
            blocks.push(Block {
                table: reference.table,
                start: reference.address,
                length: reference.length(),
                references: vec![(place, reference)],
            });
        }
        blocks
    }

    pub const fn values(&self) -> usize {
        self.values
    }

    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The device has not all of a block. What is asked for again are its values without the gaps between them, then each
    /// half, down to one value: one that is refused alone is not asked for again for [`GIVEN_UP_FOR`].
    pub fn refused(&mut self, index: usize) {
        let block = self.blocks.remove(index);
        if block.references.len() == 1 {
            self.given_up.get_or_insert_with(Instant::now);
            return;
        }
        let mut parts = Self::blocks_of(block.references.clone(), 0, u16::MAX);
        if parts.len() == 1 {
            let (front, back) = block.references.split_at(block.references.len() / 2);
            parts = [front, back].into_iter().flat_map(|half| Self::blocks_of(half.to_vec(), 0, u16::MAX)).collect();
        }
        self.blocks.splice(index..index, parts);
    }
}

#[cfg(test)]
mod tests {
    use app::model::wire::ByteOrder;
    use proptest::prelude::*;

    use super::*;

    fn plan(references: &[&str], max_gap: u16, max_length: u16) -> Plan {
        let parse = |text: &&str| Reference::parse(text, ByteOrder::Abcd).unwrap();
        Plan::of(references.iter().map(parse).collect(), max_gap, max_length)
    }

    fn shape(plan: &Plan) -> Vec<(u16, u16, usize)> {
        plan.blocks.iter().map(|block| (block.start, block.length, block.references.len())).collect()
    }

    #[test]
    fn neighbours_share_a_request() {
        let all = ["holding 4", "holding 1 f32", "holding 10", "input 2", "holding 3"];
        assert_eq!(shape(&plan(&all, 0, 125)), [(1, 4, 3), (10, 1, 1), (2, 1, 1)]);
        assert_eq!(shape(&plan(&all, 5, 125)), [(1, 10, 4), (2, 1, 1)]);
        assert_eq!(shape(&plan(&all, 5, 4)), [(1, 4, 3), (10, 1, 1), (2, 1, 1)]);
    }

    #[test]
    fn what_is_refused_is_asked_for_without_gaps_then_in_halves_then_not_at_all() {
        let mut plan = plan(&["holding 1", "holding 2", "holding 4", "holding 5 f32"], 8, 125);
        assert_eq!(shape(&plan), [(1, 6, 4)]);
        plan.refused(0);
        assert_eq!(shape(&plan), [(1, 2, 2), (4, 3, 2)], "the gap was at fault: two requests and not four");
        plan.refused(1);
        assert_eq!(shape(&plan), [(1, 2, 2), (4, 1, 1), (5, 2, 1)]);
        assert!(!plan.is_stale(Instant::now() + GIVEN_UP_FOR), "nothing is given up");
        plan.refused(1);
        assert_eq!(shape(&plan), [(1, 2, 2), (5, 2, 1)]);
        let now = Instant::now();
        assert!(!plan.is_stale(now) && plan.is_stale(now + GIVEN_UP_FOR));
    }

    proptest! {
        #[test]
        fn every_value_is_in_one_request_within_the_limits(
            addresses in prop::collection::btree_set(0u16..2_000, 1..60), gap in 0u16..20, length in 4u16..125,
        ) {
            let texts: Vec<_> = addresses.iter().map(|address| format!("holding {address} u32")).collect();
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            let plan = plan(&texts, gap, length);
            let mut planned = 0;
            for block in plan.blocks() {
                prop_assert!(block.length <= length);
                for (_, reference) in &block.references {
                    planned += 1;
                    prop_assert!(reference.address >= block.start);
                    prop_assert!(reference.address + reference.length() <= block.start + block.length);
                }
            }
            prop_assert_eq!(planned, addresses.len());
        }
    }
}
