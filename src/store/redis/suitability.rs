//! Whether a Redis is fit to be a store: one that evicts keys when its memory is full loses links and counts.

use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{Cmd, FromRedisValue, RedisResult, Value, cmd};

use crate::store::StoreError;
use crate::store::redis::connection::Connection;
use crate::store::redis::failure;

/// The only policy that keeps everything. The `volatile-…` ones evict, too: keys of the day have an expiry.
const KEEPS_ALL: &str = "noeviction";

/// What a server does when its memory is full.
#[derive(Debug, Default, PartialEq, Eq)]
struct Memory {
    /// How many bytes it may use; 0 is no limit.
    limit: Option<u64>,
    policy: Option<String>,
}

/// Refuses a store of which a master evicts keys. Where a server does not tell, as some managed services do not, a
/// warning names `setting`.
///
/// # Errors
/// Those of [`keeps_all`].
pub(super) async fn check(connection: &Connection, setting: &str) -> Result<(), StoreError> {
    if !keeps_all(connection).await? {
        tracing::warn!(
            "{setting}: the server tells neither INFO memory nor CONFIG GET, so it is not known whether it evicts \
             keys when its memory is full; its maxmemory-policy must be {KEEPS_ALL}"
        );
    }
    Ok(())
}

/// Asks whether all masters keep everything; `false` where one does not tell.
///
/// # Errors
/// [`StoreError::Unsuitable`] where one evicts keys, with the policy and what to set; those of the driver.
pub(super) async fn keeps_all(connection: &Connection) -> Result<bool, StoreError> {
    let mut unknown = false;
    for text in of_each_master(connection, cmd("INFO").arg("memory")).await? {
        let mut memory = text.map(|text: String| Memory::from_info(&text)).unwrap_or_default();
        if memory.limit != Some(0) && (memory.policy.is_none() || memory.limit.is_none()) {
            memory = from_settings(connection).await?;
        }
        match memory {
            Memory { limit: Some(0), .. } => {}
            Memory { policy: Some(policy), .. } if policy == KEEPS_ALL => {}
            Memory { limit: Some(_), policy: Some(policy) } => {
                return Err(StoreError::Unsuitable(format!(
                    "this Redis evicts keys when its memory is full (maxmemory-policy is {policy}), and links and \
                     counts would be lost; set maxmemory-policy to {KEEPS_ALL}"
                )));
            }
            _ => unknown = true,
        }
    }
    Ok(!unknown)
}

/// Asks every master; none where one refuses to say.
pub(super) async fn of_each_master<T: FromRedisValue>(
    connection: &Connection,
    command: &Cmd,
) -> Result<Vec<Option<T>>, StoreError> {
    let answers = match connection {
        Connection::Server(_) => vec![connection.attempt::<Value>(command).await],
        Connection::Cluster(cluster) => {
            let masters = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
            match cluster.ask_by(command, masters).await {
                Ok(Value::Map(answers)) => {
                    answers.into_iter().map(|(_, answer)| answer.extract_error()).collect()
                }
                answer => vec![answer],
            }
        }
    };
    answers.into_iter().map(|answer| understood(answer)).collect()
}

fn understood<T: FromRedisValue>(answer: RedisResult<Value>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(value) => Ok(T::from_redis_value(value).ok()),
        // It answers, and does not want to say this: an unknown command, or one that is not allowed.
        Err(error) if matches!(error.code(), Some("NOPERM" | "ERR")) => Ok(None),
        Err(error) => Err(failure::at_open(&error)),
    }
}

/// What `CONFIG GET` says; on a Cluster, of any master, as all of them refuse or none does.
async fn from_settings(connection: &Connection) -> Result<Memory, StoreError> {
    let answer = connection.attempt::<Value>(cmd("CONFIG").arg("GET").arg("maxmemory*")).await;
    let pairs: Option<Vec<String>> = understood(answer)?;
    let pairs = pairs.unwrap_or_default();
    let value = |name: &str| pairs.chunks_exact(2).find(|pair| pair[0] == name).map(|pair| pair[1].clone());
    let limit = value("maxmemory").and_then(|limit| limit.parse().ok());
    Ok(Memory { limit, policy: value("maxmemory-policy") })
}

impl Memory {
    fn from_info(text: &str) -> Self {
        let value =
            |name| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
        let limit = value("maxmemory").and_then(|limit| limit.parse().ok());
        Self { limit, policy: value("maxmemory_policy").map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_and_the_policy_are_read_from_what_a_server_tells() {
        let text = "# Memory\r\nused_memory:1\r\nmaxmemory:1048576\r\nmaxmemory_human:1.00M\r\n\
                    maxmemory_policy:volatile-ttl\r\n";
        let expected = Memory { limit: Some(1_048_576), policy: Some("volatile-ttl".to_owned()) };
        assert_eq!(Memory::from_info(text), expected);
        assert_eq!(Memory::from_info("# Memory\r\n"), Memory::default());
    }
}
