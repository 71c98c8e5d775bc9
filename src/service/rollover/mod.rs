//! What happens when a day or a week ends: the day key goes, days are closed, and numbers of today begin anew.

pub mod close_days;
pub mod day_keys;
pub mod midnight;
pub mod today;
