//! FNV-1a, 64 bits: stable between releases and machines, and no defence against anybody.

/// The digest of several texts; where one ends and the next begins counts.
pub(crate) fn digest(parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    for part in parts {
        part.bytes().for_each(&mut eat);
        eat(0xff);
    }
    hash
}

/// A number from 0 (included) to 1 (excluded) that follows from a seed and what is drawn for.
pub(crate) fn draw(seed: u64, parts: &[&str], nth: u64) -> f64 {
    // The finish of splitmix64: FNV alone spreads its last bytes poorly.
    let mut z = digest(parts) ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ nth.wrapping_mul(0xd134_2543_de82_ef95);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_parts_count() {
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }

    #[test]
    fn test_draws_are_repeatable_and_spread() {
        let draws: Vec<f64> = (0..1000).map(|nth| draw(7, &["write", "sim:number/a"], nth)).collect();
        assert_eq!(draws[3], draw(7, &["write", "sim:number/a"], 3));
        let low = draws.iter().filter(|draw| **draw < 0.25).count();
        assert!((200..300).contains(&low), "{low} of 1000 below a quarter");
    }
}
