use std::collections::HashMap;

use opsctl_api::Address;

use crate::digest::draw;
use crate::knobs::Chance;

/// What chance brings, the same for the same seed: each thing that may happen to an address has a row of draws of its own, so
/// that it does not matter which of many calls at once is first.
#[derive(Debug, Default)]
pub(crate) struct Luck {
    drawn: HashMap<String, u64>,
}

impl Luck {
    pub(crate) fn happens(&mut self, seed: u64, chance: Option<Chance>, what: &str, on: &str) -> bool {
        match chance {
            None => false,
            Some(Chance::Once) => true,
            Some(Chance::Rate(rate)) if rate <= 0.0 => false,
            Some(Chance::Rate(rate)) if rate >= 1.0 => true,
            Some(Chance::Rate(rate)) => {
                let nth = self.drawn.entry(format!("{what} {on}")).or_default();
                *nth += 1;
                draw(seed, &[what, on], *nth) < rate
            }
        }
    }

    pub(crate) fn of(&mut self, seed: u64, chance: Option<Chance>, what: &str, at: &Address) -> bool {
        self.happens(seed, chance, what, at.as_str())
    }
}
