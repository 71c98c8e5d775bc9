//! Server-sent events, as a browser reads them.

#![allow(dead_code, reason = "each test crate uses a part")]

use std::time::{Duration, Instant};

use reqwest::{Client, Response, StatusCode};

/// Within this, a stream says something or ends.
const DEADLINE: Duration = Duration::from_secs(20);

/// An open stream.
pub(crate) struct Events {
    response: Response,
    unread: String,
}

impl Events {
    /// Opens a stream and waits until it is there.
    pub(crate) async fn open(client: &Client, url: &str) -> Self {
        let response = client.get(url).header("accept", "text/event-stream").send().await.expect("an answer");
        Self::of(response).await
    }

    /// Takes an answer that must be a stream.
    pub(crate) async fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let mut events = Self { response, unread: String::new() };
        assert_eq!(events.block().await.as_deref(), Some("retry: 2000"));
        events
    }

    /// What comes next, up to an empty line; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        let began = Instant::now();
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.unread = rest;
                return Some(block);
            }
            let left = DEADLINE.saturating_sub(began.elapsed());
            let chunk = tokio::time::timeout(left, self.response.chunk()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("nothing comes for {DEADLINE:?}")).ok()??;
            self.unread.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// Waits for the next change and returns its identifier; `None` at the end of the stream.
    pub(crate) async fn changed(&mut self) -> Option<String> {
        loop {
            let block = self.block().await?;
            if block == ":" {
                continue;
            }
            let mut lines = block.lines();
            let id = lines.next().and_then(|line| line.strip_prefix("id: "));
            let id = id.unwrap_or_else(|| panic!("no identifier in {block}")).to_owned();
            assert_eq!(lines.collect::<Vec<_>>(), ["event: changed", "data: changed"], "no number is sent");
            return Some(id);
        }
    }

    /// Whether a change is told within a time.
    pub(crate) async fn tells_within(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.changed()).await.is_ok()
    }
}

/// Where a page asks for changes: what stands in its `data-live`.
pub(crate) fn live_address(page: &str) -> String {
    let (_, rest) = page.split_once(" data-live=\"").unwrap_or_else(|| panic!("no data-live in {page}"));
    rest.split_once('"').expect("an end").0.replace("&#38;", "&").replace("&amp;", "&")
}
