//! Lengths and scales of drawings, in whole numbers.

/// Height of the plot, in pixels.
pub(in crate::web) const HEIGHT: u64 = 176;
/// Room above the plot, for the words of the bar that somebody points at.
pub(in crate::web) const ABOVE: u64 = 52;
/// Length of the drawing in its own horizontal unit; every x is a share of it.
pub(in crate::web) const LENGTH: u64 = 1_000_000;

/// `part` of `whole` as a percentage with two decimals, for SVG lengths: `62.50%`. Never more than `100.00%`.
#[must_use]
pub(in crate::web) fn percent(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part.min(whole)) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// Left edge and width of the column at `place` of so many.
pub(in crate::web) fn slot(place: usize, columns: usize) -> (u64, u64) {
    let (place, columns) = (to_u64(place), to_u64(columns).max(1));
    let left = LENGTH * place / columns;
    (left, LENGTH * (place + 1) / columns - left)
}

/// The y of the base line.
pub(in crate::web) fn bottom() -> u64 {
    ABOVE + HEIGHT
}

/// The y of a number; one above 0 is at least two pixels high, so that it can be seen.
pub(in crate::web) fn y(number: u64, top: u64) -> u64 {
    let scaled = u128::from(number) * u128::from(HEIGHT) / u128::from(top.max(1));
    let pixels = u64::try_from(scaled).unwrap_or(HEIGHT).min(HEIGHT);
    bottom() - if number > 0 { pixels.max(2) } else { 0 }
}

/// Size and number of the steps of the vertical axis: two to four of 1, 2 or 5 times a power of ten.
pub(in crate::web) fn scale(highest: u64) -> (u64, u64) {
    let mut power: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if highest <= step.saturating_mul(4) {
                let steps = highest.div_ceil(step).max(2);
                return (step, steps);
            }
        }
        power = power.saturating_mul(10);
    }
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_has_round_numbers_and_holds_the_highest() {
        for highest in [0, 1, 4, 5, 9, 10, 11, 99, 100, 401, 12_345, u64::MAX / 2, u64::MAX] {
            let (step, steps) = scale(highest);
            let top = step.saturating_mul(steps);
            assert!(top >= highest && step > 0, "{highest}: {step} {top}");
            assert!((2..=4).contains(&(top / step)), "{highest}: {step} {top}");
        }
    }

    #[test]
    fn percentages_stay_between_none_and_all() {
        assert_eq!(percent(0, 0), "0.00%");
        assert_eq!(percent(5, 8), "62.50%");
        assert_eq!(percent(9, 8), "100.00%");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.00%");
    }

    #[test]
    fn columns_fill_the_drawing() {
        for columns in [1, 7, 30, 53] {
            let (left, width) = slot(columns - 1, columns);
            assert_eq!(left + width, LENGTH);
        }
    }
}
