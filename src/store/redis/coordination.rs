//! The time of the server, and notices of what other instances change, published by the scripts that change it.
//!
//! Every instance listens to one channel, on which it also publishes a sign of life of its own.
//! While it hears itself it hears the others. When it does not, it subscribes again; what was
//! published in between is lost, so then anything may have been changed.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::{join, select};
use jiff::{SignedDuration, Timestamp};
use redis::aio::PubSub;
use redis::cmd;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};

use crate::domain::code::Code;
use crate::store::redis::{RedisStore, failure, keys, script};
use crate::store::{CoordinationStore, Invalidation, StoreError};

/// Between two signs of life, and between two attempts to subscribe.
const PULSE: Duration = Duration::from_millis(200);
/// Without a sign of life for so long, nothing is heard any more. A change that was lost at its
/// beginning must still be seen within a second.
const SILENCE: Duration = Duration::from_millis(600);

/// What the scripts publish when more than one link may have been changed.
const EVERYTHING: &str = "*";
/// Signs of life begin with this, which no code does.
const LIFE: char = '!';

#[async_trait]
impl CoordinationStore for RedisStore {
    /// The server's time: on a Cluster that of the node that holds the sites, so that all instances ask the same one.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        let ask = script::TIME.on(&[keys::SITES.to_owned()]);
        let (seconds, microseconds): (i64, i64) = self.connection.call(&script::TIME, &ask).await?;
        let time = Timestamp::from_second(seconds).map_err(|_| failure::corrupt("the server's time"))?;
        Ok(Some(time + SignedDuration::from_micros(microseconds)))
    }

    /// Listens, and begins again whenever the connection falls silent.
    async fn subscribe(&self, invalidate: &(dyn Fn(Invalidation) + Send + Sync)) {
        let own = format!("{LIFE}{}", Code::random());
        let listening = AtomicBool::new(false);
        let hearing = async {
            loop {
                if let Ok(subscription) = self.connection.subscribe(keys::NEWS).await {
                    let pulse = std::pin::pin!(self.pulse(&own));
                    let heard = std::pin::pin!(hear(subscription, &own, &listening, invalidate));
                    // The pulse never ends, the other does.
                    select(heard, pulse).await;
                    listening.store(false, Relaxed);
                }
                sleep(PULSE).await;
            }
        };
        // Beside it, as an attempt to subscribe may take longer than a change may go unseen.
        join(hearing, self.admit_silence(&listening, invalidate)).await;
    }
}

impl RedisStore {
    async fn pulse(&self, own: &str) {
        let mut beat = steady_beat();
        loop {
            beat.tick().await;
            // Where it does not arrive, silence tells.
            let _ = self.connection.query::<()>(cmd("PUBLISH").arg(keys::NEWS).arg(own)).await;
        }
    }

    /// Says again and again that changes are not told, while they are not and the store answers.
    async fn admit_silence(&self, listening: &AtomicBool, invalidate: &(dyn Fn(Invalidation) + Send + Sync)) {
        let mut beat = steady_beat();
        loop {
            beat.tick().await;
            if !listening.load(Relaxed) && self.answers().await {
                invalidate(Invalidation::Unannounced);
            }
        }
    }
}

fn steady_beat() -> tokio::time::Interval {
    let mut beat = interval(PULSE);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}

/// Tells what is published, until it hears no sign of life.
async fn hear(
    mut subscription: PubSub,
    own: &str,
    listening: &AtomicBool,
    invalidate: &(dyn Fn(Invalidation) + Send + Sync),
) {
    let mut messages = subscription.on_message();
    let mut silent_at = Instant::now() + SILENCE;
    while let Ok(Some(message)) = timeout_at(silent_at, messages.next()).await {
        let Ok(text) = message.get_payload::<String>() else { continue };
        if text == own {
            silent_at = Instant::now() + SILENCE;
            if !listening.swap(true, Relaxed) {
                invalidate(Invalidation::Everything);
            }
        } else if text == EVERYTHING {
            invalidate(Invalidation::Everything);
        } else if let Ok(code) = Code::parse(&text) {
            invalidate(Invalidation::Link(code));
        }
    }
}
