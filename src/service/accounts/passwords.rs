//! Passwords: hashed slowly, beside the threads that answer requests, and few at a time.
//!
//! The hash is Argon2id with 19 MiB, two passes and one lane: the first choice of OWASP's Password Storage Cheat
//! Sheet (<https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>). A hash says itself how it was
//! made, so that these may grow.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::domain::person::PasswordHash;

/// Memory in KiB, passes and lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);
const SALT: usize = 16;
/// How many are hashed at once, and how long anyone waits for a turn.
const AT_ONCE: usize = 2;
const PATIENCE: Duration = Duration::from_secs(5);

/// Hashes and checks passwords.
#[expect(missing_debug_implementations, reason = "there is nothing to tell")]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// What is checked in the place of a hash that is not there.
    decoy: OnceCell<PasswordHash>,
}

/// Too many passwords wait to be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), decoy: OnceCell::new() }
    }
}

impl Passwords {
    /// The hash of a new password, with a salt of its own.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, Busy> {
        let password = password.to_owned();
        self.work(move || hash(&password)).await
    }

    /// Whether it is the password with this hash. Where there is no hash it is not, which takes as long.
    pub async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> Result<bool, Busy> {
        let decoy = self.decoy.get_or_try_init(|| self.hash("")).await?;
        let (password, known) = (password.to_owned(), hash.is_some());
        let hash = hash.unwrap_or(decoy).clone();
        let same = self.work(move || argon2().verify_password(password.as_bytes(), hash.as_str()).is_ok());
        // Both are always asked.
        Ok(same.await? & known)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let turn = timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await.map_err(|_| Busy)?;
        let turn = turn.expect("nobody closes it");
        // The turn goes along: a client that leaves does not end what was begun for it.
        let done = spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| Busy)
    }
}

fn argon2() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("these are within its limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &str) -> PasswordHash {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).expect("the system has random bytes");
    let hash = argon2().hash_password_with_salt(password.as_bytes(), &salt);
    PasswordHash::new(hash.expect("every password that is short enough has a hash").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_which_says_how_it_was_made() {
        let passwords = Passwords::default();
        let (one, other) = (passwords.hash("correct horse").await, passwords.hash("correct horse").await);
        let (one, other) = (one.expect("a turn"), other.expect("a turn"));
        assert!(one.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.as_str());
        assert!(one != other, "each has a salt of its own");
        for hash in [&one, &other] {
            assert_eq!(passwords.verify("correct horse", Some(hash)).await, Ok(true));
            for wrong in ["correct horse ", "Correct horse", ""] {
                assert_eq!(passwords.verify(wrong, Some(hash)).await, Ok(false));
            }
        }
        for password in ["correct horse", ""] {
            assert_eq!(passwords.verify(password, None).await, Ok(false), "nobody has it");
        }
        let damaged = PasswordHash::new("$argon2id$".to_owned());
        assert_eq!(passwords.verify("", Some(&damaged)).await, Ok(false));
    }
}
