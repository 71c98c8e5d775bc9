//! Chance, for moments and places that no test should choose.

/// A number below `end`, every one as likely as the others.
pub(crate) fn random_below(end: usize) -> usize {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("random bytes");
    u32::from_le_bytes(bytes) as usize % end
}
