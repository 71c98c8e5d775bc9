//! The disclosure rule, played against: whether one person opened one link on one day is not to be learnt.
//!
//! An attacker who is the marketer, and has people of their own in as many networks as the game gives them, plays over HTTP
//! against the running service ([`games`]). What the draws themselves can tell is counted exactly ([`enumeration`]).
//! `DISCLOSURE_GAMES` says how many games each attack is played in; by default that is few.

#![allow(clippy::unwrap_used, reason = "a test that finds what it should not find ends there")]

mod attacks;
mod enumeration;
mod game;
mod games;
mod guess;
#[path = "../support/redis.rs"]
mod redis;
#[path = "../support/redis_keys.rs"]
mod redis_keys;
#[path = "../support/service.rs"]
mod service;
