//! A person's way with the share buttons, which are inside a shadow root.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::browser::Browser;

const DEADLINE: Duration = Duration::from_secs(20);

/// Finds the button of a channel; the scripts below begin with it.
const FIND: &str = "const share = document.querySelector('entrenous-share');
    const find = name => share.shadowRoot.querySelector(`[part~=\"${name}\"]`);";

impl Browser {
    /// Waits until a script in the page returns what is true, and returns it.
    pub(crate) async fn until(&self, what: &str, script: &str) -> Value {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let found = self.script(script).await;
            if !matches!(found, Value::Null | Value::Bool(false)) && found != json!("") && found != json!(0) {
                return found;
            }
            assert!(Instant::now() < deadline, "{} waits in vain for {what}", self.url().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the first buttons of the page are there.
    pub(crate) async fn has_buttons(&self) {
        self.until("buttons", "return document.querySelector('entrenous-share')?.shadowRoot != null").await;
    }

    /// Waits until the page's buttons have codes.
    pub(crate) async fn has_codes(&self) {
        self.has_buttons().await;
        let answered = "return performance.getEntriesByType('resource')
            .some(entry => entry.name.endsWith('/api/v1/codes') && entry.responseEnd > 0)";
        self.until("codes", answered).await;
        // The answer is there; two frames later the script has read it.
        let frames = "const done = arguments[0];
            requestAnimationFrame(() => requestAnimationFrame(() => done(true)))";
        self.client.execute_async(frames, Vec::new()).await.expect("two frames");
    }

    /// What a script returns that may call `find('whatsapp')`.
    pub(crate) async fn in_buttons(&self, script: &str) -> Value {
        self.script(&format!("{FIND} {script}")).await
    }

    /// Waits until such a script returns what is true.
    pub(crate) async fn until_in_buttons(&self, what: &str, script: &str) -> Value {
        self.until(what, &format!("{FIND} {script}")).await
    }

    /// Taps on a button with a finger on a phone, with a mouse elsewhere.
    pub(crate) async fn tap(&self, part: &str) {
        let [x, y] = self.middle(part).await;
        if self.look.phone {
            self.touch("touchStart", json!([{ "x": x, "y": y }])).await;
            self.touch("touchEnd", json!([])).await;
        } else {
            self.mouse(x, y, 1).await;
        }
    }

    /// Clicks twice at once, as some people do with everything.
    pub(crate) async fn double_click(&self, part: &str) {
        let [x, y] = self.middle(part).await;
        self.mouse(x, y, 1).await;
        self.mouse(x, y, 2).await;
    }

    async fn touch(&self, kind: &str, points: Value) {
        self.cdp("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points })).await;
    }

    async fn mouse(&self, x: f64, y: f64, count: u32) {
        self.cdp("Input.dispatchMouseEvent", json!({ "type": "mouseMoved", "x": x, "y": y })).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let mouse = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": count });
            self.cdp("Input.dispatchMouseEvent", mouse).await;
        }
    }

    async fn middle(&self, part: &str) -> [f64; 2] {
        let script = format!(
            "const button = find('{part}');
            button.scrollIntoView({{ block: 'center', behavior: 'instant' }});
            const box = button.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2]"
        );
        let middle = self.in_buttons(&script).await;
        [0, 1].map(|place: usize| middle[place].as_f64().expect("a place"))
    }

    /// Waits for the tab that a tap has opened; returns its address, and goes back without it.
    pub(crate) async fn opened(&self) -> String {
        let here = self.client.window().await.expect("a tab");
        self.to_new_tab().await;
        let deadline = Instant::now() + DEADLINE;
        let address = loop {
            let address = self.url().await;
            if !address.starts_with("about:") {
                break address;
            }
            assert!(Instant::now() < deadline, "the new tab stays at {address}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        self.client.close_window().await.expect("a tab");
        self.client.switch_to_window(here).await.expect("a tab");
        address
    }

    /// How many tabs there are.
    pub(crate) async fn tabs(&self) -> usize {
        self.client.windows().await.expect("tabs").len()
    }

    /// Waits for the address of an app that the browser goes to, which must be by a gesture.
    pub(crate) async fn sent_to(&self, scheme: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            for entry in self.log("performance").await {
                let message = entry["message"].as_str().expect("a message");
                let event: Value = serde_json::from_str(message).expect("JSON");
                let params = &event["message"]["params"];
                let address = params["request"]["url"].as_str().unwrap_or_default();
                if event["message"]["method"] == "Network.requestWillBeSent" && address.starts_with(scheme) {
                    assert_eq!(params["hasUserGesture"], json!(true), "{address}");
                    return address.to_owned();
                }
            }
            assert!(Instant::now() < deadline, "nothing opens {scheme}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What is on the clipboard.
    pub(crate) async fn clipboard(&self) -> String {
        let allowed = json!({ "permission": { "name": "clipboard-read" }, "setting": "granted" });
        self.cdp("Browser.setPermission", allowed).await;
        let read = "navigator.clipboard.readText().then(arguments[0], error => arguments[0](String(error)))";
        let text = self.client.execute_async(read, Vec::new()).await.expect("a text");
        text.as_str().expect("a text").to_owned()
    }

    /// Keeps the events of the buttons for [`Browser::shared`].
    pub(crate) async fn listen(&self) {
        let listen = "window.shared = [];
            document.addEventListener('entrenous:shared', event => shared.push(event.detail)); return 0";
        self.script(listen).await;
    }

    /// The events since [`Browser::listen`], of which there must be one: that of a tap may come a
    /// moment after the finger.
    pub(crate) async fn shared(&self) -> Vec<Value> {
        self.until("a share", "return shared.length").await;
        self.script("return shared").await.as_array().expect("events").clone()
    }
}
