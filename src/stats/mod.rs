//! What may be read of a site's counts. Like the domain it is pure: time is an argument.

pub mod counts;
pub mod digest;
pub mod disclosure;
pub mod lineage;
pub mod publication;
pub mod report;
pub mod today;
pub mod view;
