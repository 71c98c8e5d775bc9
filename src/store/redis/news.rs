//! News: what other instances change, published by the scripts that change it.
//!
//! Every instance listens to one channel, on which it also publishes a sign of life of its own.
//! While it hears itself it hears the others. When it does not, it subscribes again; what was
//! published in between is lost, so then anything may have been changed.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::select;
use redis::aio::PubSub;
use redis::cmd;
use tokio::time::{Instant, interval, sleep, timeout_at};

use super::{RedisStore, keys};
use crate::domain::code::Code;
use crate::store::{News, Store};

/// Between two signs of life, and between two attempts to subscribe.
const PULSE: Duration = Duration::from_millis(200);
/// Without a sign of life for so long, nothing is heard any more.
const SILENCE: Duration = Duration::from_millis(700);

/// What the scripts publish when more than one link may have been changed.
const EVERYTHING: &str = "*";
/// Signs of life begin with this, which no code does.
const LIFE: char = '!';

impl RedisStore {
    /// Listens, and begins again whenever the connection falls silent.
    pub(super) async fn listen(&self, tell: &(dyn Fn(News) + Send + Sync)) {
        let own = format!("{LIFE}{}", Code::random());
        loop {
            if let Ok(subscription) = self.connection.subscribe(keys::NEWS).await {
                let pulse = std::pin::pin!(self.pulse(&own));
                let heard = std::pin::pin!(hear(subscription, &own, tell));
                // The pulse never ends, the other does.
                select(heard, pulse).await;
            }
            if self.ping().await.is_ok() {
                tell(News::Silence);
            }
            sleep(PULSE).await;
        }
    }

    async fn pulse(&self, own: &str) {
        let mut beat = interval(PULSE);
        loop {
            beat.tick().await;
            // Where it does not arrive, silence tells.
            let _ = self.connection.query::<()>(cmd("PUBLISH").arg(keys::NEWS).arg(own)).await;
        }
    }
}

/// Tells what is published, until it hears no sign of life.
async fn hear(mut subscription: PubSub, own: &str, tell: &(dyn Fn(News) + Send + Sync)) {
    let mut messages = subscription.on_message();
    let (mut silent_at, mut listening) = (Instant::now() + SILENCE, false);
    while let Ok(Some(message)) = timeout_at(silent_at, messages.next()).await {
        let Ok(text) = message.get_payload::<String>() else { continue };
        if text == own {
            silent_at = Instant::now() + SILENCE;
            if !std::mem::replace(&mut listening, true) {
                tell(News::Everything);
            }
        } else if text == EVERYTHING {
            tell(News::Everything);
        } else if let Ok(code) = Code::parse(&text) {
            tell(News::Changed(code));
        }
    }
}
