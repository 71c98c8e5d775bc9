//! What the words of the product mean, and its rules. Pure: time is an argument, and nothing here
//! knows of the web, a store or a file.

pub mod agent;
pub mod channel;
pub mod code;
pub mod consent;
pub mod day;
pub mod destination;
pub mod device;
pub mod dimensions;
pub mod entry;
pub mod family;
pub mod identity;
pub mod link;
pub mod link_key;
pub mod min_count;
pub mod networks;
pub mod own_address;
pub mod own_names;
pub mod person;
pub mod request;
pub mod reserved;
pub mod rule;
pub mod session;
pub mod site;
pub mod stripping;
pub mod target;
pub mod token;
pub mod utm;
pub mod utm_template;
pub mod visitor;
pub mod visitor_set;
pub mod week;
