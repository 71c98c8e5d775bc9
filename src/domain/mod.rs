//! What the words of the product mean, and its rules. Pure: time is an argument, and nothing here
//! knows of the web, a store or a file.

pub mod agent;
pub mod cell;
pub mod channel;
pub mod code;
pub mod consent;
pub mod counts;
pub mod day;
pub mod destination;
pub mod device;
pub mod digest;
pub mod entry;
pub mod family;
pub mod lineage;
pub mod link;
pub mod link_key;
pub mod own_address;
pub mod own_names;
pub mod person;
pub mod publication;
pub mod report;
pub mod request;
pub mod reserved;
pub mod session;
pub mod site;
pub mod stripping;
pub mod target;
pub mod token;
pub mod utm;
pub mod utm_template;
pub mod view;
pub mod visitor;
pub mod visitor_set;
